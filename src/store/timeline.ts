import type { NewEvent, TimelineEvent } from '../domain/event.ts';
import type { EventPage, Timeline } from '../domain/ports/timeline.ts';
import { NotFoundError } from '../foundation/errors.ts';
import { createAppendTogether } from './append-together.ts';
import { fromColumn, toColumn } from './json-column.ts';
import type { EventsTable } from './schema.ts';
import type { StoreContext, Tx } from './transaction.ts';

const DEFAULT_LIMIT = 500;
const HIGHEST_LIMIT = 5000;
/** Rows of one insert: nine parameters each stay well below any database's limit. */
const ROWS_PER_INSERT = 100;

/** The timeline over the events table. Events of removed machines stay readable by the machine's id. */
export function createTimeline(context: StoreContext): Timeline {
  const { db } = context;
  return {
    append: createAppendTogether(context, appendEvents),
    read: (machineId, page) => select('machine_id', machineId, page),
    readRun: (runId, page) => select('run_id', runId, page),
    onChange: (wake) => context.onChange(wake),
  };

  async function select(
    column: 'machine_id' | 'run_id',
    id: string,
    page: EventPage,
  ): Promise<readonly TimelineEvent[]> {
    const { afterSeq, beforeSeq, limit = DEFAULT_LIMIT } = page;
    // Without a start, a page that has an end is the one right before that end.
    const backwards = afterSeq === undefined && beforeSeq !== undefined;
    const rows = await db
      .selectFrom('events')
      .selectAll()
      .where(column, '=', id)
      .where('seq', '>', afterSeq ?? 0)
      .where('seq', '<', beforeSeq ?? Number.MAX_SAFE_INTEGER)
      .orderBy('seq', backwards ? 'desc' : 'asc')
      .limit(Math.max(0, Math.min(limit, HIGHEST_LIMIT)))
      .execute();
    const events = rows.map(eventOf);
    return backwards ? events.reverse() : events;
  }
}

/**
 * Appends events within a transaction. Their numbers are given out under the machine's row, which stays locked until the commit:
 * so they have no gaps, and readers never see a later number before an earlier one.
 * @throws NotFoundError when there is no such machine, or it was removed
 */
export async function appendEvents(
  tx: Tx,
  machineId: string,
  events: readonly NewEvent[],
): Promise<readonly TimelineEvent[]> {
  if (events.length === 0) return [];
  const stage = events.findLast((event) => event.stage !== undefined)?.stage;
  const machine = await tx.db
    .updateTable('machines')
    .set((row) => ({
      last_seq: row('last_seq', '+', events.length),
      ...(stage === undefined ? {} : { stage, stage_at: tx.at }),
    }))
    .where('id', '=', machineId)
    .where('removed_at', 'is', null)
    .returning('last_seq')
    .executeTakeFirst();
  if (machine === undefined) throw new NotFoundError(`append events: there is no machine ${machineId}`);
  const first = machine.last_seq - events.length + 1;
  const numbered = events.map((event, index) => ({ ...event, machineId, seq: first + index, at: tx.at }));
  for (let from = 0; from < numbered.length; from += ROWS_PER_INSERT) {
    const rows = numbered.slice(from, from + ROWS_PER_INSERT).map(rowOf);
    await tx.db.insertInto('events').values(rows).execute();
  }
  tx.touch(machineId);
  return numbered;
}

function rowOf(event: TimelineEvent): EventsTable {
  return {
    machine_id: event.machineId,
    seq: event.seq,
    at: event.at,
    type: event.type,
    source: event.source,
    run_id: event.runId ?? null,
    step: event.step ?? null,
    stage: event.stage ?? null,
    data: toColumn(event.data),
  };
}

function eventOf(row: EventsTable): TimelineEvent {
  return {
    machineId: row.machine_id,
    seq: row.seq,
    at: row.at,
    type: row.type,
    source: row.source,
    data: fromColumn(row.data, 'event'),
    ...(row.run_id === null ? {} : { runId: row.run_id }),
    ...(row.step === null ? {} : { step: row.step }),
    ...(row.stage === null ? {} : { stage: row.stage }),
  };
}
