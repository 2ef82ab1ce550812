import type { NewEvent, TimelineEvent } from '../domain/event.ts';
import { NotFoundError } from '../foundation/errors.ts';
import type { StoreContext, Tx } from './transaction.ts';

type Append = (tx: Tx, machineId: string, events: readonly NewEvent[]) => Promise<readonly TimelineEvent[]>;

type Waiting = {
  readonly machineId: string;
  readonly events: readonly NewEvent[];
  resolve(appended: readonly TimelineEvent[]): void;
  reject(error: unknown): void;
};

/** One transaction holds the database's only writer for a few milliseconds with so many. */
const MOST_TOGETHER = 128;

/**
 * Appends of the same moment in one transaction: a rack that powers on reports hundreds of events a second, and a disk
 * syncs only so often. Each append is told its own outcome after the commit: a machine that is not there fails alone, and when the
 * whole fails each is tried by itself.
 */
export function createAppendTogether(context: Pick<StoreContext, 'change'>, append: Append) {
  const queue: Waiting[] = [];
  let working = false;

  async function together(batch: readonly Waiting[]): Promise<void> {
    const outcomes = await context.change(async (tx) => {
      const done: (() => void)[] = [];
      for (const { machineId, events, resolve, reject } of batch) {
        try {
          const appended = await append(tx, machineId, events);
          done.push(() => resolve(appended));
        } catch (error) {
          // Nothing of it was written, so the others are not concerned.
          if (!(error instanceof NotFoundError)) throw error;
          done.push(() => reject(error));
        }
      }
      return done;
    });
    for (const tell of outcomes) tell();
  }

  async function each(batch: readonly Waiting[]): Promise<void> {
    for (const { machineId, events, resolve, reject } of batch) {
      await context.change((tx) => append(tx, machineId, events)).then(resolve, reject);
    }
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      // What is reported in this turn joins; while a transaction is under way, the next gathers.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const batch = queue.splice(0, MOST_TOGETHER);
      await together(batch).catch(() => each(batch));
    }
    working = false;
  }

  return (machineId: string, events: readonly NewEvent[]): Promise<readonly TimelineEvent[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly TimelineEvent[]>();
    queue.push({ machineId, events, resolve, reject });
    if (!working) {
      working = true;
      void drain();
    }
    return promise;
  };
}
