/** When to send again, from how fast the client answered so far. */
export type Retransmission = {
  /** Milliseconds of silence after which to send again. */
  readonly waitMs: number;
  /** An answer came. @param tookMs since what it answers was sent; undefined when that was sent twice (Karn's rule) */
  answered(tookMs: number | undefined): void;
  /** Nothing came, and it is sent again. @returns false when that was tried often enough */
  silent(): boolean;
};

export type RetransmissionOptions = {
  /** Before the first answer, and never more than eight times this. */
  readonly firstMs: number;
  /** Never less: a client may have to write what it got to slow memory. */
  readonly leastMs: number;
  /** Times in a row. */
  readonly attempts: number;
};

/** Back-off stops doubling at this multiple of the first wait. */
const LONGEST_FACTOR = 8;

/**
 * Smoothed round trip plus four deviations, doubled with each silence.
 * @see RFC 1123 §4.2.3.2, which wants adaptive time-outs of TFTP; RFC 6298 §2 for the sums
 */
export function createRetransmission({ firstMs, leastMs, attempts }: RetransmissionOptions): Retransmission {
  let smoothed: number | undefined;
  let deviation = 0;
  let doubled = 1;
  let silences = 0;
  return {
    get waitMs() {
      const base = smoothed === undefined ? firstMs : Math.min(firstMs, Math.max(leastMs, smoothed + 4 * deviation));
      return Math.min(base * doubled, firstMs * LONGEST_FACTOR);
    },
    answered(tookMs) {
      doubled = 1;
      silences = 0;
      if (tookMs === undefined) return;
      if (smoothed === undefined) {
        smoothed = tookMs;
        deviation = tookMs / 2;
      } else {
        deviation += (Math.abs(smoothed - tookMs) - deviation) / 4;
        smoothed += (tookMs - smoothed) / 8;
      }
    },
    silent() {
      if (silences >= attempts) return false;
      silences += 1;
      doubled *= 2;
      return true;
    },
  };
}
