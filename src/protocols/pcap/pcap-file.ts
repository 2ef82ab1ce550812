import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';

/** @see https://www.tcpdump.org/linktypes.html, LINKTYPE_RAW: the packet begins with an IPv4 or IPv6 header */
export const LINKTYPE_RAW = 101;

/** The longest packet a reader need make room for. */
const SNAPLEN = 262_144;
const MAGIC = 0xa1b2_c3d4;
const MAGIC_SWAPPED = 0xd4c3_b2a1;

export const FILE_HEADER_LENGTH = 24;
export const RECORD_HEADER_LENGTH = 16;

/** One captured packet. */
export type PcapRecord = {
  /** Epoch microseconds. */
  readonly atUs: number;
  /** Length on the wire; at least that of `data`. */
  readonly originalLength: number;
  /** What of it was kept. */
  readonly data: Buffer;
};

/**
 * Writes the header of a file.
 *   0 magic  4 version 2.4  8 zone and accuracy, always 0  16 snaplen  20 link type
 * @see pcap-savefile(5)
 */
export function encodePcapHeader(linkType: number = LINKTYPE_RAW): Buffer {
  const w = new ByteWriter(FILE_HEADER_LENGTH);
  return w.u32be(MAGIC).u16be(2).u16be(4).u32be(0).u32be(0).u32be(SNAPLEN).u32be(linkType).done();
}

/**
 * Writes one record.
 *   0 seconds  4 microseconds  8 length kept  12 length on the wire  16 packet
 * @see pcap-savefile(5)
 */
export function encodePcapRecord({ atUs, originalLength, data }: PcapRecord): Buffer {
  const w = new ByteWriter(RECORD_HEADER_LENGTH + data.length);
  w.u32be(Math.floor(atUs / 1_000_000)).u32be(atUs % 1_000_000);
  return w.u32be(data.length).u32be(originalLength).bytes(data).done();
}

export type PcapFile = { readonly linkType: number; readonly records: readonly PcapRecord[] };

/**
 * Reads a file of either byte order, times in microseconds.
 * @param file views into it are kept
 * @throws DecodeError when it is no such file, or ends within a record
 */
export function decodePcapFile(file: Buffer): PcapFile {
  const r = new ByteReader(file);
  const magic = r.u32be('magic');
  if (magic !== MAGIC && magic !== MAGIC_SWAPPED) throw new DecodeError(`magic 0x${magic.toString(16)} is not pcap`);
  const u32 = (field: string): number => (magic === MAGIC ? r.u32be(field) : r.bytes(4, field).readUInt32LE(0));
  r.bytes(12, 'version, zone and accuracy');
  u32('snaplen');
  const linkType = u32('link type');
  const records: PcapRecord[] = [];
  while (r.left > 0) {
    const seconds = u32('seconds');
    const microseconds = u32('microseconds');
    const kept = u32('length kept');
    const originalLength = u32('length on the wire');
    if (kept > originalLength) throw new DecodeError(`record of ${originalLength} bytes has ${kept}`);
    if (microseconds > 999_999) throw new DecodeError(`${microseconds} microseconds are more than a second`);
    records.push({ atUs: seconds * 1_000_000 + microseconds, originalLength, data: r.bytes(kept, 'packet') });
  }
  return { linkType, records };
}
