import { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { BugError, unreachableCase } from '../../../foundation/errors.ts';
import { type CodedText, TextCoding, textCodingOf } from '../type-length.ts';
import { zeroChecksum, zeroSum } from './checksum.ts';
import { FRU_FORMAT_VERSION, FRU_UNIT_BYTES } from './common-header.ts';

/** English, of the two codes that mean it. @see FRU v1.0 rev. 1.3 §15 */
export const ENGLISH = 25;

export type ChassisInfoArea = {
  readonly kind: 'chassis';
  /** Of the SMBIOS enclosure table. */
  readonly chassisType: number;
  /** Part number, serial number, then custom fields. */
  readonly fields: readonly CodedText[];
};

export type BoardInfoArea = {
  readonly kind: 'board';
  /** @see §15 */
  readonly languageCode: number;
  /** Minutes since 1996-01-01 00:00; 0 is unspecified. */
  readonly manufacturingTime: number;
  /** Manufacturer, product name, serial number, part number, FRU file id, then custom fields. */
  readonly fields: readonly CodedText[];
};

export type ProductInfoArea = {
  readonly kind: 'product';
  readonly languageCode: number;
  /** Manufacturer, product name, part/model number, version, serial number, asset tag, FRU file id, then custom. */
  readonly fields: readonly CodedText[];
};

export type InfoArea = ChassisInfoArea | BoardInfoArea | ProductInfoArea;
export type InfoAreaKind = InfoArea['kind'];

/** What could be read of an area, and what is wrong with it. */
export type InfoAreaReading = { readonly area: InfoArea | null; readonly problems: readonly string[] };

/** Type/length byte after the last field. @see §13 */
const END_OF_FIELDS = 0xc1;
/** Most bytes of one field: its length has 6 bits. */
const MAXIMUM_FIELD_BYTES = 63;
/** The length of an area is one byte, in units of 8. */
const MAXIMUM_AREA_BYTES = 255 * FRU_UNIT_BYTES;
/** Version, length, and the bytes that each kind has before its fields. */
const HEADS: Readonly<Record<InfoAreaKind, number>> = { chassis: 3, board: 6, product: 3 };

/** Bytes that an area says it has, from its first 2 bytes; 0 when it says nothing. @see §10 to §12 */
export const infoAreaBytes = (head: Buffer): number => (head[1] ?? 0) * FRU_UNIT_BYTES;

/**
 * Reads a chassis, board or product information area. What is wrong is told and the rest read on: in the field,
 * checksums are left as they were when somebody changed a serial number.
 *   0    format version, bits 3:0; 1 length in units of 8 bytes
 *   2    chassis type, or language code
 *   3-5  of a board: manufacturing time, minutes since 1996-01-01
 *   -    fields: type/length byte and text; C1h ends them; zeros; the last byte is the zero checksum
 * @param bytes from the area's first byte on; what follows it is not looked at
 * @see Platform Management FRU Information Storage Definition v1.0 rev. 1.3 §10, §11, §12
 */
export function decodeInfoArea(kind: InfoAreaKind, bytes: Buffer): InfoAreaReading {
  const stated = infoAreaBytes(bytes);
  const version = (bytes[0] ?? 0) & 0x0f;
  if (bytes.length < HEADS[kind] || stated === 0) {
    return { area: null, problems: [`${kind} area: nothing there`] };
  }
  if (version !== FRU_FORMAT_VERSION) {
    return { area: null, problems: [`${kind} area: format version ${version} is not known`] };
  }
  const problems: string[] = [];
  const own = bytes.subarray(0, stated);
  const cut = own.length < stated;
  if (cut) problems.push(`${kind} area: ends after ${own.length} of its ${stated} bytes`);
  else if (zeroSum(own) !== 0) problems.push(`${kind} area: checksum is wrong`);
  const reader = new ByteReader(own.subarray(0, cut ? own.length : stated - 1));
  const area = decodeHead(kind, reader);
  const { fields, problem } = decodeFields(reader);
  if (problem && !cut) problems.push(`${kind} area: ${problem}`);
  return { area: { ...area, fields }, problems };
}

/**
 * Writes an area, filled up to a multiple of 8 bytes. A text of one 8-bit character gets a space behind it, since its
 * length byte would be the end mark.
 * @throws BugError when a field has more than 63 bytes or the area more than 2040
 * @see FRU v1.0 rev. 1.3 §10, §11, §12
 */
export function encodeInfoArea(area: InfoArea): Buffer {
  const writer = new ByteWriter(MAXIMUM_AREA_BYTES);
  writer.u8(FRU_FORMAT_VERSION).u8(0);
  switch (area.kind) {
    case 'chassis':
      writer.u8(area.chassisType);
      break;
    case 'board':
      writer.u8(area.languageCode).u24le(area.manufacturingTime);
      break;
    case 'product':
      writer.u8(area.languageCode);
      break;
    default:
      unreachableCase(area, 'FRU area');
  }
  for (const field of area.fields) encodeField(field, writer);
  writer.u8(END_OF_FIELDS);
  writer.zeros((FRU_UNIT_BYTES - ((writer.length + 1) % FRU_UNIT_BYTES)) % FRU_UNIT_BYTES);
  writer.patchU8(1, (writer.length + 1) / FRU_UNIT_BYTES);
  writer.u8(zeroChecksum(writer.view(0)));
  return writer.done();
}

export function describeInfoArea(area: InfoArea): string {
  return `${area.kind} area, ${area.fields.length} fields`;
}

/** The bytes before the fields; they are there, as the caller has seen. */
function decodeHead(kind: InfoAreaKind, reader: ByteReader): InfoArea {
  reader.u8('format version');
  reader.u8('area length');
  switch (kind) {
    case 'chassis':
      return { kind, chassisType: reader.u8('chassis type'), fields: [] };
    case 'board':
      return {
        kind,
        languageCode: reader.u8('language code'),
        manufacturingTime: reader.u24le('manufacturing time'),
        fields: [],
      };
    case 'product':
      return { kind, languageCode: reader.u8('language code'), fields: [] };
    default:
      return unreachableCase(kind, 'FRU area');
  }
}

function decodeFields(reader: ByteReader): { readonly fields: readonly CodedText[]; readonly problem?: string } {
  const fields: CodedText[] = [];
  while (reader.left > 0) {
    const typeLength = reader.u8('field type and length');
    if (typeLength === END_OF_FIELDS) return { fields };
    const length = typeLength & 0x3f;
    if (length > reader.left) return { fields, problem: `field ${fields.length + 1} goes past the end` };
    fields.push({ coding: textCodingOf(typeLength), bytes: reader.bytes(length, 'field') });
  }
  return { fields, problem: 'no end mark after the last field' };
}

function encodeField({ coding, bytes }: CodedText, writer: ByteWriter): void {
  const lone = coding === TextCoding.eightBit && bytes.length === 1;
  const written = lone ? Buffer.concat([bytes, Buffer.from(' ')]) : bytes;
  if (written.length > MAXIMUM_FIELD_BYTES) throw new BugError(`FRU field of ${written.length} bytes`);
  writer.u8((coding << 6) | written.length).bytes(written);
}
