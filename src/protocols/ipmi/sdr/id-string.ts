import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { type CodedText, TextCoding, textCodingOf } from '../type-length.ts';

/** Most bytes of an id string whose length the length field can tell; the book has 16 for each. @see §43.15 */
export const maximumIdStringBytes: Readonly<Record<TextCoding, number>> = {
  [TextCoding.unicode]: 62,
  [TextCoding.bcdPlus]: 15,
  [TextCoding.sixBit]: 23,
  [TextCoding.eightBit]: 31,
};

/**
 * Reads the id string at the end of a record. What a cut record lacks of it is left out, and a record without one has
 * no name. The length counts characters by the book, as OpenIPMI's sdrcomp writes it; one that is exactly the bytes
 * that are left is taken to count bytes, as it does in inventories.
 *   0  bits 7:6 coding, bits 4:0 length
 *   1  the text
 * @see IPMI v2.0 rev. 1.1 §43.15
 */
export function decodeIdString(reader: ByteReader): CodedText {
  const typeLength = reader.left === 0 ? 0xc0 : reader.u8('id string type/length');
  const coding = textCodingOf(typeLength);
  const count = typeLength & 0x1f;
  const counted = bytesOf(coding, count);
  const wanted = reader.left !== counted && reader.left === count ? count : Math.min(counted, reader.left);
  const whole = coding === TextCoding.unicode ? wanted & ~1 : wanted;
  return { coding, bytes: reader.bytes(Math.min(whole, maximumIdStringBytes[coding]), 'id string') };
}

/** Writes the id string at the end of a record. @see IPMI v2.0 rev. 1.1 §43.15 */
export function encodeIdString({ coding, bytes }: CodedText, writer: ByteWriter): void {
  writer.u8((coding << 6) | charactersOf(coding, bytes.length)).bytes(bytes);
}

function bytesOf(coding: TextCoding, characters: number): number {
  switch (coding) {
    case TextCoding.unicode:
      return 2 * characters;
    case TextCoding.bcdPlus:
      return Math.ceil(characters / 2);
    case TextCoding.sixBit:
      return Math.ceil((6 * characters) / 8);
    case TextCoding.eightBit:
      return characters;
  }
}

function charactersOf(coding: TextCoding, bytes: number): number {
  switch (coding) {
    case TextCoding.unicode:
      return Math.floor(bytes / 2);
    case TextCoding.bcdPlus:
      return 2 * bytes;
    case TextCoding.sixBit:
      return Math.floor((8 * bytes) / 6);
    case TextCoding.eightBit:
      return bytes;
  }
}
