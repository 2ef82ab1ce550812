import type { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../foundation/bytes/byte-writer.ts';

/** Authentication types of the session header. 06h marks the v2.0 format. @see IPMI v2.0 rev. 1.1 Table 13-8 */
export const AuthenticationType = { none: 0, md2: 1, md5: 2, password: 4, oem: 5, rmcpPlus: 6 } as const;

/** An IPMI v1.5 session wrapper, inside or outside a session. */
export type SessionV1 = {
  /** Never {@link AuthenticationType.rmcpPlus}. */
  readonly authenticationType: number;
  readonly sessionSequence: number;
  readonly sessionId: number;
  /** 16 bytes, there unless the authentication type is none. */
  readonly authenticationCode?: Buffer;
  readonly payload: Buffer;
  /** What follows the payload: nothing, or the legacy pad byte. */
  readonly trailer: Buffer;
};

const AUTHENTICATION_CODE_BYTES = 16;

/** Datagram sizes, Ethernet framing aside, after which v1.5 wants one zero byte more. @see §13.6, Table 13-8 */
const PADDED_SIZES: ReadonlySet<number> = new Set([56, 84, 112, 128, 156]);
const IP_UDP_RMCP_BYTES = 20 + 8 + 4;

/**
 * Reads a v1.5 session wrapper.
 *   0     authentication type
 *   1-4   session sequence number, least significant byte first
 *   5-8   session id
 *   9-24  authentication code, unless the type is none
 *   +0    payload length, then the payload, then perhaps a legacy pad byte
 * @see IPMI v2.0 rev. 1.1 §13.6, Table 13-8
 */
export function decodeSessionV1(reader: ByteReader): SessionV1 {
  const authenticationType = reader.u8('authentication type');
  const sessionSequence = reader.u32le('session sequence');
  const sessionId = reader.u32le('session id');
  const code =
    authenticationType === AuthenticationType.none
      ? {}
      : { authenticationCode: reader.bytes(AUTHENTICATION_CODE_BYTES, 'authentication code') };
  const payload = reader.bytes(reader.u8('payload length'), 'payload');
  return { authenticationType, sessionSequence, sessionId, ...code, payload, trailer: reader.rest() };
}

/** Writes a v1.5 session wrapper. @see IPMI v2.0 rev. 1.1 §13.6 */
export function encodeSessionV1(session: SessionV1, writer: ByteWriter): void {
  writer.u8(session.authenticationType).u32le(session.sessionSequence).u32le(session.sessionId);
  if (session.authenticationCode) writer.fixed(session.authenticationCode, AUTHENTICATION_CODE_BYTES);
  writer.u8(session.payload.length).bytes(session.payload).bytes(session.trailer);
}

/** A wrapper for a message outside any session, with the legacy pad where the specification wants it. */
export function sessionlessV1(payload: Buffer): SessionV1 {
  const size = IP_UDP_RMCP_BYTES + 10 + payload.length;
  return {
    authenticationType: AuthenticationType.none,
    sessionSequence: 0,
    sessionId: 0,
    payload,
    trailer: Buffer.alloc(PADDED_SIZES.has(size) ? 1 : 0),
  };
}

export function describeSessionV1(session: SessionV1): string {
  return `v1.5 auth ${session.authenticationType} session ${session.sessionId} #${session.sessionSequence}, ${session.payload.length} bytes`;
}
