import type { Clock } from '../../../../foundation/clock.ts';
import type { Entropy } from '../../../../foundation/entropy.ts';
import { retrySchedule } from '../../../../foundation/retry-schedule.ts';
import type { IpmiSettings } from '../options.ts';

/** How long a BMC has lately taken to answer. */
export type AnswerTimes = {
  /**
   * An answer came so many milliseconds after its request was first sent. To be told only of what is surely the BMC's own
   * time: after a request that was sent again, not before the answer to another copy has shown that none was lost.
   */
  took(ms: number): void;
  /** The longest of late, milliseconds; 0 when nothing is known. */
  longest(): number;
};

/** A controller that was slow is taken to be slow for so long, ms. */
const REMEMBERED_MS = 600_000;
/** How much longer than the longest answer of late is waited. */
const MARGIN = 1.5;

export function createAnswerTimes(clock: Clock): AnswerTimes {
  let longestMs = 0;
  let at = 0;
  const recent = (): boolean => clock.elapsed() - at <= REMEMBERED_MS;
  return {
    took(ms) {
      if (ms < longestMs && recent()) return;
      longestMs = ms;
      at = clock.elapsed();
    },
    longest: () => (recent() ? longestMs : 0),
  };
}

/**
 * The waits for answers of a BMC, one for each of `attempts`: doubling from `firstWaitMs`, but none shorter than this
 * BMC has lately needed, up to the longest wait of the settings. A slow controller that is asked again before it has
 * answered gets slower still, and its session, silent as it seems, would be given up with every command.
 */
export function* answerWaits(
  { times, entropy }: { readonly times: AnswerTimes; readonly entropy: Entropy },
  { firstWaitMs, attempts: most }: Pick<IpmiSettings, 'firstWaitMs' | 'attempts'>,
  attempts: number,
): Generator<number> {
  const leastMs = Math.min(times.longest() * MARGIN, firstWaitMs * 2 ** (most - 1));
  for (const waitMs of retrySchedule({ firstMs: firstWaitMs, attempts }, entropy)) yield Math.max(waitMs, leastMs);
}
