import type { RunOutput } from '../domain/ports/runs.ts';
import type { PlanEntry } from '../domain/run.ts';
import { BugError, NotFoundError } from '../foundation/errors.ts';
import { fromColumn } from './json-column.ts';
import { appendEvents } from './timeline.ts';
import type { StoreContext, Tx } from './transaction.ts';

export type OutputOptions = {
  /** Bytes kept of one step's output; what comes after is counted but not kept. Default 64 MiB. */
  readonly keptBytes: number;
};

/** Chunks joined by one `read`; more are asked for from where it ended. */
const CHUNKS_PER_READ = 1000;

/** Output of steps in chunks as they came, beside the timeline, which only says how far it goes. */
export function createRunOutput(context: StoreContext, { keptBytes }: OutputOptions): RunOutput {
  const { db } = context;
  return {
    end: async (runId, planIndex) => (await position(context, runId, planIndex)).end_byte,

    append: (runId, planIndex, offset, bytes) =>
      context.change(async (tx) => {
        const { end_byte, kept_byte } = await position(tx, runId, planIndex);
        if (offset > end_byte) {
          throw new BugError(
            `output of run ${runId}, step ${planIndex}: ${offset - end_byte} bytes before ${offset} are missing`,
          );
        }
        const fresh = bytes.subarray(end_byte - offset);
        if (fresh.length === 0) return;
        const kept = kept_byte === end_byte ? fresh.subarray(0, Math.max(0, keptBytes - kept_byte)) : Buffer.alloc(0);
        const reached = { end_byte: end_byte + fresh.length, kept_byte: kept_byte + kept.length };
        await tx.db
          .insertInto('run_outputs')
          .values({ run_id: runId, plan_index: planIndex, ...reached })
          .onConflict((conflict) => conflict.columns(['run_id', 'plan_index']).doUpdateSet(reached))
          .execute();
        // The step that has run into the limit says so once; what follows is neither kept nor told.
        if (kept_byte < end_byte) return;
        if (kept.length > 0) {
          const chunk = { run_id: runId, plan_index: planIndex, from_byte: kept_byte, bytes: kept };
          await tx.db.insertInto('run_output_chunks').values(chunk).execute();
        }
        const { machineId, step } = await stepOf(tx, runId, planIndex);
        const data = { step, from: kept_byte, to: reached.kept_byte };
        const cut = kept.length < fresh.length;
        await appendEvents(tx, machineId, [
          { type: 'output.appended', source: 'step', runId, step, data: cut ? { ...data, cut } : data },
        ]);
      }),

    async read(runId, planIndex, from, maximumBytes) {
      const rows = await db
        .selectFrom('run_output_chunks')
        .select(['from_byte', 'bytes'])
        .where('run_id', '=', runId)
        .where('plan_index', '=', planIndex)
        .where('from_byte', '<', from + maximumBytes)
        // Chunks have no common length: the one that holds `from` is the last that begins at or before it.
        .where('from_byte', '>=', (sub) =>
          sub
            .selectFrom('run_output_chunks')
            .select((row) => row.fn.coalesce(row.fn.max('from_byte'), row.val(0)).as('start'))
            .where('run_id', '=', runId)
            .where('plan_index', '=', planIndex)
            .where('from_byte', '<=', from),
        )
        .orderBy('from_byte')
        .limit(CHUNKS_PER_READ)
        .execute();
      const start = rows[0]?.from_byte ?? from;
      const joined = Buffer.concat(rows.map((row) => row.bytes));
      return joined.subarray(from - start, from - start + maximumBytes);
    },
  };
}

async function position({ db }: Pick<StoreContext, 'db'> | Tx, runId: string, planIndex: number) {
  const row = await db
    .selectFrom('run_outputs')
    .select(['end_byte', 'kept_byte'])
    .where('run_id', '=', runId)
    .where('plan_index', '=', planIndex)
    .executeTakeFirst();
  return row ?? { end_byte: 0, kept_byte: 0 };
}

async function stepOf(tx: Tx, runId: string, planIndex: number): Promise<{ machineId: string; step: string }> {
  const run = await tx.db.selectFrom('runs').select(['machine_id', 'plan']).where('id', '=', runId).executeTakeFirst();
  const entry = run === undefined ? undefined : fromColumn<readonly PlanEntry[]>(run.plan, 'plan')[planIndex];
  if (run === undefined || entry === undefined) {
    throw new NotFoundError(`there is no step ${planIndex} in run ${runId}`, { details: { runId } });
  }
  return { machineId: run.machine_id, step: entry.step };
}
