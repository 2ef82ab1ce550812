import type { BmcPins } from '../domain/ports/bmc-pins.ts';
import type { StoreContext } from './transaction.ts';

/** What controllers have agreed to, by address and port. */
export function createBmcPins({ db, clock }: StoreContext): BmcPins {
  return {
    async list() {
      const rows = await db.selectFrom('bmc_pins').select(['bmc', 'cipher_suite']).orderBy('bmc').execute();
      return rows.map((row) => ({ bmc: row.bmc, cipherSuite: row.cipher_suite }));
    },
    async put({ bmc, cipherSuite }) {
      const values = { cipher_suite: cipherSuite, agreed_at: clock.now() };
      await db
        .insertInto('bmc_pins')
        .values({ bmc, ...values })
        .onConflict((conflict) => conflict.column('bmc').doUpdateSet(values))
        .execute();
    },
    async remove(bmc) {
      await db.deleteFrom('bmc_pins').where('bmc', '=', bmc).execute();
    },
  };
}
