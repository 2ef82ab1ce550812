import type { LoaderMemory } from '../domain/ports/loader-memory.ts';
import type { StoreContext } from './transaction.ts';

/** Which boot loader works for which network card. */
export function createLoaderMemory({ db }: StoreContext): LoaderMemory {
  return {
    async ofMac(mac) {
      const rows = await db
        .selectFrom('boot_loaders')
        .selectAll()
        .where('mac', '=', mac.toLowerCase())
        .orderBy('architecture')
        .execute();
      return rows.map((row) => ({
        mac: row.mac,
        architecture: row.architecture,
        loader: row.loader,
        provenAt: row.proven_at,
      }));
    },
    async remember({ mac, architecture, loader, provenAt }) {
      const values = { loader, proven_at: provenAt };
      await db
        .insertInto('boot_loaders')
        .values({ mac: mac.toLowerCase(), architecture, ...values })
        .onConflict((conflict) => conflict.columns(['mac', 'architecture']).doUpdateSet(values))
        .execute();
    },
    async forget(macs) {
      if (macs.length === 0) return;
      const lower = macs.map((mac) => mac.toLowerCase());
      await db.deleteFrom('boot_loaders').where('mac', 'in', lower).execute();
    },
  };
}
