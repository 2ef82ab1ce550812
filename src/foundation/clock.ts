/** The only source of time. Tests advance one by hand. */
export type Clock = {
  /** Wall clock, epoch milliseconds: for what is recorded. */
  now(): number;
  /** Monotonic milliseconds since some fixed point: for measuring how long something took. */
  elapsed(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it fires first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `run` after `ms`, unless disposed before: for waits by the thousand, which mostly end early. */
  after(ms: number, run: () => void): Disposable;
};

/** Longest sleep a Node timer can hold (2^31-1 ms); longer ones are cut, and every caller re-reads its deadline. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, withinTimer(ms));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
  // Not node:timers/promises: it makes an error with a stack for every sleep that is ended early, which is most of them.
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      }, withinTimer(ms));
      signal.addEventListener('abort', onAbort, { once: true });
    }),
};

function withinTimer(ms: number): number {
  return Math.min(Math.max(0, ms), LONGEST_TIMER_MS);
}
