import { type Entropy, fraction } from './entropy.ts';

export type RetryOptions = {
  /** Wait for the first answer, milliseconds. */
  readonly firstMs: number;
  /** Each later wait is the earlier one times this. Default 2. */
  readonly factor?: number;
  /** No wait is longer than this, milliseconds. Default: no limit. */
  readonly maximumMs?: number;
  /** How many attempts in all. */
  readonly attempts: number;
  /** Share of each wait that is random, 0 to 1, so that a fleet does not retry in step. Default 0. */
  readonly jitter?: number;
};

/** The waits between attempts, in milliseconds, one for each attempt. */
export function* retrySchedule(options: RetryOptions, entropy: Entropy): Generator<number> {
  const { firstMs, factor = 2, maximumMs = Number.POSITIVE_INFINITY, attempts, jitter = 0 } = options;
  let wait = firstMs;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const capped = Math.min(wait, maximumMs);
    yield jitter === 0 ? capped : capped * (1 - jitter * fraction(entropy));
    wait *= factor;
  }
}
