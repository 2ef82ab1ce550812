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
    put: ({ address, mac, expiresAt, state }) =>
      context.change(async (tx) => {
        await tx.db
          .deleteFrom('dhcp_leases')
          .where((where) =>
            where.or([
              where('address', '=', address),
              where.and([where('mac', '=', mac.toLowerCase()), where('state', 'in', ['offered', 'bound'])]),
            ]),
          )
          .execute();
        const row = { address, mac: mac.toLowerCase(), expires_at: expiresAt, state };
        await tx.db.insertInto('dhcp_leases').values(row).execute();
      }),
    async remove(address) {
      await db.deleteFrom('dhcp_leases').where('address', '=', address).execute();
    },
  };
}

function leaseOf(row: Selectable<DhcpLeasesTable>): Lease {
  return { address: row.address, mac: row.mac, expiresAt: row.expires_at, state: row.state };
}
