import type { Selectable } from 'kysely';
import type { ConsoleChunk, ConsoleText, ConsoleTextFilter, NewConsoleChunk } from '../domain/ports/consoles.ts';
import { createLineSearch } from './console-search.ts';
import type { ConsoleChunksTable } from './schema.ts';
import type { StoreContext, Tx } from './transaction.ts';

export type ConsoleTextOptions = {
  /** Bytes kept of one machine's console, rows included; the oldest go first. */
  readonly keptBytes: number;
};

/** What a row costs beside its bytes, so that a flood of tiny chunks or of marks is bounded as well. */
const ROW_COST = 100;
/** Rows looked at by one read, and removed by one look at the limit. */
const ROWS_PER_READ = 1000;
const LONGEST_WHY = 300;
/** Text looked through at a time by a search; between two, others have their turn. */
const SEARCHED_AT_ONCE = 256 * 1024;

const MARK = 0;
const TEXT = 1;

/** Console text in chunks as it came, beside the timeline, which does not know of it. */
export function createConsoleText(context: StoreContext, { keptBytes }: ConsoleTextOptions): ConsoleText {
  const { db } = context;

  async function read(filter: ConsoleTextFilter, from: number, maximumBytes: number): Promise<ConsoleChunk[]> {
    const start = await startOf(context, filter, from);
    let query = db
      .selectFrom('console_chunks')
      .selectAll()
      .where('machine_id', '=', filter.machineId)
      .where('from_byte', '>=', start)
      .where('from_byte', '<', from + maximumBytes)
      .orderBy('from_byte')
      .orderBy('part')
      .limit(ROWS_PER_READ);
    if (filter.runId !== undefined) query = query.where('run_id', '=', filter.runId);
    const chunks = (await query.execute()).map(chunkOf);
    const none = chunks.every(({ offset, lost }) => offset === from && lost !== null);
    return cut(none ? [...chunks, ...(await nextAfter(filter, from))] : chunks, from, maximumBytes);
  }

  /** After a gap that is wider than a read: the first chunk behind it. */
  async function nextAfter({ machineId, runId }: ConsoleTextFilter, from: number): Promise<ConsoleChunk[]> {
    let query = db
      .selectFrom('console_chunks')
      .selectAll()
      .where('machine_id', '=', machineId)
      .where('from_byte', '>', from)
      .orderBy('from_byte')
      .orderBy('part')
      .limit(2);
    if (runId !== undefined) query = query.where('run_id', '=', runId);
    const [first, second] = (await query.execute()).map(chunkOf);
    if (first === undefined) return [];
    return first.lost !== null && second?.offset === first.offset ? [first, second] : [first];
  }

  return {
    append: (batches) =>
      context.change(async (tx) => {
        for (const { machineId, chunks } of batches) await appendTo(tx, machineId, chunks, keptBytes);
      }),

    end: async (machineId) => (await positionOf(context, machineId)).end_byte,

    read,

    async search(filter, text, limit) {
      const search = createLineSearch(text, limit);
      let from = 0;
      for (;;) {
        const chunks = await read(filter, from, SEARCHED_AT_ONCE);
        const last = chunks.at(-1);
        if (last === undefined || last.offset + last.bytes.length <= from) break;
        for (const chunk of chunks) search.add(chunk);
        if (search.full) break;
        from = last.offset + last.bytes.length;
        // The database answers without a pause, and a long search must not be one.
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      return search.finish();
    },
  };
}

async function appendTo(
  tx: Tx,
  machineId: string,
  chunks: readonly NewConsoleChunk[],
  keptBytes: number,
): Promise<void> {
  const last = chunks.at(-1);
  if (last === undefined) return;
  const runs = await latestRuns(tx, machineId);
  const before = await positionOf(tx, machineId);
  const rows = rowsOf(machineId, before.end_byte, chunks, (at) => runs.find((run) => isDuring(run, at))?.id);
  const end = Math.max(before.end_byte, last.offset + last.bytes.length);
  await tx.db
    .insertInto('consoles')
    .values({ machine_id: machineId, end_byte: end, kept_bytes: 0 })
    .onConflict((conflict) => conflict.column('machine_id').doUpdateSet({ end_byte: end }))
    .execute();
  let kept = before.kept_bytes;
  for (const row of rows) {
    const fresh = await tx.db
      .insertInto('console_chunks')
      .values(row)
      // A second mark at one place says nothing new; text is never there twice, since it begins at the end.
      .onConflict((conflict) => conflict.columns(['machine_id', 'from_byte', 'part']).doNothing())
      .returning('cost')
      .executeTakeFirst();
    kept += fresh?.cost ?? 0;
  }
  if (kept > keptBytes) kept -= await prune(tx, machineId, kept - keptBytes);
  await tx.db.updateTable('consoles').set({ kept_bytes: kept }).where('machine_id', '=', machineId).execute();
}

async function positionOf({ db }: Pick<StoreContext, 'db'> | Tx, machineId: string) {
  const row = await db
    .selectFrom('consoles')
    .select(['end_byte', 'kept_bytes'])
    .where('machine_id', '=', machineId)
    .executeTakeFirst();
  return row ?? { end_byte: 0, kept_bytes: 0 };
}

/** Chunks have no common length: the one that holds `from` is the last text that begins at or before it. */
async function startOf({ db }: StoreContext, { machineId, runId }: ConsoleTextFilter, from: number): Promise<number> {
  let query = db
    .selectFrom('console_chunks')
    .select(['from_byte', 'bytes'])
    .where('machine_id', '=', machineId)
    .where('part', '=', TEXT)
    .where('from_byte', '<', from)
    .orderBy('from_byte', 'desc')
    .limit(1);
  if (runId !== undefined) query = query.where('run_id', '=', runId);
  const row = await query.executeTakeFirst();
  return row !== undefined && row.from_byte + row.bytes.length > from ? row.from_byte : from;
}

/** Runs are few at a time: what came a moment ago belongs to one of the last two. */
function latestRuns(tx: Tx, machineId: string) {
  return tx.db
    .selectFrom('runs')
    .select(['id', 'created_at', 'ended_at'])
    .where('machine_id', '=', machineId)
    .orderBy('id', 'desc')
    .limit(2)
    .execute();
}

function isDuring(run: { readonly created_at: number; readonly ended_at: number | null }, at: number): boolean {
  return run.created_at <= at && (run.ended_at === null || at <= run.ended_at);
}

function rowsOf(
  machineId: string,
  end: number,
  chunks: readonly NewConsoleChunk[],
  runAt: (at: number) => string | undefined,
): ConsoleChunksTable[] {
  const rows: ConsoleChunksTable[] = [];
  let reached = end;
  const put = (offset: number, at: number, bytes: Buffer, lost: string | null): void => {
    const common = { machine_id: machineId, from_byte: offset, at, run_id: runAt(at) ?? null, bytes };
    const why = lost === null ? null : lost.slice(0, LONGEST_WHY);
    rows.push({ ...common, part: lost === null ? TEXT : MARK, lost: why, cost: ROW_COST + bytes.length });
  };
  for (const { offset, at, bytes, lost } of chunks) {
    if (lost !== null) {
      if (offset >= reached) put(offset, at, Buffer.alloc(0), lost);
      continue;
    }
    const fresh = bytes.subarray(Math.max(0, reached - offset));
    if (fresh.length === 0) continue;
    const begin = offset + bytes.length - fresh.length;
    if (begin > reached) put(begin, at, Buffer.alloc(0), 'output could not be stored');
    put(begin, at, fresh, null);
    reached = begin + fresh.length;
  }
  return rows;
}

/** Removes the oldest rows until `excess` is gone. @returns what they cost */
async function prune(tx: Tx, machineId: string, excess: number): Promise<number> {
  let freed = 0;
  while (freed < excess) {
    const oldest = await tx.db
      .selectFrom('console_chunks')
      .select(['from_byte', 'cost'])
      .where('machine_id', '=', machineId)
      .orderBy('from_byte')
      .orderBy('part')
      .limit(ROWS_PER_READ)
      .execute();
    let last: number | undefined;
    for (let index = 0, total = freed; index < oldest.length && total < excess; index++) {
      last = oldest[index]?.from_byte;
      total += oldest[index]?.cost ?? 0;
    }
    if (last === undefined) return freed;
    const gone = await tx.db
      .deleteFrom('console_chunks')
      .where('machine_id', '=', machineId)
      .where('from_byte', '<=', last)
      .returning('cost')
      .execute();
    freed += gone.reduce((total, { cost }) => total + cost, 0);
  }
  return freed;
}

function chunkOf(row: Selectable<ConsoleChunksTable>): ConsoleChunk {
  const { buffer, byteOffset, byteLength } = row.bytes;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return { offset: row.from_byte, at: row.at, runId: row.run_id, bytes, lost: row.lost };
}

/** The part of the chunks that lies in the asked range, whole marks included. */
function cut(chunks: readonly ConsoleChunk[], from: number, maximumBytes: number): ConsoleChunk[] {
  const cutChunks: ConsoleChunk[] = [];
  let left = maximumBytes;
  for (const chunk of chunks) {
    if (left <= 0) break;
    if (chunk.lost !== null) {
      if (chunk.offset >= from) cutChunks.push(chunk);
      continue;
    }
    const skipped = Math.max(0, from - chunk.offset);
    const bytes = chunk.bytes.subarray(skipped, skipped + left);
    if (bytes.length === 0) continue;
    cutChunks.push({ ...chunk, offset: chunk.offset + skipped, bytes });
    left -= bytes.length;
  }
  return cutChunks;
}
