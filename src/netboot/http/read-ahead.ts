import type { Clock } from '../../foundation/clock.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Asset, AssetCatalog } from '../assets/catalog.ts';
import type { FileCache } from '../assets/file-cache.ts';

export type ReadAheadDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalog: AssetCatalog;
  readonly cache: FileCache;
};

/** Looked up again after this: a storm of scripts is one look at the disk a second, not one a machine. */
const FRESH_MS = 1000;
/** Names remembered; the oldest is forgotten first. */
const MOST_NAMES = 1024;

/**
 * Starts hashing what a script will make its machine ask for next, and reading it into memory when it is not the only one; the
 * answers then need not wait. Nothing here holds the script up, and no fault of it does.
 */
export function createReadAhead({ clock, log, catalog, cache }: ReadAheadDeps) {
  const known = new Map<string, { readonly at: number; readonly found: Promise<Asset | undefined> }>();

  function lookUp(name: string): Promise<Asset | undefined> {
    const found = catalog.find(name);
    found
      .then((asset) => (asset === undefined ? undefined : catalog.sha256(asset)))
      .catch((error: unknown) => log.warn({ name, error: errorText(error) }, 'asset could not be read ahead'));
    return found.catch(() => undefined);
  }

  return (names: readonly string[], machineId: string): void => {
    const now = clock.elapsed();
    for (const name of names) {
      let entry = known.get(name);
      if (entry === undefined || entry.at + FRESH_MS <= now) {
        entry = { at: now, found: lookUp(name) };
        known.delete(name);
        known.set(name, entry);
        const [oldest] = known.keys();
        if (known.size > MOST_NAMES && oldest !== undefined) known.delete(oldest);
      }
      void entry.found.then((asset) => {
        if (asset !== undefined) cache.expect(asset, machineId);
      });
    }
  };
}
