import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type GetSdrRepositoryInfoResponse = {
  /** BCD, least significant digit first: 51h for IPMI 1.5 and 2.0. */
  readonly sdrVersion: number;
  /** A hint at best: Fujitsu RX300 S8 tells another number than it has. */
  readonly recordCount: number;
  /** Bytes; FFFEh is "at least so many", FFFFh "unspecified". */
  readonly freeSpace: number;
  /** Seconds since 1970 by the controller's clock. */
  readonly mostRecentAddition: number;
  /** Seconds since 1970 by the controller's clock. */
  readonly mostRecentErase: number;
  /** Bit mask: overflow (7), update modes (6:5), delete (3), partial add (2), reserve (1), allocation info (0). */
  readonly operationSupport: number;
};

/**
 * Reads a Get SDR Repository Info response.
 *   0      SDR version
 *   1-2    record count, 3-4 free space
 *   5-8    time of the most recent addition, 9-12 of the most recent erase
 *   13     operation support
 * @throws DecodeError when shorter than 14 bytes
 * @see IPMI v2.0 rev. 1.1 §33.9
 */
export function decodeGetSdrRepositoryInfoResponse(reader: ByteReader): GetSdrRepositoryInfoResponse {
  return {
    sdrVersion: reader.u8('SDR version'),
    recordCount: reader.u16le('record count'),
    freeSpace: reader.u16le('free space'),
    mostRecentAddition: reader.u32le('most recent addition'),
    mostRecentErase: reader.u32le('most recent erase'),
    operationSupport: reader.u8('operation support'),
  };
}

/** Writes a Get SDR Repository Info response. @see IPMI v2.0 rev. 1.1 §33.9 */
export function encodeGetSdrRepositoryInfoResponse(response: GetSdrRepositoryInfoResponse, writer: ByteWriter): void {
  writer.u8(response.sdrVersion).u16le(response.recordCount).u16le(response.freeSpace);
  writer.u32le(response.mostRecentAddition).u32le(response.mostRecentErase).u8(response.operationSupport);
}

export function describeGetSdrRepositoryInfoResponse(response: GetSdrRepositoryInfoResponse): string {
  return `${response.recordCount} records, last addition ${response.mostRecentAddition}, last erase ${response.mostRecentErase}`;
}

export const getSdrRepositoryInfo: IpmiCommand<NoData, GetSdrRepositoryInfoResponse> = {
  name: 'Get SDR Repository Info',
  netFn: NetFn.storage,
  command: 0x20,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetSdrRepositoryInfoResponse,
  decodeResponse: decodeGetSdrRepositoryInfoResponse,
};
