import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { BootAttemptBody, BootFindingBody } from '../../api/schema/doctor.ts';
import type { BootAttemptPageBody } from '../../api/schema/page.ts';
import { CliError, EXIT, type ExitCode } from '../cli-error.ts';
import { type Context, contextOf, type Exits } from '../context.ts';
import { formatSeconds } from '../describe-event.ts';
import type { CliEnvironment } from '../environment.ts';
import { cell, formatTable, type Terminal } from '../terminal.ts';

type DoctorOptions = {
  readonly run?: string;
  readonly round?: number;
  readonly pcap?: string;
  readonly list?: boolean;
};

/** `bootwright doctor NAME` */
export function addDoctorCommand(program: Command, environment: CliEnvironment, exits: Exits): void {
  program
    .command('doctor')
    .argument('<machine>', 'name or id')
    .option('-r, --run <id>', "the run whose last boot attempt is meant (default: the machine's last)")
    .option('--round <number>', 'which round of the run', parseRound)
    .option('--pcap <file>', 'write its last packets there, for tcpdump or Wireshark')
    .option('-l, --list', 'list the attempts that are kept')
    .description("what is wrong with a machine's network boot, from its packets; exit code 1 when something is")
    .action(async (machine: string, options: DoctorOptions, command: Command) => {
      const context = contextOf(command, environment);
      if (options.round !== undefined && options.run === undefined)
        throw new CliError(EXIT.usage, '--round needs --run');
      if (options.list === true) return listAttempts(context, machine);
      const attempt = await findAttempt(context, machine, options);
      if (options.pcap !== undefined) await savePackets(context, machine, attempt, options.pcap);
      exits.set(show(context.terminal, machine, attempt));
    });
}

async function listAttempts({ connection, terminal }: Context, machine: string): Promise<void> {
  const { items } = (await connection.call({ method: 'GET', path: attemptsPath(machine) })) as BootAttemptPageBody;
  if (terminal.json) return terminal.value(items);
  const rows = items.map(({ runId, round, startedAt, endedAt, packets, reached, findings }) => [
    runId,
    String(round),
    startedAt,
    endedAt === null ? 'armed' : formatSeconds(Date.parse(endedAt) - Date.parse(startedAt)),
    String(packets),
    reached ?? '-',
    findings
      .filter(isOpen)
      .map(({ code }) => code)
      .join(' ') || '-',
  ]);
  for (const line of formatTable(['RUN', 'ROUND', 'ARMED', 'FOR', 'PACKETS', 'REACHED', 'FOUND'], rows))
    terminal.line(line);
}

async function findAttempt(
  { connection }: Context,
  machine: string,
  { run, round }: DoctorOptions,
): Promise<BootAttemptBody> {
  if (run !== undefined && round !== undefined) {
    const path = `${attemptsPath(machine)}/${encodeURIComponent(run)}/${round}`;
    return (await connection.call({ method: 'GET', path })) as BootAttemptBody;
  }
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const path = `${attemptsPath(machine)}${query}`;
    const page = (await connection.call({ method: 'GET', path })) as BootAttemptPageBody;
    const found = page.items.find(({ runId }) => run === undefined || runId === run);
    if (found !== undefined) return found;
    cursor = page.next;
  }
  const what = run === undefined ? 'no boot attempt' : `no boot attempt of run ${run}`;
  throw new CliError(EXIT.failed, `${what} of ${machine} is kept`, [
    'A machine has one when a run lets it boot from the network: bootwright boot NAME.',
  ]);
}

async function savePackets(
  { connection, terminal }: Context,
  machine: string,
  { runId, round, packets }: BootAttemptBody,
  file: string,
): Promise<void> {
  const path = `${attemptsPath(machine)}/${encodeURIComponent(runId)}/${round}/packets`;
  const { bytes } = await connection.bytes({ method: 'GET', path, headers: { accept: '*/*' } });
  try {
    // Only its owner may read what was heard on the network.
    writeFileSync(file, bytes, { mode: 0o600 });
  } catch (error) {
    throw new CliError(
      EXIT.usage,
      `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  terminal.remark(`${packets} ${packets === 1 ? 'packet' : 'packets'} written to ${file}`);
}

/** Prints the verdict. @returns 1 when something is wrong that is not over */
function show(terminal: Terminal, machine: string, attempt: BootAttemptBody): ExitCode {
  const open = attempt.findings.filter(isOpen);
  const outcome = open.length > 0 ? EXIT.failed : EXIT.ok;
  if (terminal.json) {
    terminal.value(attempt);
    return outcome;
  }
  const { runId, round, startedAt, endedAt, stages, passes, packets } = attempt;
  const armed = Date.parse(startedAt);
  const end = endedAt === null ? 'armed still' : `ended after ${formatSeconds(Date.parse(endedAt) - armed)}`;
  terminal.line(`network boot of ${cell(machine)}, run ${runId}, round ${round}: armed ${startedAt}, ${end}`);
  for (const { text, at } of stages) terminal.line(`${since(armed, at)}  ${text}`, 'green');
  if (stages.length === 0) terminal.line(`${''.padStart(9)}  ${attempt.reachedText}`);
  if (passes > 1)
    terminal.line(`${''.padStart(9)}  it began anew ${passes - 1} ${passes === 2 ? 'time' : 'times'}`, 'yellow');
  for (const finding of attempt.findings) showFinding(terminal, armed, finding);
  if (attempt.findings.length === 0) terminal.line(verdict(attempt), attempt.reached === 'files' ? 'green' : undefined);
  terminal.remark(`${packets} ${packets === 1 ? 'packet' : 'packets'} kept; --pcap FILE writes them`);
  return outcome;
}

function showFinding(terminal: Terminal, armed: number, finding: BootFindingBody): void {
  const { code, message, hint, evidence, foundAt, overAt } = finding;
  const over = overAt === null ? '' : `, over since ${since(armed, overAt).trim()}`;
  terminal.line(`${since(armed, foundAt)}  ${cell(message)} (${code}${over})`, overAt === null ? 'red' : 'dim');
  for (const line of evidence) terminal.line(`${''.padStart(11)}seen: ${cell(line)}`);
  if (overAt === null) terminal.line(`${''.padStart(11)}${hint}`);
}

function verdict({ reached, endedAt, reachedText }: BootAttemptBody): string {
  if (reached === 'files') return 'nothing wrong: it fetched all that it was to boot';
  if (endedAt === null) return `nothing wrong so far: ${reachedText}`;
  return `it came no further than: ${reachedText}. Its packets say nothing of why; see the run and the console`;
}

function since(armed: number, at: string): string {
  return formatSeconds(Math.max(0, Date.parse(at) - armed)).padStart(9);
}

function isOpen({ overAt }: BootFindingBody): boolean {
  return overAt === null;
}

function attemptsPath(machine: string): string {
  return `/machines/${encodeURIComponent(machine)}/boot-attempts`;
}

function parseRound(text: string): number {
  const round = Number(text);
  if (!Number.isInteger(round) || round < 1) throw new InvalidArgumentError('a number from 1 on is needed.');
  return round;
}
