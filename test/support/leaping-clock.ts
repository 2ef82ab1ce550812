import { type Clock, systemClock } from '../../src/foundation/clock.ts';

/** The system's clock, which a test may put forward: sleeps last as long as they would, and time has passed all the same. */
export function createLeapingClock(): Clock & { leap(ms: number): void } {
  let ahead = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + ahead,
    elapsed: () => systemClock.elapsed() + ahead,
    leap(ms) {
      ahead += ms;
    },
  };
}
