import type { Runs } from '../domain/ports/runs.ts';
import { ACTIVE_RUN_STATES } from '../domain/run.ts';
import { ConflictError, NotFoundError } from '../foundation/errors.ts';
import { createRun } from './run-create.ts';
import { createRunLeases } from './run-leases.ts';
import { actionOf, runOf } from './run-rows.ts';
import { writeRun } from './run-write.ts';
import { appendEvents } from './timeline.ts';
import type { StoreContext, Tx } from './transaction.ts';

const DEFAULT_LIMIT = 100;
const HIGHEST_LIMIT = 1000;

/** Runs over their tables. Identifiers sort by age, so pages and "oldest first" need no other column. */
export function createRuns(context: StoreContext): Runs {
  const { db } = context;
  return {
    ...createRunLeases(context),

    create: (order) => context.change((tx) => createRun(tx, context.newId(), order)),

    get: async (runId) => runOf(await find(context, runId)),

    async list({ machineId, states, before, limit = DEFAULT_LIMIT }) {
      if (states?.length === 0) return [];
      let query = db
        .selectFrom('runs')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(Math.max(0, Math.min(limit, HIGHEST_LIMIT)));
      if (machineId !== undefined) query = query.where('machine_id', '=', machineId);
      if (states !== undefined) query = query.where('state', 'in', states);
      if (before !== undefined) query = query.where('id', '<', before);
      return (await query.execute()).map(runOf);
    },

    requestCancel: (runId, actor) => context.change((tx) => requestCancel(tx, runId, actor)),

    async actions(runId) {
      const rows = await db
        .selectFrom('run_actions')
        .selectAll()
        .where('run_id', '=', runId)
        .orderBy('number')
        .execute();
      return rows.map(actionOf);
    },

    write: (guard, change, events) => context.change((tx) => writeRun(tx, guard, change, events)),
  };
}

async function find({ db }: Pick<StoreContext, 'db'> | Tx, runId: string) {
  const row = await db.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirst();
  if (row === undefined) throw new NotFoundError(`there is no run ${runId}`, { details: { runId } });
  return row;
}

async function requestCancel(tx: Tx, runId: string, actor: string) {
  const before = await find(tx, runId);
  if (!ACTIVE_RUN_STATES.includes(before.state)) {
    throw new ConflictError(`cancel run ${runId}: it has ended already (${before.state})`, {
      details: { runId, state: before.state },
    });
  }
  if (before.cancel_requested_at !== null) return runOf(before);
  // The state in the condition: a worker may claim or end the run between the look and this on a shared database.
  const over = before.state === 'queued';
  const row = await tx.db
    .updateTable('runs')
    .set({ cancel_requested_at: tx.at, ...(over ? { state: 'cancelled', ended_at: tx.at } : {}) })
    .where('id', '=', runId)
    .where('state', '=', before.state)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) {
    throw new ConflictError(`cancel run ${runId}: its state is changing right now; ask again`, { details: { runId } });
  }
  await appendEvents(tx, row.machine_id, [
    { type: 'run.cancel-requested', source: 'api', runId, data: { actor } },
    ...(over
      ? [{ type: 'run.cancelled', source: 'api', runId, data: { tookMs: tx.at - row.created_at } } as const]
      : []),
  ]);
  return runOf(row);
}
