import type { Selectable } from 'kysely';
import type { Lease, Leases } from '../domain/ports/netboot.ts';
import type { DhcpLeasesTable } from './schema.ts';
import type { StoreContext } from './transaction.ts';

/**
 * DHCP leases. A declined address stays declined, with the MAC that said so, until it expires or is given out again:
 * its row does not count as that MAC's lease.
 */
export function createLeases(context: StoreContext): Leases {
  const { db, clock } = context;

  const putAll = (leases: readonly Lease[]): Promise<void> =>
    context.change(async (tx) => {
      for (const part of inParts(leases)) {
        const rows = part.map(({ address, mac, expiresAt, state }) => ({
          address,
          mac: mac.toLowerCase(),
          expires_at: expiresAt,
          state,
        }));
        const addresses = rows.map(({ address }) => address);
        const macs = rows.filter(({ state }) => state !== 'declined').map(({ mac }) => mac);
        await tx.db.deleteFrom('dhcp_leases').where('address', 'in', addresses).execute();
        if (macs.length > 0) {
          await tx.db
            .deleteFrom('dhcp_leases')
            .where('mac', 'in', macs)
            .where('state', 'in', ['offered', 'bound'])
            .execute();
        }
        await tx.db.insertInto('dhcp_leases').values(rows).execute();
      }
    });

  return {
    async ofMac(mac) {
      const row = await db
        .selectFrom('dhcp_leases')
        .selectAll()
        .where('mac', '=', mac.toLowerCase())
        .where('state', 'in', ['offered', 'bound'])
        .executeTakeFirst();
      return row === undefined ? undefined : leaseOf(row);
    },
    async ofAddress(address) {
      const row = await db.selectFrom('dhcp_leases').selectAll().where('address', '=', address).executeTakeFirst();
      return row === undefined ? undefined : leaseOf(row);
    },
    async list() {
      const rows = await db
        .selectFrom('dhcp_leases')
        .selectAll()
        .where('expires_at', '>', clock.now())
        .orderBy('address')
        .execute();
      return rows.map(leaseOf);
    },
    put: (lease) => putAll([lease]),
    putAll,
    async remove(address) {
      await db.deleteFrom('dhcp_leases').where('address', '=', address).execute();
    },
  };
}

/** So many rows go into one statement; few sizes, so that each statement is compiled once and kept. */
const PART_SIZES = [64, 16, 4, 1];

function* inParts(leases: readonly Lease[]): Generator<readonly Lease[]> {
  let from = 0;
  for (const size of PART_SIZES) {
    for (; leases.length - from >= size; from += size) yield leases.slice(from, from + size);
  }
}

function leaseOf(row: Selectable<DhcpLeasesTable>): Lease {
  return { address: row.address, mac: row.mac, expiresAt: row.expires_at, state: row.state };
}
