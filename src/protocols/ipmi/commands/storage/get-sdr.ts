import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** Record ids with a meaning of their own; `last` is also the "next" of the last record. @see §33.12 */
export const SdrRecordId = { first: 0x0000, last: 0xffff } as const;

/** "Bytes to read" for the whole record. @see §33.12 */
export const ENTIRE_RECORD = 0xff;

/** Also of Get Device SDR. */
export type GetSdrRequest = {
  /** 0 will do for reads that begin at offset 0. */
  readonly reservationId: number;
  readonly recordId: number;
  /** Into the record, its 5 header bytes included. */
  readonly offset: number;
  /** See {@link ENTIRE_RECORD}. */
  readonly bytesToRead: number;
};

/** Also of Get Device SDR. */
export type GetSdrResponse = {
  readonly nextRecordId: number;
  /** View of the received bytes. */
  readonly data: Buffer;
};

/**
 * Reads a Get SDR request.
 *   0-1  reservation id
 *   2-3  record id
 *   4    offset into the record
 *   5    bytes to read, FFh for all
 * @throws DecodeError when shorter than 6 bytes
 * @see IPMI v2.0 rev. 1.1 §33.12, §35.3
 */
export function decodeGetSdrRequest(reader: ByteReader): GetSdrRequest {
  return {
    reservationId: reader.u16le('reservation id'),
    recordId: reader.u16le('record id'),
    offset: reader.u8('offset into record'),
    bytesToRead: reader.u8('bytes to read'),
  };
}

/** Writes a Get SDR request. @see IPMI v2.0 rev. 1.1 §33.12, §35.3 */
export function encodeGetSdrRequest(request: GetSdrRequest, writer: ByteWriter): void {
  writer.u16le(request.reservationId).u16le(request.recordId).u8(request.offset).u8(request.bytesToRead);
}

/**
 * Reads a Get SDR response.
 *   0-1  id of the next record, FFFFh after the last
 *   2    record data
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §33.12, §35.3
 */
export function decodeGetSdrResponse(reader: ByteReader): GetSdrResponse {
  return { nextRecordId: reader.u16le('next record id'), data: reader.rest() };
}

/** Writes a Get SDR response. @see IPMI v2.0 rev. 1.1 §33.12, §35.3 */
export function encodeGetSdrResponse(response: GetSdrResponse, writer: ByteWriter): void {
  writer.u16le(response.nextRecordId).bytes(response.data);
}

export function describeGetSdrRequest(request: GetSdrRequest): string {
  const part = request.bytesToRead === ENTIRE_RECORD ? 'all' : `${request.bytesToRead} bytes at ${request.offset}`;
  return `record ${request.recordId}, ${part}`;
}

export const getSdr: IpmiCommand<GetSdrRequest, GetSdrResponse> = {
  name: 'Get SDR',
  netFn: NetFn.storage,
  command: 0x23,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeGetSdrRequest,
  decodeRequest: decodeGetSdrRequest,
  encodeResponse: encodeGetSdrResponse,
  decodeResponse: decodeGetSdrResponse,
};
