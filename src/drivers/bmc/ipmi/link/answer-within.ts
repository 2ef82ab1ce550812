import type { Clock } from '../../../../foundation/clock.ts';

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
  const over = Promise.withResolvers<undefined>();
  const onAbort = (): void => over.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = clock.after(ms, () => over.resolve(undefined));
  try {
    return await Promise.race([answer, over.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    timer[Symbol.dispose]();
  }
}
