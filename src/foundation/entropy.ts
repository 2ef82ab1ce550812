import { randomBytes } from 'node:crypto';

/** The only source of randomness, so that handshakes can replay recorded vectors. */
export type Entropy = {
  /** `length` bytes fit for keys and nonces; the buffer is the caller's. */
  bytes(length: number): Buffer;
};

export const systemEntropy: Entropy = { bytes: (length) => randomBytes(length) };

/** An unsigned 32-bit number that is not 0 (session ids and transaction ids reserve 0). */
export function nonZeroUint32(entropy: Entropy): number {
  for (;;) {
    const value = entropy.bytes(4).readUInt32BE(0);
    if (value !== 0) return value;
  }
}

/** A fraction in [0, 1) for jitter. */
export function fraction(entropy: Entropy): number {
  return entropy.bytes(4).readUInt32BE(0) / 0x1_0000_0000;
}

/** Letters and digits that sort and copy well; 5 bits each, so 26 of them carry 130 bits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A random identifier of `length` characters of the alphabet `0-9a-z` without i, l, o, u. */
export function randomId(entropy: Entropy, length: number): string {
  let id = '';
  for (const byte of entropy.bytes(length)) id += ALPHABET[byte & 31];
  return id;
}
