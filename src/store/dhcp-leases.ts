import { type Selectable, sql } from 'kysely';
import type { Lease, Leases } from '../domain/ports/netboot.ts';
import { preparedRead, preparedWrite } from './prepared.ts';
import type { DhcpLeasesTable } from './schema.ts';
import type { StoreContext } from './transaction.ts';

/**
 * DHCP leases. A declined address stays declined, with the MAC that said so, until it expires or is given out again:
 * its row does not count as that MAC's lease.
 */
export function createLeases(context: StoreContext): Leases {
  const { db, clock } = context;
  const freeAddress = preparedWrite<Pick<DhcpLeasesTable, 'address'>>((blank) =>
    db.deleteFrom('dhcp_leases').where('address', '=', blank('address')),
  );
  const freeMac = preparedWrite<Pick<DhcpLeasesTable, 'mac'>>((blank) =>
    db.deleteFrom('dhcp_leases').where('mac', '=', blank('mac')).where(HELD),
  );
  const insert = preparedWrite<DhcpLeasesTable>((blank) =>
    db.insertInto('dhcp_leases').values({
      address: blank('address'),
      mac: blank('mac'),
      expires_at: blank('expires_at'),
      state: blank('state'),
    }),
  );

  const byMac = preparedRead<Pick<DhcpLeasesTable, 'mac'>, DhcpLeasesTable>(context, (blank) =>
    db.selectFrom('dhcp_leases').selectAll().where('mac', '=', blank('mac')).where(HELD),
  );
  const byAddress = preparedRead<Pick<DhcpLeasesTable, 'address'>, DhcpLeasesTable>(context, (blank) =>
    db.selectFrom('dhcp_leases').selectAll().where('address', '=', blank('address')),
  );

  async function putAll(leases: readonly Lease[]): Promise<void> {
    const rows = leases.map(rowOf);
    const held = rows.filter(({ state }) => state !== 'declined');
    await context.write(() => [freeAddress(rows), freeMac(held), insert(rows)], { urgency: 'urgent' });
  }

  return {
    async ofMac(mac) {
      const [row] = await byMac({ mac: mac.toLowerCase() });
      return row === undefined ? undefined : leaseOf(row);
    },
    async ofAddress(address) {
      const [row] = await byAddress({ address });
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
      await context.write(() => [freeAddress([{ address }])], {});
    },
  };
}

/** In these words the index `dhcp_leases_mac` has it; with parameters in their place, databases would not use it. */
const HELD = sql<boolean>`state in ('offered', 'bound')`;

function rowOf({ address, mac, expiresAt, state }: Lease): DhcpLeasesTable {
  return { address, mac: mac.toLowerCase(), expires_at: expiresAt, state };
}

function leaseOf(row: Selectable<DhcpLeasesTable>): Lease {
  return { address: row.address, mac: row.mac, expiresAt: row.expires_at, state: row.state };
}
