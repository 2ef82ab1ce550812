import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { type CipherSuite, encryptsPackets, signsPackets } from './cipher-suites.ts';
import { decryptPayload, encryptPayload } from './confidentiality.ts';
import { encodeSessionTrailer, MAXIMUM_TRAILER_BYTES, verifySessionTrailer } from './integrity.ts';
import { encodeRmcpHeader, IPMI_RMCP_HEADER } from './rmcp.ts';
import { encodeSessionV2, SESSION_V2_HEADER_BYTES, type SessionV2 } from './session-v2.ts';

/** Both ends' keys for the packets of one session; the buffers belong to the session, which wipes them. */
export type SessionProtection = {
  readonly suite: CipherSuite;
  /** Signs: K1, or the password filled up to 20 bytes where the integrity algorithm is MD5-128. */
  readonly k1: Buffer;
  /** Encrypts. */
  readonly k2: Buffer;
};

/** Why a packet is not accepted in a session: a closed set, fit for a counter's label. */
export type ProtectionFault = 'unprotected' | 'bad-integrity' | 'bad-encryption';

/**
 * One datagram of a session, encrypted and signed as far as its suite says.
 * @param vector 16 fresh random bytes
 * @see IPMI v2.0 rev. 1.1 §13.6, §13.28.4, §13.29.2
 */
export function encodeProtectedDatagram(
  packet: Pick<SessionV2, 'payloadType' | 'sessionId' | 'sessionSequence' | 'payload'>,
  protection: SessionProtection,
  vector: Buffer,
): Buffer {
  const { suite } = protection;
  const [encrypted, authenticated] = [encryptsPackets(suite), signsPackets(suite)];
  const payload = encrypted ? encryptPayload(protection.k2, vector, packet.payload) : packet.payload;
  const writer = new ByteWriter(4 + SESSION_V2_HEADER_BYTES + payload.length + MAXIMUM_TRAILER_BYTES);
  encodeRmcpHeader(IPMI_RMCP_HEADER, writer);
  const start = writer.length;
  encodeSessionV2({ ...packet, encrypted, authenticated, payload, trailer: Buffer.alloc(0) }, writer);
  if (authenticated) encodeSessionTrailer(suite, protection.k1, start, writer);
  return writer.done();
}

/**
 * The clear payload of a received packet, or why it is not to be trusted. The suite decides which of the
 * two protection bits must be set, never the packet: a client that lets the packet choose accepts anything. The
 * authentication code is checked first, in constant time; only then is anything decrypted.
 * @param signed the packet from the session header to its end, as received
 * @see IPMI v2.0 rev. 1.1 §13.28.4, §13.29.2
 */
export function openProtectedPayload(
  session: SessionV2,
  signed: Buffer,
  protection: SessionProtection,
): Buffer | ProtectionFault {
  const { suite } = protection;
  const [encrypted, authenticated] = [encryptsPackets(suite), signsPackets(suite)];
  if (session.authenticated !== authenticated || session.encrypted !== encrypted) return 'unprotected';
  if (authenticated && !verifySessionTrailer(suite, protection.k1, signed, session.trailer.length)) {
    return 'bad-integrity';
  }
  if (!encrypted) return session.payload;
  try {
    return decryptPayload(protection.k2, session.payload);
  } catch (error) {
    if (error instanceof DecodeError) return 'bad-encryption';
    throw error;
  }
}
