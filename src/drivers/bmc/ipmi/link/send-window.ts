import type { Clock } from '../../../../foundation/clock.ts';

/** A datagram's place among those that are under way. */
export type Place = { leave(): void };

/** Bounds how many datagrams wait for their answers at once. */
export type SendWindow = {
  /** Resolves when there is room. @throws the signal's reason when it fires first */
  enter(signal: AbortSignal): Promise<Place>;
};

/**
 * At most `most` datagrams under way. A place is left when its answer has come, and by itself after `holdMs`, so that
 * controllers that do not answer hold nobody up.
 */
export function createSendWindow(clock: Clock, most: number, holdMs: number): SendWindow {
  let inside = 0;
  const waiting = new Set<() => void>();

  function take(): Place {
    inside++;
    let held = true;
    const leave = (): void => {
      if (!held) return;
      held = false;
      timer[Symbol.dispose]();
      inside--;
      const next = waiting.values().next().value;
      if (next === undefined) return;
      waiting.delete(next);
      next();
    };
    const timer = clock.after(holdMs, leave);
    return { leave };
  }

  return {
    enter(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (inside < most) return Promise.resolve(take());
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          waiting.delete(enter);
          reject(signal.reason);
        };
        const enter = (): void => {
          signal.removeEventListener('abort', onAbort);
          resolve(take());
        };
        waiting.add(enter);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
  };
}
