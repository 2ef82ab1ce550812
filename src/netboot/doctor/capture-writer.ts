import type { BootCaptures } from '../../domain/ports/boot-captures.ts';
import type { Clock } from '../../foundation/clock.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { BootCase } from './boot-case.ts';

/** Writes cases now and then; nothing waits for it but itself. */
export type CaptureWriter = {
  /** Writes those that are due, some at a time. */
  write(cases: Iterable<BootCase>): Promise<void>;
  /** Writes them all, due or not. */
  flush(cases: Iterable<BootCase>): Promise<void>;
};

/** A crash loses so much of what was seen, milliseconds. */
const WRITE_AFTER_MS = 5000;
/** Cases in one transaction: one wait for the disk for all of them, a few megabytes at most. */
const MOST_AT_ONCE = 32;
/** Writing may take this share of the time: one part of so many. */
const MOST_SHARE = 10;

export function createCaptureWriter(deps: {
  readonly captures: Pick<BootCaptures, 'keep'>;
  readonly clock: Clock;
  readonly log: Log;
}): CaptureWriter {
  const { captures, clock, log } = deps;
  let notBefore = 0;

  async function keep(some: readonly BootCase[]): Promise<void> {
    const begun = clock.elapsed();
    try {
      await captures.keep(some.map((each) => each.written()));
    } catch (error) {
      for (const each of some) each.unwritten(clock.now());
      log.error({ attempts: some.length, error: errorText(error) }, 'boot captures could not be written');
    }
    notBefore = clock.elapsed() + MOST_SHARE * (clock.elapsed() - begun);
  }

  return {
    async write(cases) {
      if (clock.elapsed() < notBefore) return;
      const due = clock.now() - WRITE_AFTER_MS;
      const some: BootCase[] = [];
      for (const each of cases) {
        if (each.unwrittenSince === null || each.unwrittenSince > due) continue;
        some.push(each);
        if (some.length === MOST_AT_ONCE) break;
      }
      if (some.length > 0) await keep(some);
    },
    async flush(cases) {
      const left = [...cases].filter((each) => each.unwrittenSince !== null);
      for (let from = 0; from < left.length; from += MOST_AT_ONCE) await keep(left.slice(from, from + MOST_AT_ONCE));
    },
  };
}
