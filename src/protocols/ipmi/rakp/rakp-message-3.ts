import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { describeRakpStatus } from './status.ts';

/** The console proves that it knows the password, or gives the handshake up with a status. */
export type RakpMessage3 = {
  readonly messageTag: number;
  readonly status: number;
  readonly managedSystemSessionId: number;
  /** Empty when the status is not 0. */
  readonly keyExchangeCode: Buffer;
};

/** Longest RAKP message 3, with a SHA-256 code. */
export const RAKP_MESSAGE_3_BYTES = 8 + 32;

/**
 * Reads RAKP Message 3.
 *   0    message tag
 *   1    status code
 *   4-7  managed system session id
 *   8-   key exchange authentication code
 * @throws DecodeError when short
 * @see IPMI v2.0 rev. 1.1 §13.22, Table 13-13
 */
export function decodeRakpMessage3(reader: ByteReader): RakpMessage3 {
  const messageTag = reader.u8('message tag');
  const status = reader.u8('status code');
  reader.u16le('reserved');
  const managedSystemSessionId = reader.u32le('managed system session id');
  return { messageTag, status, managedSystemSessionId, keyExchangeCode: reader.rest() };
}

/** Writes RAKP Message 3. @see IPMI v2.0 rev. 1.1 §13.22, Table 13-13 */
export function encodeRakpMessage3(message: RakpMessage3, writer: ByteWriter): void {
  writer.u8(message.messageTag).u8(message.status).zeros(2).u32le(message.managedSystemSessionId);
  writer.bytes(message.keyExchangeCode);
}

/** Leaves the code out: it is a hash of the password that can be searched offline. */
export function describeRakpMessage3(message: RakpMessage3): string {
  return `RAKP 3 tag ${message.messageTag} session ${message.managedSystemSessionId}: ${describeRakpStatus(message.status)}`;
}
