import { Argument, type Command, InvalidArgumentError } from 'commander';
import type { ClockSetBody, ErasedLogBody, EventLogBody, LogEntryBody } from '../../api/schema/hardware.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { type Context, contextOf } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import { cell, formatTable, type Terminal } from '../terminal.ts';
import { callBmc } from './bmc-call.ts';
import { colorOf } from './sensors.ts';

const ACTIONS = ['list', 'clear', 'set-clock'] as const;
type LogOptions = { readonly yes?: boolean; readonly limit: number };

/** `bootwright event-log NAME [list|clear|set-clock]` */
export function addEventLogCommand(program: Command, environment: CliEnvironment): void {
  program
    .command('event-log')
    .argument('<machine>', 'name or id')
    .addArgument(
      new Argument('[action]', 'set-clock sets it to the time of the service').choices(ACTIONS).default('list'),
    )
    .option('-n, --limit <number>', 'how many of the last entries', parseLimit, 1000)
    .option('--yes', 'really erase; what is erased is printed')
    .description("the BMC's own event log")
    .action(async (name: string, action: (typeof ACTIONS)[number], options: LogOptions, command: Command) => {
      const context = contextOf(command, environment);
      switch (action) {
        case 'list':
          return await listLog(context, name, options.limit);
        case 'clear':
          return await clearLog(context, name, options.yes === true);
        case 'set-clock':
          return await setClock(context, name);
      }
    });
}

async function listLog(context: Context, name: string, limit: number): Promise<void> {
  const { terminal } = context;
  const log = (await callBmc(context, 'GET', name, `event-log?limit=${limit}`)) as EventLogBody;
  if (terminal.json) return terminal.value(log);
  if (log.items.length > 0) printEntries(terminal, log.items);
  if (log.items.length < log.total) terminal.remark(`the last ${log.items.length} of ${log.total} entries`);
  if (log.total === 0) terminal.remark('the event log is empty');
  if (log.overflow) terminal.remark('the log was full and lost entries: erase it');
  terminal.remark(
    log.clockAt === null ? 'the clock of the log is not set' : `the clock of the log says ${log.clockAt}`,
  );
}

async function clearLog(context: Context, name: string, sure: boolean): Promise<void> {
  const { terminal } = context;
  if (!sure) throw new CliError(EXIT.usage, `this erases the event log of ${name}`, ['Say --yes when that is meant.']);
  const answer = (await callBmc(context, 'DELETE', name, 'event-log')) as ErasedLogBody;
  if (terminal.json) return terminal.value(answer);
  if (answer.erased.length > 0) printEntries(terminal, answer.erased);
  terminal.remark(`${answer.erased.length} ${answer.erased.length === 1 ? 'entry' : 'entries'} erased`);
}

async function setClock(context: Context, name: string): Promise<void> {
  const answer = (await callBmc(context, 'PUT', name, 'event-log/clock', {})) as ClockSetBody;
  if (context.terminal.json) context.terminal.value(answer);
  else context.terminal.line(`the clock of the event log of ${name} was set to ${answer.clockAt}`);
}

function printEntries(terminal: Terminal, entries: readonly LogEntryBody[]): void {
  const rows = entries.map(({ id, at, source, health, text }) => [
    String(id),
    at ?? '-',
    cell(source),
    health,
    cell(text),
  ]);
  const [head = '', ...lines] = formatTable(['ID', 'TIME', 'SOURCE', 'HEALTH', 'WHAT'], rows);
  terminal.line(head);
  for (const [index, line] of lines.entries()) terminal.line(line, colorOf(entries[index]?.health ?? 'unknown'));
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 65_535)
    throw new InvalidArgumentError('a number from 1 to 65535 is needed.');
  return limit;
}
