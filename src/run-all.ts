/** A long-lived part. */
export type Runnable = { run(signal: AbortSignal): Promise<void> };

/**
 * Runs all parts until the signal fires; when one ends or fails, all are told to end.
 * @throws the first failure, after all have ended
 */
export async function runAll(parts: readonly Runnable[], signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) stop.abort(signal.reason);
  const failures: unknown[] = [];
  const run = async (part: Runnable): Promise<void> => {
    try {
      await part.run(stop.signal);
    } catch (error) {
      // What a part throws because it was told to end is no failure.
      if (!stop.signal.aborted) failures.push(error);
    }
    stop.abort(new Error('a part of the service ended'));
  };
  await Promise.all(parts.map(run));
  signal.removeEventListener('abort', onAbort);
  if (failures.length > 0) throw failures[0];
}
