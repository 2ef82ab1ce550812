/**
 * Texts of sensor data records and inventories: a type/length byte, then the text in one of four codings.
 *   bits 7:6  coding, see {@link TextCoding}
 *   bits 4:0  bytes that follow in a sensor record, at most 16 by the book; bits 5:0 in an inventory field
 * @see IPMI v2.0 rev. 1.1 §43.15; Platform Management FRU Information Storage Definition v1.0 rev. 1.3 §13
 */

/** `unicode` in a sensor record; the same code is "binary or unspecified" in an inventory field. */
export const TextCoding = { unicode: 0, bcdPlus: 1, sixBit: 2, eightBit: 3 } as const;
export type TextCoding = (typeof TextCoding)[keyof typeof TextCoding];

/** What one text takes on the wire: any bytes at all, whether or not they mean something in their coding. */
export type CodedText = { readonly coding: TextCoding; readonly bytes: Buffer };

/** Digits Dh to Fh are reserved in inventory fields. @see §43.15 */
const BCD_PLUS = '0123456789 -.:,_';
/** 6-bit ASCII starts with the space. */
const SIX_BIT_FIRST = 0x20;

/** The coding of a type/length byte. */
export function textCodingOf(typeLength: number): TextCoding {
  switch ((typeLength >> 6) & 3) {
    case 1:
      return TextCoding.bcdPlus;
    case 2:
      return TextCoding.sixBit;
    case 3:
      return TextCoding.eightBit;
    default:
      return TextCoding.unicode;
  }
}

/**
 * The text in full: padding, NUL and control characters included. Never throws; half a character at the end is left
 * out. Unicode is read as UTF-16, least significant byte first; 8-bit is Latin-1.
 * @see IPMI v2.0 rev. 1.1 §43.15
 */
export function decodeText({ coding, bytes }: CodedText): string {
  switch (coding) {
    case TextCoding.unicode:
      return bytes.subarray(0, bytes.length & ~1).toString('utf16le');
    case TextCoding.bcdPlus:
      return Array.from(bytes, (byte) => `${BCD_PLUS[byte >> 4] ?? ''}${BCD_PLUS[byte & 0x0f] ?? ''}`).join('');
    case TextCoding.sixBit:
      return decodeSixBit(bytes);
    case TextCoding.eightBit:
      return bytes.toString('latin1');
  }
}

/**
 * The bytes of a text. What the coding has no character for becomes `?` (a space in BCD plus); 6-bit is made upper
 * case, and an odd BCD plus text ends with a space.
 * @see IPMI v2.0 rev. 1.1 §43.15
 */
export function encodeText(text: string, coding: TextCoding): CodedText {
  switch (coding) {
    case TextCoding.unicode:
      return { coding, bytes: Buffer.from(text, 'utf16le') };
    case TextCoding.bcdPlus:
      return { coding, bytes: encodeBcdPlus(text) };
    case TextCoding.sixBit:
      return { coding, bytes: encodeSixBit(text.toUpperCase()) };
    case TextCoding.eightBit:
      return { coding, bytes: Buffer.from(text.replace(/[\u0100-\uffff]/g, '?'), 'latin1') };
  }
}

/**
 * A decoded text as it is shown: up to the first NUL (texts are padded with them in the field), control characters
 * replaced (they would reach terminals), blanks around it and runs of blanks in it removed.
 */
export function readableText(text: string): string {
  const end = text.indexOf('\0');
  return (end < 0 ? text : text.slice(0, end))
    .replace(/[\t\n\r]/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?')
    .replace(/ {2,}/g, ' ')
    .trim();
}

/** Four characters in three bytes, the first in the lowest bits. "IPMI" is 29h DCh A6h. @see §43.15 */
function decodeSixBit(bytes: Buffer): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held |= byte << bits;
    for (bits += 8; bits >= 6; bits -= 6) {
      text += String.fromCharCode(SIX_BIT_FIRST + (held & 0x3f));
      held >>= 6;
    }
  }
  return text;
}

function encodeSixBit(text: string): Buffer {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const character of text) {
    const code = character.charCodeAt(0) - SIX_BIT_FIRST;
    held |= (code >= 0 && code < 0x40 ? code : 0x1f) << bits;
    for (bits += 6; bits >= 8; bits -= 8) {
      bytes.push(held & 0xff);
      held >>= 8;
    }
  }
  if (bits > 0) bytes.push(held);
  return Buffer.from(bytes);
}

/** Two characters a byte, the first in the high half. */
function encodeBcdPlus(text: string): Buffer {
  const codes = Array.from(text, (character) => {
    const code = BCD_PLUS.indexOf(character);
    return code < 0 ? BCD_PLUS.indexOf(' ') : code;
  });
  const bytes = Buffer.alloc(Math.ceil(codes.length / 2));
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = ((codes[2 * index] ?? 0) << 4) | (codes[2 * index + 1] ?? BCD_PLUS.indexOf(' '));
  }
  return bytes;
}
