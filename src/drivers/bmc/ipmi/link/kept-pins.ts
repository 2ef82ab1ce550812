import type { BmcPins } from '../../../../domain/ports/bmc-pins.ts';
import { errorText } from '../../../../foundation/errors.ts';
import type { Log } from '../../../../foundation/log.ts';
import type { SuitePins } from './suite-pins.ts';

/**
 * Pins kept in memory and written behind: a session is not made to wait for the disk, and the worst that a lost write
 * costs is one session that could have been weaker. `settled` resolves when everything is written.
 */
export async function loadPins(store: BmcPins, log: Log): Promise<SuitePins & { settled(): Promise<void> }> {
  const pins = new Map((await store.list()).map(({ bmc, cipherSuite }) => [bmc, cipherSuite]));
  let last: Promise<void> = Promise.resolve();
  const write = (work: () => Promise<void>): void => {
    last = last
      .then(work)
      .catch((error: unknown) => log.warn({ error: errorText(error) }, 'cipher suite of a BMC not kept'));
  };
  return {
    get: (bmc) => pins.get(bmc),
    set(bmc, cipherSuite) {
      pins.set(bmc, cipherSuite);
      write(() => store.put({ bmc, cipherSuite }));
    },
    forget(bmc) {
      pins.delete(bmc);
      write(() => store.remove(bmc));
    },
    settled: () => last,
  };
}
