import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type GetSelAllocationInfoResponse = {
  /** Allocation units in all; 0 is "unspecified", here and in the unit's size. */
  readonly units: number;
  /** Bytes. */
  readonly unitSize: number;
  readonly freeUnits: number;
  readonly largestFreeBlockUnits: number;
  readonly maximumRecordUnits: number;
};

/**
 * Reads a Get SEL Allocation Info response.
 *   0-1  number of allocation units, 2-3 bytes of one
 *   4-5  free units, 6-7 units of the largest free block
 *   8    units of the longest possible record
 * @throws DecodeError when shorter than 9 bytes
 * @see IPMI v2.0 rev. 1.1 §31.3
 */
export function decodeGetSelAllocationInfoResponse(reader: ByteReader): GetSelAllocationInfoResponse {
  return {
    units: reader.u16le('allocation units'),
    unitSize: reader.u16le('allocation unit size'),
    freeUnits: reader.u16le('free units'),
    largestFreeBlockUnits: reader.u16le('largest free block'),
    maximumRecordUnits: reader.u8('maximum record size'),
  };
}

/** Writes a Get SEL Allocation Info response. @see IPMI v2.0 rev. 1.1 §31.3 */
export function encodeGetSelAllocationInfoResponse(response: GetSelAllocationInfoResponse, writer: ByteWriter): void {
  writer.u16le(response.units).u16le(response.unitSize);
  writer.u16le(response.freeUnits).u16le(response.largestFreeBlockUnits).u8(response.maximumRecordUnits);
}

export function describeGetSelAllocationInfoResponse(response: GetSelAllocationInfoResponse): string {
  return `${response.freeUnits} of ${response.units} units of ${response.unitSize} bytes free`;
}

export const getSelAllocationInfo: IpmiCommand<NoData, GetSelAllocationInfoResponse> = {
  name: 'Get SEL Allocation Info',
  netFn: NetFn.storage,
  command: 0x41,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetSelAllocationInfoResponse,
  decodeResponse: decodeGetSelAllocationInfoResponse,
};
