import { setTimeout as delay } from 'node:timers/promises';

/** The only source of time. Tests advance one by hand. */
export type Clock = {
  /** Wall clock, epoch milliseconds: for what is recorded. */
  now(): number;
  /** Monotonic milliseconds since some fixed point: for measuring how long something took. */
  elapsed(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it fires first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
};

/** Longest sleep a Node timer can hold (2^31-1 ms); longer ones are cut, and every caller re-reads its deadline. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: async (ms, signal) => {
    signal.throwIfAborted();
    try {
      await delay(Math.min(Math.max(0, ms), LONGEST_TIMER_MS), undefined, { signal });
    } catch (error) {
      // Node rejects with an AbortError of its own around the reason; callers are promised the reason itself.
      if (signal.aborted) throw signal.reason;
      throw error;
    }
  },
};
