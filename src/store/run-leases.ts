import { LeaseLostError } from '../domain/lease-lost.ts';
import type { RunGuard, Runs } from '../domain/ports/runs.ts';
import { runOf } from './run-rows.ts';
import { appendEvents } from './timeline.ts';
import type { StoreContext, Tx } from './transaction.ts';

/** A lease that was ended on purpose, by a graceful stop or at the start of the only instance. */
const RELEASED = 0;

/** Who may drive a run, and until when. The fence grows with each claim; whoever holds an older one writes nothing more. */
export function createRunLeases(context: StoreContext): Pick<Runs, 'claim' | 'expireLeases' | 'renew' | 'release'> {
  const { db, clock } = context;

  /** Also the usual look that finds nothing, so it takes no write lock. */
  async function candidate() {
    return db
      .selectFrom('runs')
      .select(['id', 'state', 'fence', 'lease_until'])
      .where((where) =>
        where.or([
          where('state', '=', 'queued'),
          where.and([where('state', '=', 'running'), where('lease_until', '<=', clock.now())]),
        ]),
      )
      .orderBy('id')
      .limit(1)
      .executeTakeFirst();
  }

  return {
    async claim(owner, leaseMs) {
      for (let found = await candidate(); found !== undefined; found = await candidate()) {
        const { id, state, fence, lease_until } = found;
        const claimed = await context.change(async (tx) => {
          const row = await tx.db
            .updateTable('runs')
            .set((run) => ({
              state: 'running',
              owner,
              fence: fence + 1,
              lease_until: tx.at + leaseMs,
              started_at: run.fn.coalesce('started_at', run.val(tx.at)),
            }))
            // Somebody else may have been faster since the look: then no row matches, and we look again.
            .where('id', '=', id)
            .where('state', '=', state)
            .where('fence', '=', fence)
            .where((where) =>
              lease_until === null ? where('lease_until', 'is', null) : where('lease_until', '=', lease_until),
            )
            .returningAll()
            .executeTakeFirst();
          if (row === undefined) return undefined;
          const why = lease_until === RELEASED ? 'restart' : 'lease-expired';
          await appendEvents(tx, row.machine_id, [
            state === 'queued'
              ? { type: 'run.started', source: 'engine', runId: id, data: { fence: row.fence } }
              : { type: 'run.taken-over', source: 'engine', runId: id, data: { fence: row.fence, why } },
          ]);
          return runOf(row);
        });
        if (claimed !== undefined) return claimed;
      }
      return undefined;
    },

    async expireLeases() {
      const result = await db
        .updateTable('runs')
        .set({ lease_until: RELEASED })
        .where('state', '=', 'running')
        .executeTakeFirst();
      return Number(result.numUpdatedRows);
    },

    renew: (guard, leaseMs) =>
      context.change(async (tx) => {
        const row = await guarded(tx, guard, { lease_until: tx.at + leaseMs });
        return { cancelRequestedAt: row.cancel_requested_at };
      }),

    release: (guard) =>
      context.change(async (tx) => {
        const row = await guarded(tx, guard, { lease_until: RELEASED });
        tx.touch(row.machine_id);
      }),
  };
}

/**
 * The first statement of everything a worker writes: takes the run's row if it is still this owner's.
 * @throws LeaseLostError when somebody else claimed the run, or it has ended
 */
export async function guarded(tx: Tx, guard: RunGuard, change: { readonly lease_until?: number }) {
  const row = await tx.db
    .updateTable('runs')
    .set({ fence: guard.fence, ...change })
    .where('id', '=', guard.runId)
    .where('owner', '=', guard.owner)
    .where('fence', '=', guard.fence)
    .where('state', '=', 'running')
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) {
    throw new LeaseLostError(`run ${guard.runId}: claim ${guard.fence} of ${guard.owner} is over`, {
      details: { runId: guard.runId, fence: guard.fence },
    });
  }
  return row;
}
