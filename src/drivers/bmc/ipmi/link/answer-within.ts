import type { Clock } from '../../../../foundation/clock.ts';
import { WORK_IS_DONE } from '../../../../foundation/deadline.ts';

/**
 * Settles with the answer, or with undefined when `ms` have passed without one.
 * @throws the signal's reason when it fires first
 */
export async function answerWithin<T>(
  clock: Clock,
  ms: number,
  answer: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  signal.throwIfAborted();
  const timer = new AbortController();
  const onAbort = (): void => timer.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([answer, clock.sleep(ms, timer.signal).then(() => undefined)]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Ends the sleep when the answer came first; its rejection then loses a settled race.
    timer.abort(WORK_IS_DONE);
  }
}
