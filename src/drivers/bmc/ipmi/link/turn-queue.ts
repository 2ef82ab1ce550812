import { abortable } from '../../../../foundation/deadline.ts';

/** Hands out one turn at a time, in the order asked for. */
export type TurnQueue = {
  /** Resolves when it is the caller's turn, which lasts until the result is disposed. */
  turn(signal: AbortSignal): Promise<Disposable>;
};

/**
 * One request at a time to one BMC: many controllers answer only the last of two overlapping requests, and some hang.
 * A caller whose signal fires while waiting leaves the queue; the others move up.
 */
export function createTurnQueue(): TurnQueue {
  let last: Promise<void> = Promise.resolve();
  return {
    async turn(signal) {
      signal.throwIfAborted();
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = before.then(() => promise);
      try {
        await abortable(before, signal);
      } catch (error) {
        resolve();
        throw error;
      }
      return { [Symbol.dispose]: resolve };
    },
  };
}
