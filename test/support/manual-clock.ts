import type { Clock } from '../../src/foundation/clock.ts';

type Sleeper = { readonly at: number; readonly order: number; wake(): void };

/** A clock that stands still until a test moves it. */
export type ManualClock = Clock & {
  /** Moves time forward, waking sleepers in the order of their times and letting promises settle after each. */
  advance(ms: number): Promise<void>;
  /** How many are asleep. */
  readonly sleepers: number;
};

export function createManualClock(start = 1_700_000_000_000): ManualClock {
  let now = start;
  let order = 0;
  let sleeping: Sleeper[] = [];
  return {
    now: () => now,
    elapsed: () => now - start,
    get sleepers() {
      return sleeping.length;
    },
    sleep(ms, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (signal.aborted) return Promise.reject(signal.reason);
      const onAbort = (): void => {
        sleeping = sleeping.filter((other) => other !== sleeper);
        reject(signal.reason);
      };
      const sleeper: Sleeper = {
        at: now + Math.max(0, ms),
        order: order++,
        wake() {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      sleeping.push(sleeper);
      return promise;
    },
    after(ms, run) {
      const sleeper: Sleeper = { at: now + Math.max(0, ms), order: order++, wake: run };
      sleeping.push(sleeper);
      return {
        [Symbol.dispose]: () => {
          sleeping = sleeping.filter((other) => other !== sleeper);
        },
      };
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const next = sleeping
          .filter((sleeper) => sleeper.at <= end)
          .sort((a, b) => a.at - b.at || a.order - b.order)[0];
        if (next === undefined) break;
        now = Math.max(now, next.at);
        sleeping = sleeping.filter((sleeper) => sleeper !== next);
        next.wake();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}

/** Lets everything run that is ready, I/O callbacks included. */
export async function settle(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
