import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import type { CipherSuite } from './cipher-suites.ts';
import { decryptPayload, encryptPayload } from './confidentiality.ts';
import { encodeSessionTrailer, MAXIMUM_TRAILER_BYTES, verifySessionTrailer } from './integrity.ts';
import { encodeRmcpHeader, IPMI_RMCP_HEADER } from './rmcp.ts';
import { encodeSessionV2, SESSION_V2_HEADER_BYTES, type SessionV2 } from './session-v2.ts';

/** Both ends' keys for the packets of one session; the buffers belong to the session, which wipes them. */
export type SessionProtection = { readonly suite: CipherSuite; readonly k1: Buffer; readonly k2: Buffer };

/** Why a packet is not accepted in a session: a closed set, fit for a counter's label. */
export type ProtectionFault = 'unprotected' | 'bad-integrity' | 'bad-encryption';

/**
 * One encrypted and signed datagram of a session.
 * @param vector 16 fresh random bytes
 * @see IPMI v2.0 rev. 1.1 §13.6, §13.28.4, §13.29.2
 */
export function encodeProtectedDatagram(
  packet: Pick<SessionV2, 'payloadType' | 'sessionId' | 'sessionSequence' | 'payload'>,
  protection: SessionProtection,
  vector: Buffer,
): Buffer {
  const payload = encryptPayload(protection.k2, vector, packet.payload);
  const writer = new ByteWriter(4 + SESSION_V2_HEADER_BYTES + payload.length + MAXIMUM_TRAILER_BYTES);
  encodeRmcpHeader(IPMI_RMCP_HEADER, writer);
  const start = writer.length;
  encodeSessionV2({ ...packet, encrypted: true, authenticated: true, payload, trailer: Buffer.alloc(0) }, writer);
  encodeSessionTrailer(protection.suite, protection.k1, start, writer);
  return writer.done();
}

/**
 * The clear payload of a received packet, or why it is not to be trusted. Both protection bits must be set, whatever
 * the packet says of itself: a client that lets the packet choose accepts anything. The authentication code is checked
 * first, in constant time; only then is anything decrypted.
 * @param signed the packet from the session header to its end, as received
 * @see IPMI v2.0 rev. 1.1 §13.28.4, §13.29.2
 */
export function openProtectedPayload(
  session: SessionV2,
  signed: Buffer,
  protection: SessionProtection,
): Buffer | ProtectionFault {
  if (!session.authenticated || !session.encrypted) return 'unprotected';
  if (!verifySessionTrailer(protection.suite, protection.k1, signed, session.trailer.length)) return 'bad-integrity';
  try {
    return decryptPayload(protection.k2, session.payload);
  } catch (error) {
    if (error instanceof DecodeError) return 'bad-encryption';
    throw error;
  }
}
