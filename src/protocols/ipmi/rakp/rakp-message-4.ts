import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { describeRakpStatus, RakpStatus } from './status.ts';

/** The managed system proves that it derived the same session integrity key; the session is up. */
export type RakpMessage4 =
  | {
      readonly status: 0;
      readonly messageTag: number;
      readonly remoteConsoleSessionId: number;
      /** As long as the authentication algorithm cuts it, see CipherSuite. @see §13.28.1, §13.28.1b, §13.28.2 */
      readonly integrityCheckValue: Buffer;
    }
  | {
      readonly status: number;
      readonly refused: true;
      readonly messageTag: number;
      readonly remoteConsoleSessionId?: number;
    };

/** Longest RAKP message 4. */
export const RAKP_MESSAGE_4_BYTES = 8 + 16;

/**
 * Reads RAKP Message 4.
 *   0    message tag
 *   1    status code; a refusal may end anywhere from here
 *   4-7  remote console session id
 *   8-   integrity check value
 * @throws DecodeError when short
 * @see IPMI v2.0 rev. 1.1 §13.23, Table 13-14
 */
export function decodeRakpMessage4(reader: ByteReader): RakpMessage4 {
  const messageTag = reader.u8('message tag');
  const status = reader.u8('status code');
  if (status !== RakpStatus.ok) {
    if (reader.left < 6) return { status, refused: true, messageTag };
    reader.u16le('reserved');
    return { status, refused: true, messageTag, remoteConsoleSessionId: reader.u32le('remote console session id') };
  }
  reader.u16le('reserved');
  const remoteConsoleSessionId = reader.u32le('remote console session id');
  return { status, messageTag, remoteConsoleSessionId, integrityCheckValue: reader.rest() };
}

/** Writes RAKP Message 4; a refusal is 8 bytes, or 2 without a session id. @see IPMI v2.0 rev. 1.1 §13.23 */
export function encodeRakpMessage4(message: RakpMessage4, writer: ByteWriter): void {
  writer.u8(message.messageTag).u8(message.status);
  if ('refused' in message) {
    if (message.remoteConsoleSessionId !== undefined) writer.zeros(2).u32le(message.remoteConsoleSessionId);
    return;
  }
  writer.zeros(2).u32le(message.remoteConsoleSessionId).bytes(message.integrityCheckValue);
}

export function describeRakpMessage4(message: RakpMessage4): string {
  return `RAKP 4 tag ${message.messageTag}: ${describeRakpStatus(message.status)}`;
}
