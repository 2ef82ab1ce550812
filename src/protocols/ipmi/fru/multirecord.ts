import { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { zeroChecksum, zeroSum } from './checksum.ts';

/** Format version of a record's header. @see FRU v1.0 rev. 1.3 §16.1 */
const RECORD_FORMAT_VERSION = 2;
const HEADER_BYTES = 5;

/** One record of the multirecord area: power supply information, DC output, management access, OEM. */
export type FruMultirecord = {
  /** 00h power supply, 01h DC output, 02h DC load, 03h management access, C0h and up OEM. @see §16.2.1 */
  readonly typeId: number;
  readonly data: Buffer;
};

/**
 * Reads the records of a multirecord area. Its end is the record that says so; a header that does not add up, or that
 * points past the end, ends it too, since nothing tells where the next one is.
 *   0  record type id, 1 bit 7 end of list, bits 3:0 format version
 *   2  record length, 3 zero checksum of the data, 4 of this header; then the data
 * @param bytes from the area's first byte to the end of the inventory
 * @see Platform Management FRU Information Storage Definition v1.0 rev. 1.3 §16
 */
export function decodeMultirecords(bytes: Buffer): {
  readonly records: readonly FruMultirecord[];
  readonly problems: readonly string[];
} {
  const records: FruMultirecord[] = [];
  const problems: string[] = [];
  const reader = new ByteReader(bytes);
  for (let last = false; !last; ) {
    const which = `multirecord ${records.length + 1}`;
    if (reader.left < HEADER_BYTES) return { records, problems: [...problems, `${which}: header is cut`] };
    const header = new ByteReader(reader.bytes(HEADER_BYTES, 'record header'));
    const typeId = header.u8('record type id');
    const flags = header.u8('record format');
    const length = header.u8('record length');
    const checksum = header.u8('record checksum');
    if (zeroSum(header.view(0, HEADER_BYTES)) !== 0) {
      return { records, problems: [...problems, `${which}: header checksum is wrong`] };
    }
    if (length > reader.left) return { records, problems: [...problems, `${which}: goes past the end`] };
    const data = reader.bytes(length, 'record data');
    if (((zeroSum(data) + checksum) & 0xff) !== 0) problems.push(`${which}: checksum is wrong`);
    records.push({ typeId, data });
    last = (flags & 0x80) !== 0;
  }
  return { records, problems };
}

/** Writes the records of a multirecord area; at least one. @see FRU v1.0 rev. 1.3 §16 */
export function encodeMultirecords(records: readonly FruMultirecord[], writer: ByteWriter): void {
  for (const [index, { typeId, data }] of records.entries()) {
    const start = writer.length;
    writer.u8(typeId).u8((index === records.length - 1 ? 0x80 : 0) | RECORD_FORMAT_VERSION);
    writer.u8(data.length).u8(zeroChecksum(data));
    writer.u8(zeroChecksum(writer.view(start))).bytes(data);
  }
}
