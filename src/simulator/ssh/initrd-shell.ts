import type { Clock } from '../../foundation/clock.ts';
import type { DiskPrompt, EncryptedDisks } from './encrypted-disks.ts';
import type { RemoteCommand, RemoteShell } from './ssh-server.ts';

export type SimulatedFlavour = 'initramfs' | 'systemd';

/** What the simulated stage-1 shells know of their boot. */
export type InitrdBoot = {
  readonly clock: Clock;
  readonly bootId: string;
  readonly commandLine: string;
  /** Clock reading when the kernel started. */
  readonly bootedAt: number;
  readonly disks: EncryptedDisks;
  /** systemd: whether systemd-reply-password is in the initrd. */
  readonly replyTool: boolean;
};

const REPLY_TOOL = '/usr/lib/systemd/systemd-reply-password';
/** How long Debian's cryptroot-unlock waits for a prompt, and again for the outcome. */
const PATIENCE_MS = 10_000;

/** The commands of Debian's initramfs that an unlocking client uses. @see cryptsetup 2.6.1 debian/initramfs/cryptroot-unlock */
export function initramfsShell(boot: InitrdBoot): RemoteShell {
  return async (command) => {
    if (command.text === 'cryptroot-unlock') return cryptrootUnlock(boot, command);
    if (isLook(command)) return print(command, [...common(boot), 'initramfs', ...opened(boot), ...askpass(boot)]);
    return notFound(command);
  };
}

/** The commands of an initrd with systemd. @see systemd src/tty-ask-password-agent, src/reply-password; https://systemd.io/PASSWORD_AGENTS/ */
export function systemdInitrdShell(boot: InitrdBoot): RemoteShell {
  return async (command) => {
    if (isLook(command)) return print(command, lookSystemd(boot));
    const [program, ...words] = command.text.trim().split(/ +/);
    if (program === 'systemd-tty-ask-password-agent' && words.every((word) => word === '--query')) {
      return askPasswordAgent(boot, command);
    }
    if (program === REPLY_TOOL && boot.replyTool) return replyPassword(boot, command, words);
    return notFound(command);
  };
}

async function cryptrootUnlock({ clock, disks }: InitrdBoot, command: RemoteCommand): Promise<number> {
  const started = clock.elapsed();
  let prompt = disks.prompts[0];
  while (prompt === undefined) {
    if (disks.locked() === 0) return 0;
    if (clock.elapsed() - started >= PATIENCE_MS) {
      command.complain('Error: Timeout reached while waiting for askpass.\n');
      return 1;
    }
    await clock.sleep(100, command.gone);
    prompt = disks.prompts[0];
  }
  await command.write(`Please unlock disk ${prompt.disk}\n`);
  const bytes = await command.readInput();
  // The FIFO is closed unwritten when the client went away first.
  if (bytes.length === 0 && command.gone.aborted) return 1;
  if (!disks.prompts.includes(prompt)) return 1;
  const outcome = disks.answer(prompt, bytes);
  outcome.catch(() => undefined);
  const answer = await Promise.race([outcome, clock.sleep(PATIENCE_MS, command.gone)]);
  switch (answer) {
    case 'opened':
      command.complain(`cryptsetup: ${prompt.disk} set up successfully\n`);
      return 0;
    case 'exhausted':
      command.complain(`cryptsetup: maximum number of tries exceeded for ${prompt.disk}\n`);
      return 1;
    case 'wrong':
      command.complain('cryptsetup: cryptsetup failed, bad password or options?\n');
      return 1;
    default:
      command.complain(`Error: Timeout reached while waiting for PID ${prompt.pid}.\n`);
      return 1;
  }
}

/** Answers all that is pending, a line each; with standard input at its end, empty passphrases. Exit code 0 always. */
async function askPasswordAgent({ disks }: InitrdBoot, command: RemoteCommand): Promise<number> {
  const lines = (await command.readInput()).toString('latin1').split('\n');
  for (const prompt of [...disks.prompts]) hand(disks, prompt, editedLine(lines.shift() ?? ''));
  return 0;
}

async function replyPassword({ disks }: InitrdBoot, command: RemoteCommand, words: readonly string[]): Promise<number> {
  const [mode, socket] = words;
  const prompt = disks.prompts.find((candidate) => socketOf(candidate) === socket);
  const [line = ''] = (await command.readInput()).toString('latin1').split('\n');
  if (mode !== '1' || prompt === undefined || !disks.prompts.includes(prompt)) {
    command.complain('Failed to send: No such file or directory\n');
    return 1;
  }
  hand(disks, prompt, Buffer.from(line, 'latin1'));
  return 0;
}

/** Neither program waits for what becomes of the passphrase. */
function hand(disks: EncryptedDisks, prompt: DiskPrompt, bytes: Buffer): void {
  disks.answer(prompt, bytes).catch(() => undefined);
}

/** The agent edits as a terminal does: TAB is dropped, NUL ends the line. */
function editedLine(line: string): Buffer {
  return Buffer.from((line.split('\0')[0] ?? '').replaceAll('\t', ''), 'latin1');
}

function common({ bootId, commandLine, clock, bootedAt }: InitrdBoot): string[] {
  const uptime = ((clock.elapsed() - bootedAt) / 1000).toFixed(2);
  return [`boot-id ${bootId}`, `cmdline ${commandLine}`, `uptime ${uptime} 0.00`];
}

function opened({ disks }: InitrdBoot): string[] {
  return disks.opened.map((disk) => `opened ${disk}`);
}

function askpass({ disks }: InitrdBoot): string[] {
  return disks.prompts.flatMap(({ pid, startTime, disk, tried }) => [
    `askpass ${pid} ${pid} (askpass) S ${pid - 1} 1 1 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 ${startTime} 2400256 200`,
    `askpass-env ${pid} CRYPTTAB_NAME=${disk}`,
    `askpass-env ${pid} CRYPTTAB_TRIED=${tried}`,
  ]);
}

function lookSystemd(boot: InitrdBoot): string[] {
  const { disks, replyTool } = boot;
  const questions = disks.prompts.flatMap((prompt) => {
    const file = `ask.${prompt.suffix}`;
    return [
      `ask ${file} [Ask]`,
      `ask ${file} PID=${prompt.pid}`,
      `ask ${file} Socket=${socketOf(prompt)}`,
      `ask ${file} AcceptCached=${prompt.tried === 0 ? 1 : 0}`,
      `ask ${file} Echo=0`,
      `ask ${file} NotAfter=0`,
      `ask ${file} Message=Please enter passphrase for disk ${prompt.disk}:`,
      `ask ${file} Id=cryptsetup:/dev/disk/by-label/${prompt.disk}`,
      `ask-cgroup ${file} 0::/system.slice/system-systemd\\x2dcryptsetup.slice/${unitOf(prompt.disk)}`,
    ];
  });
  const units = [
    ...disks.opened.map((disk) => `${unitOf(disk)} loaded active exited`),
    ...disks.failed.map((disk) => `${unitOf(disk)} loaded failed failed`),
    ...disks.prompts.map(({ disk }) => `${unitOf(disk)} loaded activating start`),
  ].map((unit) => `unit ${unit} Cryptography Setup`);
  const tool = replyTool ? [`reply-tool ${REPLY_TOOL}`] : [];
  return [...common(boot), 'initrd-release', ...opened(boot), 'systemd', ...questions, ...units, ...tool];
}

function socketOf(prompt: DiskPrompt): string {
  return `/run/systemd/ask-password/sck.${prompt.suffix}`;
}

function unitOf(disk: string): string {
  const escaped = [...disk].map((c) =>
    /[A-Za-z0-9_.:]/.test(c) ? c : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `systemd-cryptsetup@${escaped.join('')}.service`;
}

function isLook(command: RemoteCommand): boolean {
  return command.text.startsWith(': bootwright look-initrd\n');
}

async function print(command: RemoteCommand, lines: readonly string[]): Promise<number> {
  await command.write(`${lines.join('\n')}\n`);
  return 0;
}

function notFound(command: RemoteCommand): number {
  command.complain(`sh: ${command.text.split(/\s/, 1)[0]}: not found\n`);
  return 127;
}
