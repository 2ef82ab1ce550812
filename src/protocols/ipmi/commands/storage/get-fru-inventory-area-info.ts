import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type GetFruInventoryAreaInfoRequest = { readonly fruDeviceId: number };

export type GetFruInventoryAreaInfoResponse = {
  /** Bytes. */
  readonly size: number;
  /** Offsets and counts of reads are in words of 2 bytes. */
  readonly accessedByWords: boolean;
};

/**
 * Reads a Get FRU Inventory Area Info request.
 *   0  FRU device id
 * @throws DecodeError when empty
 * @see IPMI v2.0 rev. 1.1 §34.1
 */
export function decodeGetFruInventoryAreaInfoRequest(reader: ByteReader): GetFruInventoryAreaInfoRequest {
  return { fruDeviceId: reader.u8('FRU device id') };
}

/** Writes a Get FRU Inventory Area Info request. @see IPMI v2.0 rev. 1.1 §34.1 */
export function encodeGetFruInventoryAreaInfoRequest(
  request: GetFruInventoryAreaInfoRequest,
  writer: ByteWriter,
): void {
  writer.u8(request.fruDeviceId);
}

/**
 * Reads a Get FRU Inventory Area Info response.
 *   0-1  size in bytes
 *   2    bit 0 accessed by words
 * @throws DecodeError when shorter than 3 bytes
 * @see IPMI v2.0 rev. 1.1 §34.1
 */
export function decodeGetFruInventoryAreaInfoResponse(reader: ByteReader): GetFruInventoryAreaInfoResponse {
  const size = reader.u16le('FRU inventory area size');
  return { size, accessedByWords: (reader.u8('access') & 0x01) !== 0 };
}

/** Writes a Get FRU Inventory Area Info response. @see IPMI v2.0 rev. 1.1 §34.1 */
export function encodeGetFruInventoryAreaInfoResponse(
  response: GetFruInventoryAreaInfoResponse,
  writer: ByteWriter,
): void {
  writer.u16le(response.size).u8(response.accessedByWords ? 1 : 0);
}

export function describeGetFruInventoryAreaInfoResponse(response: GetFruInventoryAreaInfoResponse): string {
  return `${response.size} bytes, read by ${response.accessedByWords ? 'words' : 'bytes'}`;
}

export const getFruInventoryAreaInfo: IpmiCommand<GetFruInventoryAreaInfoRequest, GetFruInventoryAreaInfoResponse> = {
  name: 'Get FRU Inventory Area Info',
  netFn: NetFn.storage,
  command: 0x10,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeGetFruInventoryAreaInfoRequest,
  decodeRequest: decodeGetFruInventoryAreaInfoRequest,
  encodeResponse: encodeGetFruInventoryAreaInfoResponse,
  decodeResponse: decodeGetFruInventoryAreaInfoResponse,
};
