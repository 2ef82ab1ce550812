import type { InitrdFacts, InitrdFlavour, PendingPrompt } from '../../domain/ports/hosts.ts';
import { RefusedError } from '../../foundation/errors.ts';
import { parseReport, reported, reportedAll, splitOnce } from '../ssh/shell.ts';
import { initOf } from './kernel-command-line.ts';
import { diskOfUnit } from './unit-name.ts';

/** A prompt with what answering it needs. */
export type InitrdPrompt = PendingPrompt & {
  /** systemd: the socket that takes the answer. */
  readonly socket: string | null;
};

export type CryptUnit = { readonly disk: string; readonly active: string };

/** What the look script saw. */
export type InitrdReport = Omit<InitrdFacts, 'prompts'> & {
  readonly prompts: readonly InitrdPrompt[];
  /** Questions of any kind, those for no disk included: who answers blindly must know how many there are. */
  readonly questions: number;
  readonly units: readonly CryptUnit[];
  readonly replyTool: string | null;
};

/**
 * Reads the look script's output.
 * @param where "m1 (10.0.0.7:22) in stage 1"
 * @throws RefusedError when what answers is no initrd that we know
 */
export function parseInitrdReport(output: Buffer, where: string): InitrdReport {
  const report = parseReport(output);
  const bootId = reported(report, 'boot-id') ?? '';
  if (!/^[0-9a-f-]{36}$/.test(bootId)) throw new RefusedError(`${where}: no boot_id could be read there`);
  const flavour = flavourOf(report, where);
  const units = flavour === 'systemd' ? reportedAll(report, 'unit').flatMap(parseUnit) : [];
  const questions = flavour === 'systemd' ? systemdQuestions(report) : askpassQuestions(report);
  return {
    bootId,
    init: initOf(reported(report, 'cmdline') ?? ''),
    flavour,
    prompts: questions.filter((question) => question.disk !== ''),
    questions: questions.length,
    units,
    unlocked: reportedAll(report, 'opened'),
    exhausted: units.filter(({ active }) => active === 'failed').map(({ disk }) => disk),
    replyTool: reported(report, 'reply-tool'),
  };
}

/** The name of initramfs-tools is not in /etc/initrd-release of Debian 12, so its folders tell. */
function flavourOf(report: ReturnType<typeof parseReport>, where: string): InitrdFlavour {
  const has = (key: string): boolean => reported(report, key) !== null;
  if (has('systemd') && has('initrd-release')) return 'systemd';
  if (has('initramfs') && !has('systemd')) return 'initramfs';
  throw new RefusedError(
    `${where}: neither an initrd of systemd (/etc/initrd-release and /run/systemd/system) nor of initramfs-tools (/scripts, /conf); no passphrase is sent to it`,
  );
}

/** `NAME LOAD ACTIVE SUB DESCRIPTION`. */
function parseUnit(line: string): readonly CryptUnit[] {
  const [name = '', , active = ''] = line.split(/ +/);
  const disk = diskOfUnit(name);
  return disk === undefined ? [] : [{ disk, active }];
}

function systemdQuestions(report: ReturnType<typeof parseReport>): readonly InitrdPrompt[] {
  const uptimeUs = Number.parseFloat(reported(report, 'uptime') ?? '') * 1_000_000;
  const files = grouped(reportedAll(report, 'ask'));
  const cgroups = grouped(reportedAll(report, 'ask-cgroup'));
  const questions: InitrdPrompt[] = [];
  for (const [file, lines] of files) {
    const fields = new Map(lines.map((line) => splitOnce(line, '=')));
    // A question past its time waits for nobody; agents pass it over too. 0 means never.
    const notAfterUs = Number(fields.get('NotAfter') ?? '0');
    if (notAfterUs > 0 && notAfterUs < uptimeUs) continue;
    // The asking process is gone and left its file: nobody would read the answer.
    const cgroup = cgroups.get(file);
    if (cgroup === undefined) continue;
    const unit = /systemd-cryptsetup@[^/\s]+\.service/.exec(cgroup.join('\n'))?.[0];
    const pid = fields.get('PID') ?? '0';
    questions.push({
      disk: unit === undefined ? '' : (diskOfUnit(unit) ?? ''),
      id: `${file}:${pid}`,
      socket: fields.get('Socket') ?? null,
    });
  }
  return questions;
}

/** The id has the start time too (field 22 of stat), since a process id may come again. @see proc_pid_stat(5) */
function askpassQuestions(report: ReturnType<typeof parseReport>): readonly InitrdPrompt[] {
  const environments = grouped(reportedAll(report, 'askpass-env'));
  const questions: InitrdPrompt[] = [];
  for (const [pid, [stat = '']] of grouped(reportedAll(report, 'askpass'))) {
    // The command name, field 2, may itself hold spaces and parentheses.
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
    const variables = new Map((environments.get(pid) ?? []).map((line) => splitOnce(line, '=')));
    questions.push({ disk: variables.get('CRYPTTAB_NAME') ?? '', id: `askpass:${pid}:${startTime}`, socket: null });
  }
  return questions;
}

/** `KEY REST` lines by key. */
function grouped(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const line of lines) {
    const [key, rest] = splitOnce(line, ' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [rest]);
    else group.push(rest);
  }
  return groups;
}
