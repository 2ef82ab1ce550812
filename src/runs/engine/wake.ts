import type { Clock } from '../../foundation/clock.ts';

/** A bell that one waiter listens to. A ring while nobody waits is kept, so that none is lost between a look and a wait. */
export type Wake = {
  ring(): void;
  /** Waits for a ring, at most `ms`; false when none came. @throws the signal's reason */
  wait(ms: number, signal: AbortSignal): Promise<boolean>;
};

export function createWake(clock: Clock): Wake {
  let rung = false;
  let asleep: AbortController | undefined;
  return {
    ring() {
      rung = true;
      asleep?.abort();
    },
    async wait(ms, signal) {
      signal.throwIfAborted();
      if (!rung) {
        const sleep = new AbortController();
        const onAbort = (): void => sleep.abort();
        signal.addEventListener('abort', onAbort, { once: true });
        asleep = sleep;
        try {
          await clock.sleep(ms, sleep.signal);
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          if (!sleep.signal.aborted) throw error;
        } finally {
          asleep = undefined;
          signal.removeEventListener('abort', onAbort);
        }
      }
      const heard = rung;
      rung = false;
      return heard;
    },
  };
}
