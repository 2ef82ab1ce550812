import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { zeroChecksum, zeroSum } from './checksum.ts';

export const FRU_HEADER_BYTES = 8;
/** Offsets and lengths of areas are multiples of this. */
export const FRU_UNIT_BYTES = 8;
/** Format version of the header and of every area; low nibble, the high one is reserved. */
export const FRU_FORMAT_VERSION = 1;

/** Where each area begins, bytes from the start of the image; 0 where there is none. */
export type FruCommonHeader = {
  /** 4 bits; 1 in the only version there is. */
  readonly formatVersion: number;
  readonly internalUseOffset: number;
  readonly chassisOffset: number;
  readonly boardOffset: number;
  readonly productOffset: number;
  readonly multirecordOffset: number;
  /** Whether the bytes add up as they should; a decoder tells, an encoder always writes a right one. */
  readonly checksumRight: boolean;
};

/**
 * Reads the common header of an inventory.
 *   0    format version, bits 3:0
 *   1-5  offsets of internal use, chassis, board, product, multirecord areas, in units of 8 bytes
 *   6    pad, 7 zero checksum
 * @throws DecodeError when shorter than 8 bytes
 * @see Platform Management FRU Information Storage Definition v1.0 rev. 1.3 §8
 */
export function decodeFruCommonHeader(reader: ByteReader): FruCommonHeader {
  const start = reader.offset;
  const formatVersion = reader.u8('format version') & 0x0f;
  const internalUseOffset = reader.u8('internal use area offset') * FRU_UNIT_BYTES;
  const chassisOffset = reader.u8('chassis area offset') * FRU_UNIT_BYTES;
  const boardOffset = reader.u8('board area offset') * FRU_UNIT_BYTES;
  const productOffset = reader.u8('product area offset') * FRU_UNIT_BYTES;
  const multirecordOffset = reader.u8('multirecord area offset') * FRU_UNIT_BYTES;
  reader.u8('pad');
  reader.u8('header checksum');
  const checksumRight = zeroSum(reader.view(start, reader.offset)) === 0;
  return {
    formatVersion,
    internalUseOffset,
    chassisOffset,
    boardOffset,
    productOffset,
    multirecordOffset,
    checksumRight,
  };
}

/** Writes the common header of an inventory. @see FRU v1.0 rev. 1.3 §8 */
export function encodeFruCommonHeader(header: Omit<FruCommonHeader, 'checksumRight'>, writer: ByteWriter): void {
  const start = writer.length;
  writer.u8(header.formatVersion);
  writer.u8(header.internalUseOffset / FRU_UNIT_BYTES).u8(header.chassisOffset / FRU_UNIT_BYTES);
  writer.u8(header.boardOffset / FRU_UNIT_BYTES).u8(header.productOffset / FRU_UNIT_BYTES);
  writer.u8(header.multirecordOffset / FRU_UNIT_BYTES).u8(0);
  writer.u8(zeroChecksum(writer.view(start)));
}
