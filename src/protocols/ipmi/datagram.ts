import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { decodeRmcpHeader, encodeRmcpHeader, IPMI_RMCP_HEADER, RMCP_NO_ACK, RmcpClass } from './rmcp.ts';
import { AuthenticationType, decodeSessionV1, encodeSessionV1, type SessionV1 } from './session-v1.ts';
import { decodeSessionV2, encodeSessionV2, type SessionV2 } from './session-v2.ts';

/**
 * The largest datagram that is looked at. Messages over LAN stay below 300 bytes (a 255-byte SOL payload with headers
 * and trailer is the longest); the rest is room for controllers that raise their payload sizes.
 */
export const MAXIMUM_DATAGRAM_BYTES = 1024;

/** One UDP datagram with an IPMI message, by the format of its session header. */
export type IpmiDatagram =
  | { readonly format: 'v1.5'; readonly session: SessionV1 }
  /** `signed` is everything from the session header to the end: what the authentication code covers, and the code. */
  | { readonly format: 'v2.0'; readonly session: SessionV2; readonly signed: Buffer };

/**
 * Reads one datagram: RMCP header, then a session wrapper of either format.
 * @param datagram kept by the result as views
 * @throws DecodeError when oversized, short, not IPMI, or an RMCP acknowledge
 * @see IPMI v2.0 rev. 1.1 §13.1.3, §13.6
 */
export function decodeDatagram(datagram: Buffer): IpmiDatagram {
  if (datagram.length > MAXIMUM_DATAGRAM_BYTES) {
    throw new DecodeError(`datagram of ${datagram.length} bytes, at most ${MAXIMUM_DATAGRAM_BYTES} are looked at`);
  }
  const reader = new ByteReader(datagram);
  const header = decodeRmcpHeader(reader);
  if (header.messageClass !== RmcpClass.ipmi || header.acknowledge || header.sequence !== RMCP_NO_ACK) {
    throw new DecodeError('RMCP message is not an IPMI message');
  }
  const signed = datagram.subarray(reader.offset);
  if (signed[0] === AuthenticationType.rmcpPlus) return { format: 'v2.0', session: decodeSessionV2(reader), signed };
  return { format: 'v1.5', session: decodeSessionV1(reader) };
}

/** One datagram with a v1.5 wrapper. */
export function encodeDatagramV1(session: SessionV1): Buffer {
  const writer = new ByteWriter(MAXIMUM_DATAGRAM_BYTES);
  encodeRmcpHeader(IPMI_RMCP_HEADER, writer);
  encodeSessionV1(session, writer);
  return writer.done();
}

/** One datagram with a v2.0 wrapper. */
export function encodeDatagramV2(session: SessionV2): Buffer {
  const writer = new ByteWriter(4 + 18 + session.payload.length + session.trailer.length);
  encodeRmcpHeader(IPMI_RMCP_HEADER, writer);
  encodeSessionV2(session, writer);
  return writer.done();
}
