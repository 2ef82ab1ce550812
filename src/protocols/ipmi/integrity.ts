import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { type CipherSuite, IntegrityAlgorithm } from './cipher-suites.ts';

/** Value of the trailer's next-header field. @see IPMI v2.0 rev. 1.1 Table 13-8 */
const NEXT_HEADER = 0x07;

/** Pad length and next header, in front of the authentication code. */
const FIXED_TRAILER_BYTES = 2;

/** Most bytes a trailer adds: 3 of padding, the fixed part, a 16-byte code. */
export const MAXIMUM_TRAILER_BYTES = 3 + FIXED_TRAILER_BYTES + 16;

/**
 * Appends the session trailer to a packet whose session header starts at `start` of the writer.
 *   0    integrity pad     FFh bytes, so that header, payload and trailer up to the code are a multiple of 4
 *   +0   pad length
 *   +1   next header       07h
 *   +2   authentication code over everything from the session header to the next header
 * @param key K1; for MD5-128, which is keyed otherwise, the password filled up to 20 bytes
 * @see IPMI v2.0 rev. 1.1 Table 13-8, §13.28.4
 */
export function encodeSessionTrailer(suite: CipherSuite, key: Buffer, start: number, writer: ByteWriter): void {
  const length = writer.length - start + FIXED_TRAILER_BYTES;
  const padLength = (4 - (length % 4)) % 4;
  for (let i = 0; i < padLength; i++) writer.u8(0xff);
  writer.u8(padLength).u8(NEXT_HEADER);
  writer.bytes(integrityCode(suite, key, writer.view(start)));
}

/**
 * Whether the last bytes of `signed` are the right authentication code over all before them. The pad is not recomputed:
 * some controllers pad differently, and whatever they sent is covered by the code.
 * @param key as in {@link encodeSessionTrailer}
 * @param signed the packet from the session header to its end
 * @param trailerBytes how many of them follow the payload
 * @see IPMI v2.0 rev. 1.1 §13.28.4
 */
export function verifySessionTrailer(suite: CipherSuite, key: Buffer, signed: Buffer, trailerBytes: number): boolean {
  if (suite.integrityCodeBytes === 0) return false;
  if (trailerBytes < suite.integrityCodeBytes + FIXED_TRAILER_BYTES) return false;
  const end = signed.length - suite.integrityCodeBytes;
  return timingSafeEqual(signed.subarray(end), integrityCode(suite, key, signed.subarray(0, end)));
}

/** MD5-128 is no HMAC: the password stands before and after the data. @see IPMI v2.0 rev. 1.1 §13.28.4 */
function integrityCode(suite: CipherSuite, key: Buffer, covered: Buffer): Buffer {
  if (suite.integrity === IntegrityAlgorithm.md5x128) {
    return createHash('md5').update(key).update(covered).update(key).digest();
  }
  // Node 24 takes three times as long for a key that is a bare buffer, as measured; for AES five times.
  return createHmac(suite.hash ?? 'sha1', createSecretKey(key))
    .update(covered)
    .digest()
    .subarray(0, suite.integrityCodeBytes);
}
