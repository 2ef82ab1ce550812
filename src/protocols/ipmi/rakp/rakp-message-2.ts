import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { describeRakpStatus, RakpStatus } from './status.ts';

/** The managed system answers with its random number and proves that it knows the password, or says no. */
export type RakpMessage2 =
  | {
      readonly status: 0;
      readonly messageTag: number;
      readonly remoteConsoleSessionId: number;
      /** 16 bytes. */
      readonly managedSystemRandom: Buffer;
      /** 16 bytes. */
      readonly managedSystemGuid: Buffer;
      /** As long as the authentication algorithm's hash. */
      readonly keyExchangeCode: Buffer;
    }
  | {
      readonly status: number;
      readonly refused: true;
      readonly messageTag: number;
      /** Missing, or 0, in the refusals of some controllers. */
      readonly remoteConsoleSessionId?: number;
    };

/** Longest RAKP message 2, with a SHA-256 code. */
export const RAKP_MESSAGE_2_BYTES = 40 + 32;

/**
 * Reads RAKP Message 2.
 *   0     message tag
 *   1     status code; a refusal may end anywhere from here
 *   4-7   remote console session id
 *   8-23  managed system random number
 *   24-39 managed system GUID
 *   40-   key exchange authentication code
 * @throws DecodeError when short
 * @see IPMI v2.0 rev. 1.1 §13.21, Table 13-12
 */
export function decodeRakpMessage2(reader: ByteReader): RakpMessage2 {
  const messageTag = reader.u8('message tag');
  const status = reader.u8('status code');
  if (status !== RakpStatus.ok) {
    if (reader.left < 6) return { status, refused: true, messageTag };
    reader.u16le('reserved');
    return { status, refused: true, messageTag, remoteConsoleSessionId: reader.u32le('remote console session id') };
  }
  reader.u16le('reserved');
  return {
    status,
    messageTag,
    remoteConsoleSessionId: reader.u32le('remote console session id'),
    managedSystemRandom: reader.bytes(16, 'managed system random number'),
    managedSystemGuid: reader.bytes(16, 'managed system GUID'),
    keyExchangeCode: reader.rest(),
  };
}

/** Writes RAKP Message 2; a refusal is 8 bytes, or 2 without a session id. @see IPMI v2.0 rev. 1.1 §13.21 */
export function encodeRakpMessage2(message: RakpMessage2, writer: ByteWriter): void {
  writer.u8(message.messageTag).u8(message.status);
  if ('refused' in message) {
    if (message.remoteConsoleSessionId !== undefined) writer.zeros(2).u32le(message.remoteConsoleSessionId);
    return;
  }
  writer.zeros(2).u32le(message.remoteConsoleSessionId);
  writer.fixed(message.managedSystemRandom, 16).fixed(message.managedSystemGuid, 16).bytes(message.keyExchangeCode);
}

/** Leaves the code out: it is a hash of the password that can be searched offline. */
export function describeRakpMessage2(message: RakpMessage2): string {
  return `RAKP 2 tag ${message.messageTag}: ${describeRakpStatus(message.status)}`;
}
