import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Database } from './schema.ts';

/** One transaction under way, and what is true for all of it. */
export type Tx = {
  readonly db: Transaction<Database>;
  /** The time of everything it records, epoch ms. */
  readonly at: number;
  /** Says that events or runs of this machine changed: its listeners are woken after the commit. */
  touch(machineId: string): void;
};

/** What every part of the store works with. */
export type StoreContext = {
  readonly db: Kysely<Database>;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Runs `work` in a transaction, commits, then wakes the listeners; when it throws, nothing happened. */
  change<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  onChange(wake: (machineId: string) => void): Disposable;
};

export function createStoreContext(parts: {
  readonly db: Kysely<Database>;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
}): StoreContext {
  const { db, clock, log, newId } = parts;
  // Boxed, so that the same function may listen twice and each be let go by itself.
  const listeners = new Set<{ readonly wake: (machineId: string) => void }>();

  function wakeAll(machineId: string): void {
    for (const { wake } of [...listeners]) {
      try {
        wake(machineId);
      } catch (error) {
        // The commit has happened; a listener that fails must not make it look undone.
        log.error({ error, machineId }, 'a listener of the timeline failed');
      }
    }
  }

  return {
    db,
    clock,
    newId,
    async change(work) {
      const touched = new Set<string>();
      const result = await db
        .transaction()
        .execute((tx) => work({ db: tx, at: clock.now(), touch: (machineId) => touched.add(machineId) }));
      for (const machineId of touched) wakeAll(machineId);
      return result;
    },
    onChange(wake) {
      const listener = { wake };
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}
