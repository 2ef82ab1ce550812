import type { Selectable } from 'kysely';
import type { AttemptKey, BootCapture, BootCaptures } from '../domain/ports/boot-captures.ts';
import { fromColumn, toColumn } from './json-column.ts';
import type { BootCapturesTable } from './schema.ts';
import type { StoreContext, Tx } from './transaction.ts';

export type BootCapturesOptions = {
  /** Attempts kept of one machine; the oldest go first. Default 10. */
  readonly attempts?: number;
  /** Attempts that were armed longer ago go, days. Default 30. */
  readonly days?: number;
};

const DEFAULT_LIMIT = 100;
const HIGHEST_LIMIT = 1000;
const ONE_DAY_MS = 86_400_000;
/** All but the packets, which are large and seldom asked for. */
const COLUMNS = ['machine_id', 'run_id', 'round', 'armed_at', 'ended_at', 'packets', 'evidence', 'findings'] as const;

/** Boot attempts that were watched. Ids of runs begin with their time, so they and their rounds are in order of age. */
export function createBootCaptures(context: StoreContext, options: BootCapturesOptions = {}): BootCaptures {
  const { db } = context;
  const { attempts = 10, days = 30 } = options;

  const rowsOf = ({ machineId, runId, round }: AttemptKey) =>
    db
      .selectFrom('boot_captures')
      .where('machine_id', '=', machineId)
      .where('run_id', '=', runId)
      .where('round', '=', round);

  return {
    keep: (captures) =>
      context.change(async (tx) => {
        for (const capture of captures) {
          const row = rowOf(capture);
          await tx.db
            .insertInto('boot_captures')
            .values(row)
            .onConflict((conflict) => conflict.columns(['machine_id', 'run_id', 'round']).doUpdateSet(row))
            .execute();
        }
        for (const machineId of new Set(captures.map((capture) => capture.machineId)))
          await removeOldest(tx, machineId, attempts);
        await tx.db
          .deleteFrom('boot_captures')
          .where('armed_at', '<', tx.at - days * ONE_DAY_MS)
          .execute();
      }),

    async list(machineId, { before, limit = DEFAULT_LIMIT }) {
      let query = db
        .selectFrom('boot_captures')
        .select(COLUMNS)
        .where('machine_id', '=', machineId)
        .orderBy('run_id', 'desc')
        .orderBy('round', 'desc')
        .limit(Math.max(0, Math.min(limit, HIGHEST_LIMIT)));
      if (before !== undefined) {
        const { runId, round } = before;
        query = query.where((each) =>
          each.or([each('run_id', '<', runId), each.and([each('run_id', '=', runId), each('round', '<', round)])]),
        );
      }
      return (await query.execute()).map(captureOf);
    },

    async find(attempt) {
      const row = await rowsOf(attempt).select(COLUMNS).executeTakeFirst();
      return row === undefined ? undefined : captureOf(row);
    },

    async packets(attempt) {
      const row = await rowsOf(attempt).select('pcap').executeTakeFirst();
      return row === undefined ? undefined : Buffer.from(row.pcap);
    },
  };
}

async function removeOldest(tx: Tx, machineId: string, kept: number): Promise<void> {
  const last = await tx.db
    .selectFrom('boot_captures')
    .select(['run_id', 'round'])
    .where('machine_id', '=', machineId)
    .orderBy('run_id', 'desc')
    .orderBy('round', 'desc')
    .offset(kept - 1)
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return;
  await tx.db
    .deleteFrom('boot_captures')
    .where('machine_id', '=', machineId)
    .where((each) =>
      each.or([
        each('run_id', '<', last.run_id),
        each.and([each('run_id', '=', last.run_id), each('round', '<', last.round)]),
      ]),
    )
    .execute();
}

function rowOf(capture: BootCapture & { readonly pcap: Buffer }): BootCapturesTable {
  return {
    machine_id: capture.machineId,
    run_id: capture.runId,
    round: capture.round,
    armed_at: capture.armedAt,
    ended_at: capture.endedAt,
    packets: capture.packets,
    evidence: toColumn(capture.evidence),
    findings: toColumn(capture.findings),
    pcap: capture.pcap,
  };
}

function captureOf(row: Omit<Selectable<BootCapturesTable>, 'pcap'>): BootCapture {
  return {
    machineId: row.machine_id,
    runId: row.run_id,
    round: row.round,
    armedAt: row.armed_at,
    endedAt: row.ended_at,
    packets: row.packets,
    evidence: fromColumn(row.evidence, 'boot evidence'),
    findings: fromColumn(row.findings, 'boot findings'),
  };
}
