import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** Own code of the commands that read or change the event log's entries: it is being erased. @see IPMI v2.0 rev. 1.1 §31.2 */
export const SEL_ERASE_IN_PROGRESS = 0x81;

export const selCompletionCodes = { [SEL_ERASE_IN_PROGRESS]: 'event log erase in progress' } as const;

export type GetSelInfoResponse = {
  /** As on the wire: 51h for IPMI 1.5 and 2.0. */
  readonly selVersion: number;
  readonly entries: number;
  /** Bytes; FFFFh is "65535 or more". */
  readonly freeSpace: number;
  /** SEL time of the newest entry and of the last erase. @see §37 */
  readonly mostRecentAdditionTimestamp: number;
  readonly mostRecentEraseTimestamp: number;
  /** Entries have been lost because there was no room for them. */
  readonly overflow: boolean;
  readonly supportsDelete: boolean;
  readonly supportsPartialAdd: boolean;
  readonly supportsReserve: boolean;
  readonly supportsAllocationInfo: boolean;
};

/**
 * Reads a Get SEL Info response.
 *   0      SEL version
 *   1-2    number of entries, 3-4 free bytes
 *   5-8    time of the most recent addition, 9-12 of the most recent erase
 *   13     bit 7 overflow, 3 delete, 2 partial add, 1 reserve, 0 allocation information supported
 * @throws DecodeError when shorter than 14 bytes
 * @see IPMI v2.0 rev. 1.1 §31.2
 */
export function decodeGetSelInfoResponse(reader: ByteReader): GetSelInfoResponse {
  const response = {
    selVersion: reader.u8('SEL version'),
    entries: reader.u16le('entries'),
    freeSpace: reader.u16le('free space'),
    mostRecentAdditionTimestamp: reader.u32le('most recent addition'),
    mostRecentEraseTimestamp: reader.u32le('most recent erase'),
  };
  const support = reader.u8('operation support');
  return {
    ...response,
    overflow: (support & 0x80) !== 0,
    supportsDelete: (support & 0x08) !== 0,
    supportsPartialAdd: (support & 0x04) !== 0,
    supportsReserve: (support & 0x02) !== 0,
    supportsAllocationInfo: (support & 0x01) !== 0,
  };
}

/** Writes a Get SEL Info response. @see IPMI v2.0 rev. 1.1 §31.2 */
export function encodeGetSelInfoResponse(response: GetSelInfoResponse, writer: ByteWriter): void {
  writer.u8(response.selVersion).u16le(response.entries).u16le(response.freeSpace);
  writer.u32le(response.mostRecentAdditionTimestamp).u32le(response.mostRecentEraseTimestamp);
  writer.u8(
    (response.overflow ? 0x80 : 0) |
      (response.supportsDelete ? 0x08 : 0) |
      (response.supportsPartialAdd ? 0x04 : 0) |
      (response.supportsReserve ? 0x02 : 0) |
      (response.supportsAllocationInfo ? 0x01 : 0),
  );
}

export function describeGetSelInfoResponse(response: GetSelInfoResponse): string {
  return `${response.entries} entries, ${response.freeSpace} bytes free${response.overflow ? ', overflow' : ''}`;
}

export const getSelInfo: IpmiCommand<NoData, GetSelInfoResponse> = {
  name: 'Get SEL Info',
  netFn: NetFn.storage,
  command: 0x40,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: selCompletionCodes,
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetSelInfoResponse,
  decodeResponse: decodeGetSelInfoResponse,
};
