import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { selCompletionCodes } from './get-sel-info.ts';

/** Record ids with a meaning. @see IPMI v2.0 rev. 1.1 §31.5 */
export const SelRecordId = {
  first: 0x0000,
  /** In a request the newest entry; as "next" there is none. */
  last: 0xffff,
} as const;

/** Bytes to read: all of the record. @see §31.5 */
export const ENTIRE_SEL_RECORD = 0xff;

export type GetSelEntryRequest = {
  /** 0 does for a whole record. */
  readonly reservationId: number;
  /** See {@link SelRecordId}. */
  readonly recordId: number;
  /** Where in the record the read starts. */
  readonly offset: number;
  /** See {@link ENTIRE_SEL_RECORD}. */
  readonly bytesToRead: number;
};

export type GetSelEntryResponse = {
  readonly nextRecordId: number;
  /** 16 bytes for a whole record; kept as they came, since controllers send fewer and more. */
  readonly recordData: Buffer;
};

/**
 * Reads a Get SEL Entry request.
 *   0-1  reservation id, 2-3 record id
 *   4    offset into the record, 5 bytes to read
 * @throws DecodeError when shorter than 6 bytes
 * @see IPMI v2.0 rev. 1.1 §31.5
 */
export function decodeGetSelEntryRequest(reader: ByteReader): GetSelEntryRequest {
  return {
    reservationId: reader.u16le('reservation id'),
    recordId: reader.u16le('record id'),
    offset: reader.u8('offset'),
    bytesToRead: reader.u8('bytes to read'),
  };
}

/** Writes a Get SEL Entry request. @see IPMI v2.0 rev. 1.1 §31.5 */
export function encodeGetSelEntryRequest(request: GetSelEntryRequest, writer: ByteWriter): void {
  writer.u16le(request.reservationId).u16le(request.recordId).u8(request.offset).u8(request.bytesToRead);
}

/**
 * Reads a Get SEL Entry response.
 *   0-1  id of the next record, FFFFh after the last
 *   2-   record data
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §31.5
 */
export function decodeGetSelEntryResponse(reader: ByteReader): GetSelEntryResponse {
  return { nextRecordId: reader.u16le('next record id'), recordData: reader.rest() };
}

/** Writes a Get SEL Entry response. @see IPMI v2.0 rev. 1.1 §31.5 */
export function encodeGetSelEntryResponse(response: GetSelEntryResponse, writer: ByteWriter): void {
  writer.u16le(response.nextRecordId).bytes(response.recordData);
}

export function describeGetSelEntryResponse(response: GetSelEntryResponse): string {
  return `${response.recordData.length} bytes, next is ${response.nextRecordId}`;
}

export const getSelEntry: IpmiCommand<GetSelEntryRequest, GetSelEntryResponse> = {
  name: 'Get SEL Entry',
  netFn: NetFn.storage,
  command: 0x43,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: selCompletionCodes,
  encodeRequest: encodeGetSelEntryRequest,
  decodeRequest: decodeGetSelEntryRequest,
  encodeResponse: encodeGetSelEntryResponse,
  decodeResponse: decodeGetSelEntryResponse,
};
