import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../../foundation/errors.ts';
import { MAXIMUM_USER_NAME_BYTES } from './keys.ts';

/** Looks the user up by name alone, not by name and privilege level. @see §13.20, Table 13-11 */
export const NAME_ONLY_LOOKUP = 0x10;

/** The console names its user and sends its random number. */
export type RakpMessage1 = {
  readonly messageTag: number;
  readonly managedSystemSessionId: number;
  /** 16 bytes. */
  readonly remoteConsoleRandom: Buffer;
  /** Bit 4 {@link NAME_ONLY_LOOKUP}, bits 3:0 privilege level; the hashes cover the whole byte. */
  readonly role: number;
  /** At most 16 bytes, possibly none. */
  readonly userName: Buffer;
};

/** Longest RAKP message 1. */
export const RAKP_MESSAGE_1_BYTES = 28 + MAXIMUM_USER_NAME_BYTES;

/**
 * Reads RAKP Message 1.
 *   0     message tag
 *   4-7   managed system session id
 *   8-23  remote console random number
 *   24    role
 *   27    user name length, then the name, unpadded
 * @throws DecodeError when short or the name is longer than 16 bytes
 * @see IPMI v2.0 rev. 1.1 §13.20, Table 13-11
 */
export function decodeRakpMessage1(reader: ByteReader): RakpMessage1 {
  const messageTag = reader.u8('message tag');
  reader.u24le('reserved');
  const managedSystemSessionId = reader.u32le('managed system session id');
  const remoteConsoleRandom = reader.bytes(16, 'remote console random number');
  const role = reader.u8('role');
  reader.u16le('reserved');
  const length = reader.u8('user name length');
  if (length > MAXIMUM_USER_NAME_BYTES) throw new DecodeError(`user name of ${length} bytes, at most 16 are allowed`);
  const userName = reader.bytes(length, 'user name');
  return { messageTag, managedSystemSessionId, remoteConsoleRandom, role, userName };
}

/** Writes RAKP Message 1, without padding behind the name. @see IPMI v2.0 rev. 1.1 §13.20 */
export function encodeRakpMessage1(message: RakpMessage1, writer: ByteWriter): void {
  writer.u8(message.messageTag).zeros(3).u32le(message.managedSystemSessionId);
  writer.fixed(message.remoteConsoleRandom, 16).u8(message.role).zeros(2);
  writer.u8(message.userName.length).bytes(message.userName);
}

/** Tells the length of the name, not the name. */
export function describeRakpMessage1(message: RakpMessage1): string {
  return `RAKP 1 tag ${message.messageTag} session ${message.managedSystemSessionId} role ${message.role.toString(16)}h, user name of ${message.userName.length} bytes`;
}
