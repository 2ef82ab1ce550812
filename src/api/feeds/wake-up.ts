import type { Timeline } from '../../domain/ports/timeline.ts';
import type { Clock } from '../../foundation/clock.ts';

/** Waits for changes of some machines, without losing one that comes between two waits. */
export type WakeUp = Disposable & {
  /** Resolves at once when there was a change since the last wait; else at the next one, or after `ms`. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
};

/** @param concerns called for each change, with the machine's id; true when it matters here */
export function createWakeUp(
  timeline: Pick<Timeline, 'onChange'>,
  clock: Clock,
  concerns: (machineId: string) => boolean,
): WakeUp {
  let changed = false;
  let wake: (() => void) | undefined;
  const subscription = timeline.onChange((machineId) => {
    if (!concerns(machineId)) return;
    changed = true;
    wake?.();
  });
  return {
    async wait(ms, signal) {
      signal.throwIfAborted();
      if (!changed) await sleepUntilWoken(ms, signal);
      changed = false;
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };

  async function sleepUntilWoken(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const end = (): void => woken.abort();
    wake = end;
    signal.addEventListener('abort', end, { once: true });
    try {
      // Both ends of the wait are an abort of the sleep; whether it was the caller's is asked below.
      await clock.sleep(ms, woken.signal).catch(() => undefined);
      signal.throwIfAborted();
    } finally {
      wake = undefined;
      signal.removeEventListener('abort', end);
    }
  }
}
