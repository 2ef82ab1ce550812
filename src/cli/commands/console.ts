import { stripVTControlCharacters } from 'node:util';
import { type Command, InvalidArgumentError } from 'commander';
import type { ConsoleMatchesBody, ConsolePageBody } from '../../api/schema/console.ts';
import { ESCAPE_HELP } from '../console/escapes.ts';
import { watchConsole } from '../console/watch-console.ts';
import { type Context, contextOf } from '../context.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Terminal } from '../terminal.ts';

type LogOptions = { readonly run?: string; readonly search?: string };

const MOST_MATCHES = 500;
/** Bytes of text asked for at once. */
const PAGE_BYTES = 1024 * 1024;

/** `bootwright console NAME`, `bootwright console-log NAME` */
export function addConsoleCommands(program: Command, environment: CliEnvironment): void {
  program
    .command('console')
    .argument('<machine>', 'name or id')
    .option('-w, --write', 'type as well; else only look')
    .option('--from <offset>', 'first byte wanted (default: the last screens)', parseOffset)
    .description("a machine's serial console; without a terminal its output goes to standard output")
    .addHelpText('after', `\n${ESCAPE_HELP.join('\n')}`)
    .action(async (machine: string, options: { write?: boolean; from?: number }, command: Command) => {
      const order = { machine, write: options.write === true, from: options.from };
      await watchConsole(contextOf(command, environment), order);
    });
  program
    .command('console-log')
    .argument('<machine>', 'name or id')
    .option('-r, --run <id>', 'only what came while this run was active')
    .option('-s, --search <text>', 'only lines that hold this text, in any case')
    .description('stored console text, as plain lines')
    .action(async (machine: string, options: LogOptions, command: Command) => {
      const context = contextOf(command, environment);
      if (options.search === undefined) await printText(context, machine, options);
      else await printMatches(context, machine, options.search, options);
    });
}

async function printText({ connection, terminal }: Context, machine: string, { run }: LogOptions): Promise<void> {
  const lines = createLines(terminal);
  let from = 0;
  for (;;) {
    const query = queryOf({ from, limit: PAGE_BYTES, run });
    const path = `/machines/${encodeURIComponent(machine)}/console/text?${query}`;
    const page = (await connection.call({ method: 'GET', path })) as ConsolePageBody;
    // A mark at the seam of two pages comes with both.
    const items = page.items.filter(({ offset, lost }) => lost === null || offset > from || from === 0);
    for (const item of items) {
      if (terminal.json) terminal.value(item);
      else if (item.lost === null) lines.add(item.text);
      else lines.mark(`[output is missing here: ${item.lost}]`);
    }
    if (page.next === from) break;
    from = page.next;
  }
  lines.end();
}

async function printMatches(
  { connection, terminal }: Context,
  machine: string,
  text: string,
  { run }: LogOptions,
): Promise<void> {
  const path = `/machines/${encodeURIComponent(machine)}/console/search?${queryOf({ text, limit: MOST_MATCHES, run })}`;
  const { items } = (await connection.call({ method: 'GET', path })) as ConsoleMatchesBody;
  if (terminal.json) terminal.value(items);
  else for (const { at, line } of items) terminal.line(`${at}  ${line}`);
  if (items.length === MOST_MATCHES) terminal.remark(`these are the first ${MOST_MATCHES}; there may be more`);
}

/** Text in pieces as whole lines, without what steers a terminal: a log is read, not replayed. */
function createLines(terminal: Terminal) {
  let rest = '';
  const print = (line: string): void => {
    // Of a line that was written over, the last state counts.
    const last = stripVTControlCharacters(line).replace(/\r+$/, '').split('\r').at(-1) ?? '';
    terminal.line(last);
  };
  const end = (): void => {
    if (rest !== '') print(rest);
    rest = '';
  };
  return {
    add(text: string): void {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) print(line);
    },
    mark(text: string): void {
      end();
      terminal.line(text, 'yellow');
    },
    end,
  };
}

function queryOf(values: Readonly<Record<string, string | number | undefined>>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  return query;
}

function parseOffset(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('a number of a byte is needed.');
  return Number(text);
}
