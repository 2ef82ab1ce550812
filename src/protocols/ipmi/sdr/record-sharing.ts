import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { type CodedText, decodeText, readableText } from '../type-length.ts';

/** One record for several sensors that differ in number, and maybe in entity instance. */
export type RecordSharing = {
  /** 0 unspecified, 1 input, 2 output. */
  readonly direction: number;
  /** 0 numeric, 1 alphabetic: how the names of the sensors end. */
  readonly nameModifier: number;
  /** Sensors of this record; 0 and 1 both mean one. */
  readonly count: number;
  /** Each sensor belongs to the next entity instance; otherwise all to one. */
  readonly instanceIncrements: boolean;
  /** What the first sensor's name ends with: 1 for "1", 0 or 26 for "A" or "AA". */
  readonly nameModifierOffset: number;
};

/** One of the sensors of a record. */
export type SharedSensor = {
  readonly number: number;
  readonly entityInstance: number;
  readonly name: string;
};

/**
 * Reads the sharing of a compact or event-only record.
 *   0  bits 7:6 direction, 5:4 kind of name modifier, 3:0 share count
 *   1  bit 7 entity instance increments, bits 6:0 name modifier offset
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §43.2 bytes 24 to 25, §43.3 bytes 13 to 14
 */
export function decodeRecordSharing(reader: ByteReader): RecordSharing {
  const first = reader.u8('record sharing 1');
  const second = reader.u8('record sharing 2');
  return {
    direction: first >> 6,
    nameModifier: (first >> 4) & 3,
    count: first & 0x0f,
    instanceIncrements: (second & 0x80) !== 0,
    nameModifierOffset: second & 0x7f,
  };
}

/** Writes the sharing of a record. @see IPMI v2.0 rev. 1.1 §43.2 bytes 24 to 25, §43.3 bytes 13 to 14 */
export function encodeRecordSharing(sharing: RecordSharing, writer: ByteWriter): void {
  writer.u8((sharing.direction << 6) | (sharing.nameModifier << 4) | sharing.count);
  writer.u8((sharing.instanceIncrements ? 0x80 : 0) | sharing.nameModifierOffset);
}

/**
 * The sensors that a record stands for, in order of their numbers; numbers stay below FFh, which is reserved.
 * "Temp " with count 3 and offset 5 is "Temp 5", "Temp 6" and "Temp 7".
 * @see IPMI v2.0 rev. 1.1 §43.2 bytes 24 to 25
 */
export function sharedSensors(record: {
  readonly key: { readonly number: number };
  readonly entityInstance: number;
  readonly name: CodedText;
  readonly sharing?: RecordSharing;
}): readonly SharedSensor[] {
  const { key, entityInstance, name, sharing } = record;
  const text = decodeText(name);
  if (sharing === undefined || sharing.count < 2) {
    return [{ number: key.number, entityInstance, name: readableText(text) }];
  }
  // Blanks before the suffix belong to the name, padding does not.
  const stem = text.replace(/\0.*$/s, '');
  const count = Math.min(sharing.count, Math.max(1, 0xff - key.number));
  return Array.from({ length: count }, (_, index) => ({
    number: key.number + index,
    entityInstance: sharing.instanceIncrements
      ? (entityInstance & 0x80) | ((entityInstance + index) & 0x7f)
      : entityInstance,
    name: readableText(`${stem}${suffix(sharing, sharing.nameModifierOffset + index)}`),
  }));
}

/** "5", or in letters: 0 is "A", 25 "Z", 26 "AA". */
function suffix({ nameModifier }: RecordSharing, index: number): string {
  return nameModifier === 1 ? letters(index) : String(index);
}

function letters(index: number): string {
  const last = String.fromCharCode('A'.charCodeAt(0) + (index % 26));
  return index < 26 ? last : `${letters(Math.floor(index / 26) - 1)}${last}`;
}
