import { type Command, InvalidArgumentError } from 'commander';
import type { RunPageBody } from '../../api/schema/page.ts';
import type { RunBody } from '../../api/schema/run.ts';
import { type Context, contextOf, type Exits } from '../context.ts';
import { formatSeconds } from '../describe-event.ts';
import type { CliEnvironment } from '../environment.ts';
import { formatTable, type Terminal } from '../terminal.ts';
import { watchRun } from '../watch-run.ts';

type ListOptions = { readonly machine?: string; readonly state?: string; readonly limit: number };

/** `bootwright runs …` */
export function addRunCommands(program: Command, environment: CliEnvironment, exits: Exits): void {
  const runs = program.command('runs').description('jobs on machines');
  runs
    .command('list', { isDefault: true })
    .option('-m, --machine <name>', 'only of this machine')
    .option('-s, --state <states>', 'only in these states: queued,running,succeeded,failed,cancelled')
    .option('-n, --limit <number>', 'how many, newest first', parseLimit, 20)
    .description('runs, newest first')
    .action(async (options: ListOptions, command: Command) => listRuns(contextOf(command, environment), options));
  runs
    .command('show')
    .argument('<id>')
    .description('one run with its plan')
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = contextOf(command, environment);
      showRun(
        context,
        (await context.connection.call({ method: 'GET', path: `/runs/${encodeURIComponent(id)}` })) as RunBody,
      );
    });
  runs
    .command('watch')
    .argument('<id>')
    .description('follow a run to its end; the exit code tells how it ended')
    .action(async (id: string, _options: unknown, command: Command) => {
      exits.set(await watchRun(contextOf(command, environment), id));
    });
  runs
    .command('cancel')
    .argument('<id>')
    .description('ask for a run to be cancelled')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, terminal } = contextOf(command, environment);
      const run = (await connection.call({
        method: 'POST',
        path: `/runs/${encodeURIComponent(id)}/cancel`,
      })) as RunBody;
      if (terminal.json) terminal.value(run);
      else terminal.line(run.state === 'cancelled' ? `run ${id} cancelled` : `run ${id} will be cancelled`);
    });
  runs
    .command('output')
    .argument('<id>')
    .option('--step <index>', "the step's place in the plan (default: the build)", parseIndex)
    .description("what a run's build wrote so far")
    .action(async (id: string, { step }: { step?: number }, command: Command) => {
      await printOutput(contextOf(command, environment), id, step);
    });
}

async function listRuns({ connection, terminal }: Context, { machine, state, limit }: ListOptions): Promise<void> {
  const query = new URLSearchParams({
    limit: String(limit),
    ...(machine === undefined ? {} : { machine }),
    ...(state === undefined ? {} : { state }),
  });
  const { items } = (await connection.call({ method: 'GET', path: `/runs?${query}` })) as RunPageBody;
  if (terminal.json) return terminal.value(items);
  const rows = items.map(({ id, machine: name, machineId, kind, state: now, step, createdAt, actor, error }) => [
    id,
    name ?? machineId,
    kind,
    now,
    step ?? error?.code ?? '-',
    createdAt,
    actor,
  ]);
  for (const line of formatTable(['RUN', 'MACHINE', 'KIND', 'STATE', 'STEP/ERROR', 'ORDERED', 'BY'], rows))
    terminal.line(line);
}

function showRun({ terminal }: Context, run: RunBody): void {
  if (terminal.json) {
    terminal.value(run);
    return;
  }
  const took =
    run.endedAt === null ? '' : ` after ${formatSeconds(Date.parse(run.endedAt) - Date.parse(run.createdAt))}`;
  terminal.line(`run ${run.id}: ${run.kind} of ${run.machine ?? run.machineId}, ${run.state}${took}`);
  terminal.line(`ordered ${run.createdAt} by ${run.actor}${run.round > 1 ? `, round ${run.round}` : ''}`);
  const rows = run.steps.map(({ index, name, state, deadlineSeconds }) => [
    String(index),
    name,
    state,
    `${deadlineSeconds} s`,
  ]);
  for (const line of formatTable(['#', 'STEP', 'STATE', 'DEADLINE'], rows)) terminal.line(line);
  if (run.error === null) return;
  terminal.line(`${run.error.message} (${run.error.code})`, 'red');
  if (run.error.lastSeen !== null) terminal.line(`last seen: ${run.error.lastSeen}`);
  if (run.error.hint !== null) terminal.line(run.error.hint);
}

async function printOutput({ connection, terminal }: Context, id: string, step: number | undefined): Promise<void> {
  const decoder = new TextDecoder();
  let from = 0;
  let text = '';
  for (;;) {
    const query = new URLSearchParams({ from: String(from), ...(step === undefined ? {} : { step: String(step) }) });
    const path = `/runs/${encodeURIComponent(id)}/output?${query}`;
    const { bytes, headers } = await connection.bytes({ method: 'GET', path });
    const lines = (text + decoder.decode(bytes, { stream: true })).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) print(terminal, line);
    from += bytes.length;
    if (bytes.length === 0 || from >= Number(headers['x-output-end'] ?? 0)) break;
  }
  if (text !== '') print(terminal, text);
}

function print(terminal: Terminal, line: string): void {
  if (terminal.json) terminal.value({ line });
  else terminal.line(line);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 500)
    throw new InvalidArgumentError('a number from 1 to 500 is needed.');
  return limit;
}

function parseIndex(text: string): number {
  if (!/^[0-9]{1,3}$/.test(text)) throw new InvalidArgumentError("a step's number is needed.");
  return Number(text);
}
