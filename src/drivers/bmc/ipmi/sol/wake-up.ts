import type { Clock } from '../../../../foundation/clock.ts';

/** Something that one loop waits for and others set off. A call that nobody waits for is kept for the next wait. */
export type WakeUp = {
  wake(): void;
  /** Forgets a call that nobody has waited for. */
  forget(): void;
  /**
   * Resolves with true when woken, with false when `ms` have passed first; without `ms` only waking ends it.
   * @throws the signal's reason when it fires first
   */
  wait(ms: number | undefined, signal: AbortSignal): Promise<boolean>;
};

export function createWakeUp(clock: Clock): WakeUp {
  let called = false;
  let waiter: (() => void) | undefined;
  return {
    wake() {
      called = true;
      waiter?.();
    },
    forget() {
      called = false;
    },
    async wait(ms, signal) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      const timer = new AbortController();
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      waiter = () => resolve(true);
      if (called) waiter();
      // The sleep is ended through `timer`; its rejection then says nothing new.
      const asleep =
        ms === undefined
          ? undefined
          : clock.sleep(ms, timer.signal).then(
              () => resolve(false),
              () => undefined,
            );
      try {
        return await promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
        waiter = undefined;
        called = false;
        timer.abort();
        await asleep;
      }
    },
  };
}
