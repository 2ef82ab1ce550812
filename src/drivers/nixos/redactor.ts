import type { Secret } from '../../foundation/secret.ts';

/** Blanks secrets out of a byte stream without changing its length, so that byte offsets stay true. */
export type Redactor = Disposable & {
  /** What may be handed on now, in order; the rest is held back until it is clear whether a secret begins in it. */
  push(chunk: Buffer): Buffer;
  /** What was held back, at the end of the stream. */
  end(): Buffer;
};

const BLANK = 0x2a;
/** Shorter texts would blank out innocent output. */
const SHORTEST = 6;

/**
 * Looks for each secret as it is and in base64, at all three alignments, since it may be encoded with something before
 * it (`Basic` authorization: user, colon, token).
 */
export function createRedactor(secrets: readonly Secret[]): Redactor {
  const patterns = secrets.flatMap((secret) => secret.use(patternsOf));
  let held: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      const all = Buffer.concat([held, chunk]);
      for (const pattern of patterns) blank(all, pattern);
      const keep = patterns.reduce((longest, pattern) => Math.max(longest, overlap(all, pattern)), 0);
      held = all.subarray(all.length - keep);
      return all.subarray(0, all.length - keep);
    },
    end() {
      const rest = held;
      held = Buffer.alloc(0);
      return rest;
    },
    [Symbol.dispose]() {
      for (const pattern of patterns) pattern.fill(0);
      held.fill(0);
    },
  };
}

function patternsOf(bytes: Buffer): Buffer[] {
  const patterns = [Buffer.from(bytes)];
  for (const lead of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(lead), bytes]);
    // Only whole groups of 3 bytes that are all the secret's own encode the same whatever stands around them.
    const from = lead === 0 ? 0 : 3;
    const to = padded.length - (padded.length % 3);
    patterns.push(Buffer.from(padded.subarray(from, to).toString('base64'), 'latin1'));
    padded.fill(0);
  }
  return patterns.filter((pattern) => pattern.length >= SHORTEST);
}

function blank(buffer: Buffer, pattern: Buffer): void {
  for (let at = buffer.indexOf(pattern); at >= 0; at = buffer.indexOf(pattern, at)) {
    buffer.fill(BLANK, at, at + pattern.length);
  }
}

/** Length of the longest end of `buffer` that is a beginning of `pattern`. */
function overlap(buffer: Buffer, pattern: Buffer): number {
  for (let length = Math.min(pattern.length - 1, buffer.length); length > 0; length--) {
    if (buffer.subarray(buffer.length - length).equals(pattern.subarray(0, length))) return length;
  }
  return 0;
}
