import { quote, script } from '../ssh/shell.ts';
import { REMOTE_PATH } from './remote-path.ts';

/**
 * The shell scripts of a detached rebuild. A job has a unit `bootwright-JOB.service` and a folder
 * `/run/bootwright/JOB` (mode 0700, owned by who rebuilds), gone with a reboot like the job itself:
 *   run        the wrapper script that the unit runs
 *   nix.conf   access tokens, mode 0600, removed when the job ends
 *   output     what nixos-rebuild wrote, both streams
 *   pid        of the wrapper
 *   exit       the exit code, there only when complete (written beside and renamed)
 * Every name in them was checked before (`checkJob`), so that it is itself in a shell.
 */
const ROOT = '/run/bootwright';

export const unitOf = (job: string): string => `bootwright-${job}.service`;
export const folderOf = (job: string): string => `${ROOT}/${job}`;

/** Prefix of what only root may do: nothing for root himself. */
export type Privilege = '' | 'sudo -n ';

/**
 * Prints home, uid, gid, rebuild PATH, sudo (works without a password), and flag OPTION for each that nixos-rebuild
 * knows. The bash nixos-rebuild has no help of its own and execs `man`; so the program text is searched too,
 * and the help has a time limit and no terminal.
 */
export const PROBE_SCRIPT = script(
  'rebuild-probe',
  `${REMOTE_PATH}echo "home $HOME"
echo "uid $(id -u)"
echo "gid $(id -g)"
sudo -n true 2>/dev/null && echo sudo
p=$(command -v nixos-rebuild) || exit 0
echo "rebuild $p"
{
  case $(head -c 2 "$p") in '#!') head -c 262144 "$p" ;; esac
  MANPAGER=cat PAGER=cat LC_ALL=C timeout 20 nixos-rebuild --help </dev/null 2>&1
} | tr -c 'a-z-' '\\n' | grep -x -e '--[a-z][a-z-]*' | sort -u | head -n 500 |
  while read -r f; do echo "flag $f"; done
:
`,
);

/** Makes the folder afresh and takes the wrapper from standard input. A leftover of a start that never came to run goes. */
export function prepareScript(job: string, privilege: Privilege): string {
  const folder = folderOf(job);
  const own = privilege === '' ? '' : `${privilege}chown "$(id -u):$(id -g)" ${folder} || exit 1\n`;
  return script(
    `rebuild-prepare ${job}`,
    `${REMOTE_PATH}umask 077
${privilege}rm -rf ${folder} && ${privilege}mkdir -p -m 0755 ${ROOT} && ${privilege}mkdir -m 0700 ${folder} || exit 1
${own}cat >${folder}/run
`,
  );
}

/** Takes nix.conf from standard input; its mode is 0600 from the first byte. */
export function tokensScript(job: string): string {
  return script(`rebuild-tokens ${job}`, `${REMOTE_PATH}umask 077\ncat >${folderOf(job)}/nix.conf\n`);
}

/**
 * The wrapper. It waits for nixos-rebuild as a background child, since a shell runs its traps only between commands: so
 * a stop is obeyed at once, and the tokens go with the wrapper whatever ends it (the unit's ExecStopPost is the net under
 * SIGKILL).
 * @param command of nixos-rebuild, quoted
 */
export function wrapperScript(job: string, command: string): string {
  return `${REMOTE_PATH}umask 077
cd ${folderOf(job)} || exit 70
trap 'rm -f nix.conf' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT HUP
echo $$ >pid
[ -e nix.conf ] && NIX_USER_CONF_FILES=$PWD/nix.conf && export NIX_USER_CONF_FILES
GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=false SSH_ASKPASS=false
export GIT_TERMINAL_PROMPT GIT_ASKPASS SSH_ASKPASS
${command} </dev/null >output 2>&1 &
wait $!
code=$?
rm -f nix.conf
echo "$code" >exit.new && mv exit.new exit
exit "$code"
`;
}

export type StartOptions = {
  readonly privilege: Privilege;
  readonly uid: string;
  readonly gid: string;
  readonly home: string;
};

/**
 * Starts the unit; systemd refuses a second one of that name. Not collected: a failed one keeps its result until it is
 * tidied away. As another user than root, nixos-rebuild itself runs as that user and elevates its activation only.
 */
export function startScript(job: string, { privilege, uid, gid, home }: StartOptions): string {
  const user = privilege === '' ? '' : `--uid=${uid} --gid=${gid} `;
  const wipe = `/bin/sh -c "rm -f ${folderOf(job)}/nix.conf"`;
  return script(
    `rebuild-start ${job}`,
    `${REMOTE_PATH}: >${folderOf(job)}/output
${privilege}systemd-run --quiet --no-ask-password --unit=${unitOf(job)} --service-type=exec ${user}` +
      `--description='Bootwright rebuild ${job}' --property=TimeoutStopSec=20 ` +
      `--property='ExecStopPost=${wipe}' --setenv=PATH="$PATH" --setenv=HOME=${quote(home)} ` +
      `/bin/sh ${folderOf(job)}/run\n`,
  );
}

/** Prints active and result of the unit, exit CODE when it has ended, output SIZE when it has begun. The unit is asked first. */
export function statusScript(job: string): string {
  const folder = folderOf(job);
  return script(
    `rebuild-status ${job}`,
    `${REMOTE_PATH}systemctl show -p ActiveState -p Result ${unitOf(job)} 2>/dev/null |
  while IFS='=' read -r k v; do case $k in ActiveState) echo "active $v" ;; Result) echo "result $v" ;; esac; done
[ -e ${folder}/exit ] && read -r c <${folder}/exit && echo "exit $c"
[ -e ${folder}/output ] && echo "output $(wc -c <${folder}/output)"
:
`,
  );
}

/** Streams the output from a byte on, until the wrapper has ended and everything it left was read. */
export function followScript(job: string, offset: number): string {
  const folder = folderOf(job);
  return script(
    `rebuild-follow ${job} ${offset}`,
    `${REMOTE_PATH}cd ${folder} || exit 1
n=0
until [ -e pid ] || [ $n -ge 50 ]; do n=$((n + 1)); sleep 0.2; done
if [ -e exit ] || ! [ -e pid ]; then exec tail -c +${offset + 1} output; fi
exec tail -c +${offset + 1} -f -s 0.2 --pid="$(cat pid)" output
`,
  );
}

/** Ends the unit and removes all traces, tokens first. */
export function removeScript(job: string, privilege: Privilege, what: 'stop' | 'tidy'): string {
  const unit = unitOf(job);
  const stop = what === 'stop' ? `${privilege}systemctl stop ${unit} 2>/dev/null\n` : '';
  return script(
    `rebuild-${what} ${job}`,
    `${REMOTE_PATH}${privilege}rm -f ${folderOf(job)}/nix.conf
${stop}${privilege}systemctl reset-failed ${unit} 2>/dev/null
${privilege}rm -rf ${folderOf(job)}
`,
  );
}
