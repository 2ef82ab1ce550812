import type { Generations } from '../domain/ports/generations.ts';
import { appendEvents } from './timeline.ts';
import type { StoreContext } from './transaction.ts';

/** Proven generations over their table, each with its event in the same transaction. */
export function createGenerations(context: StoreContext): Generations {
  return {
    prove: ({ machineId, toplevel, runId, provenAt, bootId }) =>
      context.change(async (tx) => {
        const fresh = await tx.db
          .insertInto('generations')
          .values({ machine_id: machineId, toplevel, run_id: runId, boot_id: bootId, proven_at: provenAt })
          .onConflict((conflict) => conflict.columns(['machine_id', 'run_id', 'toplevel']).doNothing())
          .returning('toplevel')
          .executeTakeFirst();
        if (fresh === undefined) return;
        await appendEvents(tx, machineId, [
          { type: 'generation.proven', source: 'step', runId, step: 'commit', data: { toplevel, bootId } },
        ]);
      }),
    async list(machineId) {
      const rows = await context.db
        .selectFrom('generations')
        .selectAll()
        .where('machine_id', '=', machineId)
        .orderBy('proven_at')
        .orderBy('run_id')
        .execute();
      return rows.map((row) => ({
        machineId: row.machine_id,
        toplevel: row.toplevel,
        runId: row.run_id,
        provenAt: row.proven_at,
      }));
    },
  };
}
