import type { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { AuthenticationType } from './session-v1.ts';

/** What a v2.0 session wrapper carries. @see IPMI v2.0 rev. 1.1 §13.27.3, Table 13-16 */
export const PayloadType = {
  ipmi: 0x00,
  sol: 0x01,
  oemExplicit: 0x02,
  openSessionRequest: 0x10,
  openSessionResponse: 0x11,
  rakpMessage1: 0x12,
  rakpMessage2: 0x13,
  rakpMessage3: 0x14,
  rakpMessage4: 0x15,
} as const;

/** Bytes of the session header without the OEM fields. */
export const SESSION_V2_HEADER_BYTES = 12;

const ENCRYPTED_BIT = 0x80;
const AUTHENTICATED_BIT = 0x40;

/** An IPMI v2.0 (RMCP+) session wrapper, its payload and trailer still as they were on the wire. */
export type SessionV2 = {
  readonly payloadType: number;
  readonly encrypted: boolean;
  readonly authenticated: boolean;
  /** There when the payload type is {@link PayloadType.oemExplicit}. */
  readonly oem?: { readonly iana: number; readonly payloadId: number };
  /** The receiver's id for the session; 0 outside a session. */
  readonly sessionId: number;
  /** 0 outside a session. */
  readonly sessionSequence: number;
  /** Ciphertext when `encrypted`. */
  readonly payload: Buffer;
  /** Integrity pad, pad length, next header and authentication code; empty when not authenticated. */
  readonly trailer: Buffer;
};

/**
 * Reads a v2.0 session wrapper.
 *   0     authentication type   06h
 *   1     payload type          bit 7 encrypted, bit 6 authenticated, bits 5:0 type
 *  (2-7   OEM IANA and payload id, only for payload type 02h)
 *   2-5   session id
 *   6-9   session sequence number
 *   10-11 payload length, then the payload, then the trailer
 * Nothing here is trusted: integrity is checked over the received bytes by `openProtectedPayload`.
 * @throws DecodeError when short or in another format
 * @see IPMI v2.0 rev. 1.1 §13.6, Table 13-8
 */
export function decodeSessionV2(reader: ByteReader): SessionV2 {
  const format = reader.u8('authentication type');
  if (format !== AuthenticationType.rmcpPlus) throw new DecodeError(`session format is ${format}, expected 6 (RMCP+)`);
  const kind = reader.u8('payload type');
  const payloadType = kind & 0x3f;
  const oem =
    payloadType === PayloadType.oemExplicit
      ? { oem: { iana: reader.u32le('OEM IANA'), payloadId: reader.u16le('OEM payload id') } }
      : {};
  const sessionId = reader.u32le('session id');
  const sessionSequence = reader.u32le('session sequence');
  const payload = reader.bytes(reader.u16le('payload length'), 'payload');
  return {
    payloadType,
    encrypted: (kind & ENCRYPTED_BIT) !== 0,
    authenticated: (kind & AUTHENTICATED_BIT) !== 0,
    ...oem,
    sessionId,
    sessionSequence,
    payload,
    trailer: reader.rest(),
  };
}

/** Writes a v2.0 session wrapper, payload and trailer as given. @see IPMI v2.0 rev. 1.1 Table 13-8 */
export function encodeSessionV2(session: SessionV2, writer: ByteWriter): void {
  const flags = (session.encrypted ? ENCRYPTED_BIT : 0) | (session.authenticated ? AUTHENTICATED_BIT : 0);
  writer.u8(AuthenticationType.rmcpPlus).u8(flags | session.payloadType);
  if (session.oem) writer.u32le(session.oem.iana).u16le(session.oem.payloadId);
  writer.u32le(session.sessionId).u32le(session.sessionSequence);
  writer.u16le(session.payload.length).bytes(session.payload).bytes(session.trailer);
}

/** A wrapper for a message outside any session: id and sequence 0, nothing protected. */
export function sessionlessV2(payloadType: number, payload: Buffer): SessionV2 {
  return {
    payloadType,
    encrypted: false,
    authenticated: false,
    sessionId: 0,
    sessionSequence: 0,
    payload,
    trailer: Buffer.alloc(0),
  };
}

export function describeSessionV2(session: SessionV2): string {
  const flags = `${session.encrypted ? ' encrypted' : ''}${session.authenticated ? ' authenticated' : ''}`;
  const type = session.payloadType.toString(16).padStart(2, '0');
  return `RMCP+ payload ${type}h${flags} session ${session.sessionId} #${session.sessionSequence}, ${session.payload.length} bytes`;
}
