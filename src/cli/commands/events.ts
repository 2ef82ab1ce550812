import { type Command, InvalidArgumentError } from 'commander';
import type { EventBody, EventPageBody } from '../../api/schema/event.ts';
import type { MachineBody } from '../../api/schema/machine.ts';
import { CliError, EXIT } from '../cli-error.ts';
import { type Context, contextOf } from '../context.ts';
import { describeEvent } from '../describe-event.ts';
import type { CliEnvironment } from '../environment.ts';
import { followFeed } from '../feed.ts';

type EventsOptions = { readonly follow?: boolean; readonly limit: number };

/** `bootwright events NAME` */
export function addEventCommands(program: Command, environment: CliEnvironment): void {
  program
    .command('events')
    .argument('<machine>', 'name or id')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('-n, --limit <number>', 'how many of the last events', parseLimit, 50)
    .description("a machine's timeline")
    .action(async (name: string, options: EventsOptions, command: Command) => {
      await showEvents(contextOf(command, environment), name, options);
    });
}

async function showEvents(context: Context, name: string, { follow = false, limit }: EventsOptions): Promise<void> {
  const { connection, environment } = context;
  const path = `/machines/${encodeURIComponent(name)}`;
  const { lastSeq } = (await connection.call({ method: 'GET', path })) as MachineBody;
  const query = `after=${Math.max(0, lastSeq - limit)}&limit=${limit}`;
  const { items } = (await connection.call({ method: 'GET', path: `${path}/events?${query}` })) as EventPageBody;
  for (const event of items) print(context, event);
  if (!follow) return;
  const interrupted = environment.catchInterrupt();
  const after = items.at(-1)?.seq ?? lastSeq;
  try {
    for await (const { id, event, data } of followFeed(context, `${path}/feed?after=${after}`, interrupted)) {
      if (event === 'end') throw new CliError(EXIT.failed, `machine ${name} was removed`);
      if (id !== undefined) print(context, data as EventBody);
    }
  } catch (error) {
    // Ctrl-C is how following ends.
    if (!interrupted.aborted) throw error;
  }
}

function print({ terminal }: Context, event: EventBody): void {
  if (terminal.json) terminal.value(event);
  else terminal.line(`${String(event.seq).padStart(6)}  ${event.at}  ${describeEvent(event)}`);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new InvalidArgumentError('a number from 1 to 1000 is needed.');
  return limit;
}
