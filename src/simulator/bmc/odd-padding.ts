import { createHash, createHmac } from 'node:crypto';
import { encryptsPackets, IntegrityAlgorithm, signsPackets } from '../../protocols/ipmi/cipher-suites.ts';
import { encryptPayload } from '../../protocols/ipmi/confidentiality.ts';
import { encodeDatagramV2 } from '../../protocols/ipmi/datagram.ts';
import type { SessionProtection } from '../../protocols/ipmi/protected-payload.ts';
import type { SessionV2 } from '../../protocols/ipmi/session-v2.ts';

const RMCP_HEADER_BYTES = 4;
const NEXT_HEADER = 0x07;

/**
 * One datagram of a session whose integrity pad makes header and payload a multiple of 4, the trailer's own two bytes
 * left out of the count; the code covers all of it, as always. Seen on the boards of ipmitool's "-o icts".
 * @see IPMI v2.0 rev. 1.1 Table 13-8
 */
export function encodeOddlyPaddedDatagram(
  packet: Pick<SessionV2, 'payloadType' | 'sessionId' | 'sessionSequence' | 'payload'>,
  { suite, k1, k2 }: SessionProtection,
  vector: Buffer,
): Buffer {
  const encrypted = encryptsPackets(suite);
  const payload = encrypted ? encryptPayload(k2, vector, packet.payload) : packet.payload;
  const unsigned = { ...packet, encrypted, authenticated: signsPackets(suite), payload, trailer: Buffer.alloc(0) };
  if (!unsigned.authenticated) return encodeDatagramV2(unsigned);
  const padLength = (4 - (payload.length % 4)) % 4;
  const trailer = Buffer.of(...Array<number>(padLength).fill(0xff), padLength, NEXT_HEADER);
  const covered = encodeDatagramV2({ ...unsigned, trailer });
  const signed = covered.subarray(RMCP_HEADER_BYTES);
  const code =
    suite.integrity === IntegrityAlgorithm.md5x128
      ? createHash('md5').update(k1).update(signed).update(k1).digest()
      : createHmac(suite.hash ?? 'sha1', k1)
          .update(signed)
          .digest();
  return Buffer.concat([covered, code.subarray(0, suite.integrityCodeBytes)]);
}
