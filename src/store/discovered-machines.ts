import { type Selectable, sql } from 'kysely';
import { type DiscoveredMachine, STAYED_MS } from '../domain/discovered-machine.ts';
import type { DiscoveredMachines, StrangerSightings } from '../domain/ports/discovered-machines.ts';
import { NotFoundError } from '../foundation/errors.ts';
import { fromColumn, toColumn } from './json-column.ts';
import type { DiscoveredMachinesTable } from './schema.ts';
import type { StoreContext, Tx } from './transaction.ts';

export type DiscoveredMachinesOptions = {
  /** Rows kept, besides ignored ones; those of the lowest standing go first. */
  readonly most: number;
  /** How long one is kept that is not seen any more, milliseconds. */
  readonly keptMs: number;
};

/** Rows of one statement, and of one question about MAC addresses. */
const PART = 64;

/** Discovered machines over their table; what their packets told is JSON that no query looks into. */
export function createDiscoveredMachines(
  { db, clock, change }: StoreContext,
  { most, keptMs }: DiscoveredMachinesOptions,
): DiscoveredMachines {
  const listeners = new Set<{ readonly wake: () => void }>();

  function changed(): void {
    for (const { wake } of [...listeners]) wake();
  }

  const present = () =>
    db
      .selectFrom('discovered_machines')
      .where((row) => row.or([row('last_seen_at', '>=', clock.now() - keptMs), row('ignored_at', 'is not', null)]));

  async function put(tx: Tx, part: readonly StrangerSightings[]): Promise<readonly string[]> {
    const macs = part.map(({ mac }) => mac.toLowerCase());
    const owned = await tx.db.selectFrom('machine_macs').select('mac').where('mac', 'in', macs).execute();
    const declared = new Set(owned.map(({ mac }) => mac));
    const rows = part.map(rowOf).filter(({ mac }) => !declared.has(mac));
    if (rows.length > 0) {
      await tx.db
        .insertInto('discovered_machines')
        .values(rows)
        .onConflict((conflict) =>
          conflict.column('mac').doUpdateSet((row) => ({
            facts: row.ref('excluded.facts'),
            last_seen_at: row.ref('excluded.last_seen_at'),
            requests: sql`discovered_machines.requests + excluded.requests`,
            boots: sql`discovered_machines.boots + excluded.boots`,
          })),
        )
        .execute();
    }
    return [...declared];
  }

  async function trim(tx: Tx): Promise<void> {
    const shown = tx.db.selectFrom('discovered_machines').where('ignored_at', 'is', null);
    await tx.db
      .deleteFrom('discovered_machines')
      .where('ignored_at', 'is', null)
      .where('last_seen_at', '<', tx.at - keptMs)
      .execute();
    const { count } = await shown.select((row) => row.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
    const surplus = Number(count) - most;
    if (surplus <= 0) return;
    // The standing of domain/discovered-machine.ts.
    const standing = sql`case when boots > 1 then 2 when last_seen_at - first_seen_at >= ${STAYED_MS} then 1 else 0 end`;
    const worst = shown.select('mac').orderBy(standing).orderBy('last_seen_at').limit(surplus);
    await tx.db.deleteFrom('discovered_machines').where('mac', 'in', worst).execute();
  }

  return {
    async list() {
      return (await present().selectAll().orderBy('mac').execute()).map(machineOf);
    },
    async get(mac) {
      const row = await db
        .selectFrom('discovered_machines')
        .selectAll()
        .where('mac', '=', mac.toLowerCase())
        .executeTakeFirst();
      return machineOf(there(row, mac));
    },
    async record(sightings) {
      const declared: string[] = [];
      if (sightings.length === 0) return declared;
      await change(async (tx) => {
        for (let from = 0; from < sightings.length; from += PART) {
          declared.push(...(await put(tx, sightings.slice(from, from + PART))));
        }
        await trim(tx);
      });
      if (declared.length < sightings.length) changed();
      return declared;
    },
    async forget(mac) {
      const row = await db
        .deleteFrom('discovered_machines')
        .where('mac', '=', mac.toLowerCase())
        .returningAll()
        .executeTakeFirst();
      there(row, mac);
      changed();
    },
    async ignore(mac, ignored) {
      const row = await db
        .updateTable('discovered_machines')
        .set({ ignored_at: ignored ? clock.now() : null })
        .where('mac', '=', mac.toLowerCase())
        .returningAll()
        .executeTakeFirst();
      const machine = machineOf(there(row, mac));
      changed();
      return machine;
    },
    async summary() {
      const { shown, ignored, latest } = await present()
        .select((row) => [
          sql<number>`coalesce(sum(case when ignored_at is null then 1 else 0 end), 0)`.as('shown'),
          row.fn.count<number>('ignored_at').as('ignored'),
          row.fn.max('last_seen_at').as('latest'),
        ])
        .executeTakeFirstOrThrow();
      return { shown: Number(shown), ignored: Number(ignored), lastSeenAt: latest };
    },
    onChange(wake) {
      const listener = { wake };
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}

/** Takes network cards off the list that belong to a machine now. @returns those that were on it */
export async function dropDiscovered(tx: Tx, macs: readonly string[]): Promise<readonly string[]> {
  if (macs.length === 0) return [];
  const rows = await tx.db.deleteFrom('discovered_machines').where('mac', 'in', macs).returning('mac').execute();
  return rows.map(({ mac }) => mac);
}

function rowOf({ mac, facts, firstSeenAt, lastSeenAt, requests, boots }: StrangerSightings) {
  const times = { first_seen_at: firstSeenAt, last_seen_at: lastSeenAt };
  return { mac: mac.toLowerCase(), facts: toColumn(facts), ...times, requests, boots, ignored_at: null };
}

function machineOf(row: Selectable<DiscoveredMachinesTable>): DiscoveredMachine {
  return {
    mac: row.mac,
    ...fromColumn<StrangerSightings['facts']>(row.facts, 'facts of a discovered machine'),
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    requests: row.requests,
    boots: row.boots,
    ignoredAt: row.ignored_at,
  };
}

function there<T>(row: T | undefined, mac: string): T {
  if (row !== undefined) return row;
  throw new NotFoundError(`no machine with the MAC address ${mac} was discovered`, {
    details: {
      mac,
      hint: 'Look at the list: it leaves it when it is declared, forgotten or not seen for long, and comes back when it asks again. A machine that never asked is declared with POST /machines.',
    },
  });
}
