import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { type CodedText, textCodingOf } from '../type-length.ts';

/** Most bytes of an id string that the length field can tell; 16 by the book. @see IPMI v2.0 rev. 1.1 §43.15 */
export const MAXIMUM_ID_STRING_BYTES = 31;

/**
 * Reads the id string at the end of a record; what a cut record lacks of it is left out. A record without one has no
 * name.
 *   0  bits 7:6 coding, bits 4:0 length
 *   1  the text
 * @see IPMI v2.0 rev. 1.1 §43.15
 */
export function decodeIdString(reader: ByteReader): CodedText {
  const typeLength = reader.left === 0 ? 0xc0 : reader.u8('id string type/length');
  const length = Math.min(typeLength & 0x1f, reader.left);
  return { coding: textCodingOf(typeLength), bytes: reader.bytes(length, 'id string') };
}

/** Writes the id string at the end of a record. @see IPMI v2.0 rev. 1.1 §43.15 */
export function encodeIdString({ coding, bytes }: CodedText, writer: ByteWriter): void {
  writer.u8((coding << 6) | bytes.length).bytes(bytes);
}
