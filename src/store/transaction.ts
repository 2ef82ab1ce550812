import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { JobRows, OpenDatabase, Urgency, WriteJob } from './dialect.ts';
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
  /** As in `OpenDatabase`. */
  readonly read: OpenDatabase['read'];
  /** Runs `work` in a transaction, commits, then wakes the listeners; when it throws, nothing happened. */
  change<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Carries out what needs no answer between its statements, for what comes by the thousand: together with others of the same moment, and
   * without keeping this thread while the disk syncs.
   * @param job told the time of what it records, epoch ms, when its turn has come
   * @param about `machineId`: whose listeners are woken afterwards; `urgency`: default `patient`
   */
  write(
    job: (at: number) => WriteJob,
    about: { readonly machineId?: string; readonly urgency?: Urgency },
  ): Promise<JobRows>;
  onChange(wake: (machineId: string) => void): Disposable;
};

export function createStoreContext(parts: {
  readonly database: Pick<OpenDatabase, 'db' | 'read' | 'inTurn' | 'write'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
}): StoreContext {
  const { database, clock, log, newId } = parts;
  const { db } = database;
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
    read: database.read,
    clock,
    newId,
    async change(work) {
      const touched = new Set<string>();
      const result = await database.inTurn(() =>
        db
          .transaction()
          .execute((tx) => work({ db: tx, at: clock.now(), touch: (machineId) => touched.add(machineId) })),
      );
      for (const machineId of touched) wakeAll(machineId);
      return result;
    },
    async write(job, { machineId, urgency = 'patient' }) {
      const rows = await database.write(() => job(clock.now()), urgency);
      if (machineId !== undefined && rows !== undefined) wakeAll(machineId);
      return rows;
    },
    onChange(wake) {
      const listener = { wake };
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}
