import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { LOOK_SCRIPT as LOOK_SYSTEM } from '../../../src/drivers/nixos/look-script.ts';
import { connect } from '../../../src/drivers/ssh/connection.ts';
import { targetOf } from '../../../src/drivers/ssh/target.ts';
import { LOOK_SCRIPT as LOOK_INITRD } from '../../../src/drivers/unlock/look-script.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createSimulatedHost, eventually, type SimulatedHost } from '../../support/simulated-host.ts';

// The simulator recognises our scripts by their titles and answers from its state. Here the same scripts run under real
// shells in a root folder laid out from what the simulator said, and must say the same.

const signal = AbortSignal.timeout(120_000);
const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

/** What the simulated machine answers, line by line. */
async function simulated(host: SimulatedHost, stage: 1 | 3, script: string): Promise<readonly string[]> {
  const parts = { clock: systemClock, log: silentLog, secrets: host.secrets };
  await using connection = await connect(parts, targetOf(host.machine, stage), signal);
  const result = await connection.exec(script, {}, signal);
  expect(result.exitCode).toBe(0);
  return result.stdout.toString().split('\n').slice(0, -1);
}

/** An empty root with busybox and shells. */
function newRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'shell-root-'));
  roots.push(root);
  for (const program of ['/usr/bin/busybox', '/usr/bin/dash', '/usr/bin/bash']) {
    put(root, `/bin/${program.split('/').at(-1)}`, program);
    const libraries = execFileSync('ldd', [program])
      .toString()
      .matchAll(/(\/\S+)/g);
    for (const [, library = ''] of libraries) put(root, library, library);
  }
  write(root, '/dev/null', '');
  for (const applet of ['tr', 'readlink', 'id']) symlinkSync('busybox', join(root, 'bin', applet));
  return root;
}

function put(root: string, path: string, from: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  copyFileSync(from, join(root, path));
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function tool(root: string, path: string, text: string): void {
  write(root, path, text);
  chmodSync(join(root, path), 0o755);
}

const SHELLS = [
  ['busybox', 'sh', '-c'],
  ['dash', '-c'],
  ['bash', '-c'],
];

function runIn(root: string, shell: readonly string[], script: string): readonly string[] {
  const [program = '', ...options] = shell;
  return execFileSync('/usr/sbin/chroot', [root, `/bin/${program}`, ...options, script], { env: { PATH: '/bin' } })
    .toString()
    .split('\n')
    .slice(0, -1);
}

/** Lines that begin with a key, without it. */
const of = (lines: readonly string[], key: string): string[] =>
  lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));

function layOutInitrd(lines: readonly string[]): string {
  const root = newRoot();
  write(root, '/proc/sys/kernel/random/boot_id', `${of(lines, 'boot-id')}\n`);
  write(root, '/proc/cmdline', `${of(lines, 'cmdline')}\n`);
  write(root, '/proc/uptime', `${of(lines, 'uptime')}\n`);
  write(root, '/dev/mapper/control', '');
  for (const name of of(lines, 'opened')) write(root, `/dev/mapper/${name}`, '');
  if (lines.includes('initrd-release')) write(root, '/etc/initrd-release', '');
  if (lines.includes('initramfs'))
    for (const folder of ['scripts/local-top', 'conf']) mkdirSync(join(root, folder), { recursive: true });
  const environments = new Map<string, string[]>();
  for (const line of of(lines, 'askpass-env')) {
    const [pid = '', variable = ''] = line.split(/ (.*)/);
    environments.set(pid, [...(environments.get(pid) ?? ['PATH=/sbin:/bin', 'rootmnt=/root']), variable]);
  }
  for (const line of of(lines, 'askpass')) {
    const [pid = '', stat = ''] = line.split(/ (.*)/);
    write(root, `/proc/${pid}/stat`, `${stat}\n`);
    write(root, `/proc/${pid}/cmdline`, '/lib/cryptsetup/askpass\0Please unlock disk x: \0');
    write(root, `/proc/${pid}/environ`, `${(environments.get(pid) ?? []).join('\0')}\0`);
  }
  // Neighbours that must not be taken for it.
  write(root, '/proc/7/cmdline', '');
  write(root, '/proc/8/cmdline', 'sh\0-c\0/lib/cryptsetup/askpass\0');
  if (lines.includes('systemd')) layOutSystemd(root, lines);
  return root;
}

function layOutSystemd(root: string, lines: readonly string[]): void {
  mkdirSync(join(root, 'run/systemd/system'), { recursive: true });
  const files = new Map<string, string[]>();
  for (const line of of(lines, 'ask')) {
    const [file = '', text = ''] = line.split(/ (.*)/);
    files.set(file, [...(files.get(file) ?? []), text]);
  }
  for (const [file, text] of files) write(root, `/run/systemd/ask-password/${file}`, `${text.join('\n')}\n`);
  for (const line of of(lines, 'ask-cgroup')) {
    const [file = '', text = ''] = line.split(/ (.*)/);
    const pid = files
      .get(file)
      ?.find((field) => field.startsWith('PID='))
      ?.slice(4);
    write(root, `/proc/${pid}/cgroup`, `${text}\n`);
  }
  for (const path of of(lines, 'reply-tool')) tool(root, path, '');
  tool(
    root,
    '/bin/systemctl',
    `#!/bin/dash\nprintf '%s\\n' ${of(lines, 'unit')
      .map((unit) => `'${unit}'`)
      .join(' ')}\n`,
  );
  mkdirSync(join(root, 'proc/1'), { recursive: true });
  symlinkSync('/usr/lib/systemd/systemd', join(root, 'proc/1/exe'));
}

describe.each([
  { flavour: 'initramfs' as const, replyTool: true },
  { flavour: 'systemd' as const, replyTool: true },
  { flavour: 'systemd' as const, replyTool: false },
])('stage 1, $flavour, reply tool $replyTool', ({ flavour, replyTool }) => {
  test('says what busybox, dash and bash say', async () => {
    await using host = createSimulatedHost({
      simulated: {
        diskFlavour: flavour,
        replyTool,
        disks: [
          { name: 'crypt-root', passphrase: 'a' },
          { name: 'data', passphrase: 'b' },
        ],
      },
    });
    host.simulated.chassis.control('on');
    await host.simulated.reached('stage-1', signal);
    const asking = await eventually(async () => {
      const lines = await simulated(host, 1, LOOK_INITRD);
      return lines.some((line) => line.startsWith('ask')) ? lines : undefined;
    });
    const root = layOutInitrd(asking);
    for (const shell of SHELLS) expect([...runIn(root, shell, LOOK_INITRD)].sort()).toEqual([...asking].sort());
  });
});

test('stage 3 says what dash and bash say', async () => {
  await using host = createSimulatedHost({ simulated: { disks: [], fates: { '': 'comes-up-degraded' } } });
  host.simulated.chassis.control('on');
  await host.simulated.reached('stage-3', signal);
  const lines = await eventually(async () => {
    const seen = await simulated(host, 3, LOOK_SYSTEM);
    return seen.includes('state degraded') ? seen : undefined;
  });
  const root = newRoot();
  write(root, '/proc/sys/kernel/random/boot_id', `${of(lines, 'boot-id')}\n`);
  for (const [key, link] of [
    ['booted', 'run/booted-system'],
    ['current', 'run/current-system'],
    ['profile', 'nix/var/nix/profiles/system'],
  ] as const) {
    const [path = ''] = of(lines, key);
    mkdirSync(join(root, path), { recursive: true });
    mkdirSync(dirname(join(root, link)), { recursive: true });
    symlinkSync(path, join(root, link));
  }
  const failed = of(lines, 'failed').map((unit) => `${unit} loaded failed failed Some description`);
  tool(
    root,
    '/bin/systemctl',
    `#!/bin/dash\ncase $1 in is-system-running) echo degraded; exit 1 ;; *) printf '%s\\n' '${failed.join("' '")}' ;; esac\n`,
  );
  for (const shell of SHELLS) expect(runIn(root, shell, LOOK_SYSTEM)).toEqual(lines);
});
