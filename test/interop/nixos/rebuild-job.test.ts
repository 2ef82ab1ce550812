import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RebuildOrder } from '../../../src/domain/ports/system-builder.ts';
import { ConflictError, RefusedError } from '../../../src/foundation/errors.ts';
import { type RealHost, type RealHostOptions, startRealHost } from '../../support/real-host.ts';
import { eventually } from '../../support/simulated-host.ts';

const signal = AbortSignal.timeout(120_000);
const TOKEN = 'github_pat_planted_0123456789abcdefXYZ';
const ORDER: RebuildOrder = {
  job: 'run-7-2',
  action: 'boot',
  flake: 'github:o/r/feature',
  attribute: 'm1',
  refresh: true,
};

/**
 * A stand-in for systemd-run: runs the command in a session of its own with the given environment, refuses a second unit of the
 * name, and runs ExecStopPost at the end. Units are folders in /run/units.
 */
const SYSTEMD_RUN = `#!/bin/bash
env=() uid=0 gid=0 stop=
echo "systemd-run $*" >>/run/shared/commands
while [ $# -gt 0 ]; do
  case $1 in
    --unit=*) unit=\${1#*=} ;; --setenv=*) env+=("\${1#*=}") ;; --uid=*) uid=\${1#*=} ;; --gid=*) gid=\${1#*=} ;;
    --property=ExecStopPost=*) stop=\${1#*ExecStopPost=} ;; --*) ;; *) break ;;
  esac
  shift
done
mkdir -p /run/units
mkdir "/run/units/$unit" 2>/dev/null || { echo "Failed to start transient service unit: Unit $unit was already loaded." >&2; exit 1; }
export unit stop
setsid bash -c '
  echo $$ >/run/units/$unit/pid
  setpriv --reuid='"$uid"' --regid='"$gid"' --clear-groups env -i "$@"
  code=$?
  eval "$stop"
  if [ $code = 0 ]; then rm -r /run/units/$unit; else rm /run/units/$unit/pid; fi' bash "\${env[@]}" "$@" </dev/null >/dev/null 2>&1 &
until [ -e "/run/units/$unit/pid" ] || ! [ -e "/run/units/$unit" ]; do sleep 0.02; done
`;

const SYSTEMCTL = `#!/bin/bash
unit=\${@: -1}; dir=/run/units/$unit
case $1 in
  show)
    if [ -e $dir/pid ]; then echo ActiveState=active; echo Result=success
    elif [ -e $dir ]; then echo ActiveState=failed; echo Result=signal
    else echo ActiveState=inactive; echo Result=success; fi ;;
  stop) [ -e $dir/pid ] && { pgrep -s "$(cat $dir/pid)" | grep -vx "$(cat $dir/pid)" | xargs kill -TERM; while [ -e $dir/pid ]; do sleep 0.05; done; } ;;
  reset-failed) rm -rf $dir ;;
esac
`;

/** In the manner of the bash nixos-rebuild: options in its text, and a help that needs a man that is not there. */
const NIXOS_REBUILD = `#!/bin/bash
while [ "$#" -gt 0 ]; do
  case "$1" in
    --help) exec man nixos-rebuild ;;
    --fast) fast=1 ;; --use-remote-sudo) sudo=1 ;; --refresh) ;;
  esac
  words="$words $1"; shift
done
echo "rebuild$words as $(id -u) in $HOME"
[ -n "$NIX_USER_CONF_FILES" ] && stat -c 'conf %a %u' "$NIX_USER_CONF_FILES" && cat "$NIX_USER_CONF_FILES"
echo "terminal $GIT_TERMINAL_PROMPT"
echo "on stderr" >&2
until [ -e /run/shared/go ]; do sleep 0.05; done
case $words in *broken*) echo 'foo.c:3:1: error: expected expression' >&2; exit 1 ;; esac
echo "done"
`;

/** In the manner of nixos-rebuild-ng: the program is no text with options in it, its help is. */
const NIXOS_REBUILD_NG = `#!/bin/sh
printf 'usage: nixos-rebuild [-h] [--flake [FLAKE]] [--no-''reexec] [--elevate {none,sudo,run0}] {switch,boot}\\n'
case "$*" in *--help*) exit 0 ;; esac
echo "ng $*"
`;

/** sudo has a PATH of its own, so the stand-ins also take the place of the programs. */
const SETUP = `mkdir /run/shared; mount --bind $T /run/shared; chmod 1777 $T
for t in systemd-run systemctl; do mount --bind $T/tools/$t /usr/bin/$t; done`;

function host(options: Partial<RealHostOptions> = {}): Promise<RealHost> {
  return startRealHost({
    server: 'sshd',
    stage: 3,
    setup: SETUP,
    tools: { 'systemd-run': SYSTEMD_RUN, systemctl: SYSTEMCTL, 'nixos-rebuild': NIXOS_REBUILD },
    environment: { TOKEN },
    rebuild: { flake: 'github:o/r/feature', accessTokens: [{ host: 'github.com', token: 'env:TOKEN' }] },
    ...options,
  });
}

/** Follows to the end; `seen` is called with all text so far. */
async function follow(real: RealHost, offset = 0, seen: (text: string) => void = () => undefined) {
  let text = '';
  const keep = async (_at: number, bytes: Buffer) => {
    text += bytes.toString();
    seen(text);
  };
  const status = await real.builder.follow(real.machine, ORDER.job, offset, keep, signal);
  return { status, text };
}

/** A file in the host's own /run, by way of one of its processes. */
function inside(real: RealHost, path: string): string {
  const pid = readdirSync('/proc').find((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      return (
        readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(join(real.folder, 'sshd_config')) &&
        existsSync(`/proc/${entry}/root/run/wrappers/bin`)
      );
    } catch {
      return false; // It ended meanwhile.
    }
  });
  return `/proc/${pid}/root${path}`;
}

/** What any user could read of all processes. */
function allCommandLines(): string {
  const lines = readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return [
        readFileSync(`/proc/${entry}/cmdline`, 'utf8'),
        entry === String(process.pid) ? '' : readFileSync(`/proc/${entry}/environ`, 'utf8'),
      ];
    } catch {
      return []; // It ended meanwhile.
    }
  });
  return lines.join('\n');
}

/** Lets the waiting build go on. */
const go = (real: RealHost): void => writeFileSync(join(real.folder, 'go'), '');

describe('a rebuild job by real shells', () => {
  test('as root: token in a 0600 file only, output by offset, exit code, nothing left', async () => {
    await using real = await host();
    await real.builder.start(real.machine, ORDER, signal);
    expect(await real.builder.status(real.machine, ORDER.job, signal)).toEqual({ kind: 'running' });
    await expect(real.builder.start(real.machine, ORDER, signal)).rejects.toThrow(ConflictError);
    const folder = inside(real, '/run/bootwright/run-7-2');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'nix.conf')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'nix.conf'), 'utf8')).toContain(`extra-access-tokens = github.com=${TOKEN}\n`);
    expect(allCommandLines()).not.toContain(TOKEN);
    const { status, text } = await follow(real, 0, (so) => so.includes('on stderr') && go(real));
    expect(status).toEqual({ kind: 'ended', exitCode: 0, result: 'success' });
    expect(text).toContain(
      'rebuild boot --flake github:o/r/feature#m1 --fast --print-build-logs --refresh as 0 in /root\nconf 600 0\n',
    );
    expect(text).toContain(`github.com=${'*'.repeat(TOKEN.length)}\nterminal 0\non stderr\ndone\n`);
    expect(existsSync(join(folder, 'nix.conf'))).toBe(false);
    expect((await follow(real, text.length - 5)).text).toBe('done\n');
    await real.builder.tidy(real.machine, ORDER.job, signal);
    expect(existsSync(folder)).toBe(false);
    expect(await real.builder.status(real.machine, ORDER.job, signal)).toEqual({ kind: 'absent' });
    expect(
      real.logged.join('\n') + real.serverLog() + readFileSync(join(real.folder, 'commands'), 'utf8'),
    ).not.toContain(TOKEN);
  });

  test('as another user: the unit runs as the user, activation is elevated by the option that is known', async () => {
    await using real = await host({ user: 'deploy' });
    await real.builder.start(real.machine, ORDER, signal);
    expect(statSync(join(inside(real, '/run/bootwright/run-7-2'), 'nix.conf')).uid).toBe(4242);
    const { status, text } = await follow(real, 0, (so) => so.includes('on stderr') && go(real));
    expect(status).toMatchObject({ kind: 'ended', exitCode: 0 });
    expect(text).toContain(
      `--fast --print-build-logs --refresh --use-remote-sudo as 4242 in ${real.folder}/home\nconf 600 4242\n`,
    );
    await real.builder.tidy(real.machine, ORDER.job, signal);
    expect(existsSync(inside(real, '/run/bootwright/run-7-2'))).toBe(false);
  });

  test('a user without sudo is refused, saying so, before anything is made', async () => {
    await using real = await host({ user: 'deploy', setup: `${SETUP}; rm /etc/sudoers.d/deploy` });
    await expect(real.builder.start(real.machine, ORDER, signal)).rejects.toThrow(/sudo without a password/);
    expect(existsSync(inside(real, '/run/bootwright'))).toBe(false);
  });

  test('a failing build: its lines and its exit code', async () => {
    await using real = await host();
    await real.builder.start(real.machine, { ...ORDER, attribute: 'broken' }, signal);
    const { status, text } = await follow(real, 0, (so) => so.includes('on stderr') && go(real));
    expect(status).toEqual({ kind: 'ended', exitCode: 1, result: 'exit-code' });
    expect(text).toMatch(/foo\.c:3:1: error: expected expression\n$/);
  });

  test('stop ends it within its time and leaves nothing', async () => {
    await using real = await host();
    await real.builder.start(real.machine, ORDER, signal);
    await real.builder.stop(real.machine, ORDER.job, signal);
    expect(await real.builder.status(real.machine, ORDER.job, signal)).toEqual({ kind: 'absent' });
    expect(existsSync(inside(real, '/run/bootwright/run-7-2'))).toBe(false);
  });

  test('killed without a word: ended, with systemd’s result, and the token gone', async () => {
    await using real = await host();
    await real.builder.start(real.machine, ORDER, signal);
    const folder = inside(real, '/run/bootwright/run-7-2');
    await eventually(async () => (existsSync(join(folder, 'pid')) ? true : undefined));
    const wrapper = readdirSync('/proc').find((entry) => {
      try {
        return (
          /^\d+$/.test(entry) &&
          readFileSync(`/proc/${entry}/cmdline`, 'utf8') === '/bin/sh\0/run/bootwright/run-7-2/run\0'
        );
      } catch {
        return false; // It ended meanwhile.
      }
    });
    process.kill(Number(wrapper), 'SIGKILL');
    const status = await eventually(async () => {
      const seen = await real.builder.status(real.machine, ORDER.job, signal);
      return seen.kind === 'ended' ? seen : undefined;
    });
    expect(status).toEqual({ kind: 'ended', exitCode: null, result: 'signal' });
    expect(existsSync(join(folder, 'nix.conf'))).toBe(false);
  });

  test('options of nixos-rebuild-ng are read from its help', async () => {
    await using real = await host({
      user: 'deploy',
      tools: { 'systemd-run': SYSTEMD_RUN, systemctl: SYSTEMCTL, 'nixos-rebuild': NIXOS_REBUILD_NG },
    });
    await real.builder.start(real.machine, ORDER, signal);
    const { text } = await follow(real);
    expect(text).toContain(
      'ng boot --flake github:o/r/feature#m1 --no-reexec --print-build-logs --refresh --elevate sudo\n',
    );
  });

  test('no nixos-rebuild there is refused', async () => {
    await using real = await host({ tools: { 'systemd-run': SYSTEMD_RUN, systemctl: SYSTEMCTL } });
    await expect(real.builder.start(real.machine, ORDER, signal)).rejects.toThrow(RefusedError);
  });
});
