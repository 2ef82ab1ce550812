import { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import {
  decodeFruCommonHeader,
  encodeFruCommonHeader,
  FRU_FORMAT_VERSION,
  FRU_HEADER_BYTES,
  FRU_UNIT_BYTES,
  type FruCommonHeader,
} from './common-header.ts';
import {
  type BoardInfoArea,
  type ChassisInfoArea,
  decodeInfoArea,
  encodeInfoArea,
  type InfoAreaKind,
  type ProductInfoArea,
} from './info-area.ts';
import { decodeMultirecords, encodeMultirecords, type FruMultirecord } from './multirecord.ts';

/** A whole inventory. Null: there is no such area, or none that can be read. */
export type FruImage = {
  /** After its format version; its end is the next area, or the end of the image. */
  readonly internalUse: Buffer | null;
  readonly chassis: ChassisInfoArea | null;
  readonly board: BoardInfoArea | null;
  readonly product: ProductInfoArea | null;
  readonly multirecords: readonly FruMultirecord[];
};

/** Most bytes of an image with every area at its largest. */
const MAXIMUM_IMAGE_BYTES = 0xffff;

/** Why the header of an inventory cannot be followed; undefined when it can. @see FRU v1.0 rev. 1.3 §8 */
export function commonHeaderFault(header: FruCommonHeader): string | undefined {
  return header.formatVersion === FRU_FORMAT_VERSION
    ? undefined
    : `no inventory: format version ${header.formatVersion} is not known`;
}

/** What is wrong with a header that can be followed all the same. */
export function commonHeaderProblems(header: FruCommonHeader): readonly string[] {
  return header.checksumRight ? [] : ['common header: checksum is wrong'];
}

/**
 * Reads a whole inventory; what is wrong in one area does not spoil the others.
 * @throws DecodeError when shorter than the common header
 * @see Platform Management FRU Information Storage Definition v1.0 rev. 1.3 §8 to §16
 */
export function decodeFruImage(image: Buffer): { readonly fru: FruImage; readonly problems: readonly string[] } {
  const header = decodeFruCommonHeader(new ByteReader(image));
  const empty: FruImage = { internalUse: null, chassis: null, board: null, product: null, multirecords: [] };
  const fault = commonHeaderFault(header);
  if (fault !== undefined) return { fru: empty, problems: [fault] };
  const problems = [...commonHeaderProblems(header)];

  function infoArea<Kind extends InfoAreaKind>(kind: Kind, offset: number): Extract<Area, { kind: Kind }> | null {
    if (offset === 0) return null;
    const reading = decodeInfoArea(kind, image.subarray(offset));
    problems.push(...reading.problems);
    // The area has the kind that was asked for.
    return reading.area as Extract<Area, { kind: Kind }> | null;
  }

  const fru = {
    internalUse: internalUseOf(image, header),
    chassis: infoArea('chassis', header.chassisOffset),
    board: infoArea('board', header.boardOffset),
    product: infoArea('product', header.productOffset),
  };
  if (header.multirecordOffset === 0) return { fru: { ...fru, multirecords: [] }, problems };
  const { records, problems: found } = decodeMultirecords(image.subarray(header.multirecordOffset));
  return { fru: { ...fru, multirecords: records }, problems: [...problems, ...found] };
}

/** Writes a whole inventory, its areas in the order of the header. @see FRU v1.0 rev. 1.3 §8 */
export function encodeFruImage(fru: FruImage): Buffer {
  const writer = new ByteWriter(MAXIMUM_IMAGE_BYTES);
  writer.zeros(FRU_HEADER_BYTES);
  const place = (write: (() => void) | false): number => {
    if (write === false) return 0;
    const offset = writer.length;
    write();
    writer.zeros((FRU_UNIT_BYTES - (writer.length % FRU_UNIT_BYTES)) % FRU_UNIT_BYTES);
    return offset;
  };
  const { internalUse, chassis, board, product, multirecords } = fru;
  const offsets = {
    internalUseOffset: place(internalUse !== null && (() => writer.u8(FRU_FORMAT_VERSION).bytes(internalUse))),
    chassisOffset: place(chassis !== null && (() => writer.bytes(encodeInfoArea(chassis)))),
    boardOffset: place(board !== null && (() => writer.bytes(encodeInfoArea(board)))),
    productOffset: place(product !== null && (() => writer.bytes(encodeInfoArea(product)))),
    multirecordOffset: place(multirecords.length > 0 && (() => encodeMultirecords(multirecords, writer))),
  };
  const header = new ByteWriter(FRU_HEADER_BYTES);
  encodeFruCommonHeader({ formatVersion: FRU_FORMAT_VERSION, ...offsets }, header);
  header.done().copy(writer.view(0));
  return writer.done();
}

export function describeFruImage(fru: FruImage): string {
  const areas = [fru.chassis, fru.board, fru.product].flatMap((area) => (area ? [area.kind] : []));
  return `inventory with ${areas.join(', ') || 'no area'}, ${fru.multirecords.length} multirecords`;
}

type Area = ChassisInfoArea | BoardInfoArea | ProductInfoArea;

function internalUseOf(image: Buffer, header: FruCommonHeader): Buffer | null {
  const start = header.internalUseOffset;
  if (start === 0 || start >= image.length) return null;
  const { chassisOffset, boardOffset, productOffset, multirecordOffset } = header;
  const next = [chassisOffset, boardOffset, productOffset, multirecordOffset].filter((offset) => offset > start);
  return image.subarray(start + 1, Math.min(image.length, ...next));
}
