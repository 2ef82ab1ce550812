import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** Own code: the device is busy for the moment; worth another try after 30 ms. @see IPMI v2.0 rev. 1.1 §34.2 */
export const FRU_DEVICE_BUSY = 0x81;

export type ReadFruDataRequest = {
  readonly fruDeviceId: number;
  /** Bytes or words, as Get FRU Inventory Area Info tells; so is `count`. */
  readonly offset: number;
  /** From 1. */
  readonly count: number;
};

export type ReadFruDataResponse = {
  /** Bytes or words by the book. Which of the two it is differs in the field: the data's own length counts. */
  readonly count: number;
  readonly data: Buffer;
};

/**
 * Reads a Read FRU Data request.
 *   0    FRU device id
 *   1-2  offset, 3 count; bytes or words
 * @throws DecodeError when shorter than 4 bytes
 * @see IPMI v2.0 rev. 1.1 §34.2
 */
export function decodeReadFruDataRequest(reader: ByteReader): ReadFruDataRequest {
  return {
    fruDeviceId: reader.u8('FRU device id'),
    offset: reader.u16le('offset'),
    count: reader.u8('count'),
  };
}

/** Writes a Read FRU Data request. @see IPMI v2.0 rev. 1.1 §34.2 */
export function encodeReadFruDataRequest(request: ReadFruDataRequest, writer: ByteWriter): void {
  writer.u8(request.fruDeviceId).u16le(request.offset).u8(request.count);
}

/**
 * Reads a Read FRU Data response.
 *   0   count returned
 *   1-  data
 * @throws DecodeError when empty
 * @see IPMI v2.0 rev. 1.1 §34.2
 */
export function decodeReadFruDataResponse(reader: ByteReader): ReadFruDataResponse {
  return { count: reader.u8('count returned'), data: reader.rest() };
}

/** Writes a Read FRU Data response. @see IPMI v2.0 rev. 1.1 §34.2 */
export function encodeReadFruDataResponse(response: ReadFruDataResponse, writer: ByteWriter): void {
  writer.u8(response.count).bytes(response.data);
}

export function describeReadFruDataResponse(response: ReadFruDataResponse): string {
  return `${response.data.length} bytes`;
}

export const readFruData: IpmiCommand<ReadFruDataRequest, ReadFruDataResponse> = {
  name: 'Read FRU Data',
  netFn: NetFn.storage,
  command: 0x11,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: { [FRU_DEVICE_BUSY]: 'FRU device busy' },
  encodeRequest: encodeReadFruDataRequest,
  decodeRequest: decodeReadFruDataRequest,
  encodeResponse: encodeReadFruDataResponse,
  decodeResponse: decodeReadFruDataResponse,
};
