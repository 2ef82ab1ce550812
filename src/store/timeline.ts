import { type RawBuilder, sql } from 'kysely';
import type { NewEvent, TimelineEvent } from '../domain/event.ts';
import type { Stage } from '../domain/machine.ts';
import type { EventPage, Timeline } from '../domain/ports/timeline.ts';
import { BugError, NotFoundError } from '../foundation/errors.ts';
import { fromColumn, toColumn } from './json-column.ts';
import { preparedWrite } from './prepared.ts';
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
    append: createAppend(context),
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
 * Appends events outside of a transaction, with the same numbering as {@link appendEvents}, as a job: a rack that powers on reports
 * hundreds of events a second.
 */
function createAppend(context: StoreContext): Timeline['append'] {
  const { db } = context;
  const machine = (id: RawBuilder<string>) =>
    db.updateTable('machines').where('id', '=', id).where('removed_at', 'is', null);
  const takeNumbers = preparedWrite<{ id: string; count: number }>((blank) =>
    machine(blank('id'))
      .set({ last_seq: sql`last_seq + ${blank('count')}` })
      .returning('last_seq'),
  );
  const takeNumbersAt = preparedWrite<{ id: string; count: number; stage: Stage; at: number }>((blank) =>
    machine(blank('id'))
      .set({ last_seq: sql`last_seq + ${blank('count')}`, stage: blank('stage'), stage_at: blank('at') })
      .returning('last_seq'),
  );
  const insert = preparedWrite<Omit<EventsTable, 'seq'> & { back: number }>((blank) =>
    db.insertInto('events').values({
      machine_id: blank('machine_id'),
      seq: sql`(select last_seq from machines where id = ${blank('machine_id')}) - ${blank('back')}`,
      at: blank('at'),
      type: blank('type'),
      source: blank('source'),
      run_id: blank('run_id'),
      step: blank('step'),
      stage: blank('stage'),
      data: blank('data'),
    }),
  );

  return async (machineId, events) => {
    if (events.length === 0) return [];
    const count = events.length;
    const stage = events.findLast((event) => event.stage !== undefined)?.stage;
    // Made here, so that data that is no JSON fails for its sender alone.
    const texts = events.map((event, index) => ({
      ...rowOf({ ...event, machineId, seq: 0, at: 0 }),
      back: count - 1 - index,
    }));
    let writtenAt = 0;
    const rows = await context.write(
      (at) => {
        writtenAt = at;
        const numbers =
          stage === undefined
            ? takeNumbers([{ id: machineId, count }])
            : takeNumbersAt([{ id: machineId, count, stage, at }]);
        return [{ ...numbers, required: true }, insert(texts.map((row) => ({ ...row, at })))];
      },
      { machineId },
    );
    const last = rows?.[0]?.[0]?.last_seq;
    if (last === undefined) throw new NotFoundError(`append events: there is no machine ${machineId}`);
    if (typeof last !== 'number') throw new BugError(`append events: the number of the last one is a ${typeof last}`);
    return events.map((event, index) => ({ ...event, machineId, seq: last - count + 1 + index, at: writtenAt }));
  };
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
