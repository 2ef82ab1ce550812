/** Sum modulo 256: 0 for bytes that end with their zero checksum. @see FRU v1.0 rev. 1.3 §8 */
export function zeroSum(bytes: Buffer): number {
  let total = 0;
  for (const byte of bytes) total += byte;
  return total & 0xff;
}

/** The byte that makes the sum 0. */
export const zeroChecksum = (bytes: Buffer): number => -zeroSum(bytes) & 0xff;
