import type { Clock } from './clock.ts';
import { DeadlineError } from './errors.ts';

/**
 * Runs `work` with a signal that fires when the caller's does or when `ms` have passed.
 * @param ms whole time allowed, milliseconds
 * @param what what was tried, for the error: "ask BMC 10.0.0.1 for its power state"
 * @throws DeadlineError when the time is over and `work` ended because of it
 * @throws the caller's abort reason, untouched
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const own = new AbortController();
  let passed: DeadlineError | undefined;
  const onAbort = (): void => own.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = clock.after(ms, () => {
    passed = new DeadlineError(`${what}: no result within ${formatSeconds(ms)}`);
    own.abort(passed);
  });
  try {
    return await work(own.signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw passed ?? error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    timer[Symbol.dispose]();
  }
}

/**
 * Settles with `promise`, or rejects with the signal's reason when that fires first: for waits on things that take
 * no signal of their own. The promise goes on in the background; a late rejection is swallowed on purpose, since its
 * caller has already been told why it stopped waiting.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** "1.5 s", "250 ms": durations in messages. */
export function formatSeconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
