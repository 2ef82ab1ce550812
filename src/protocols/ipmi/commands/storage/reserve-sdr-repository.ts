import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** Also of Reserve Device SDR Repository. */
export type ReserveSdrRepositoryResponse = {
  /** Never 0; every new one ends those before it. */
  readonly reservationId: number;
};

/**
 * Reads a Reserve SDR Repository response.
 *   0-1  reservation id
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §33.11
 */
export function decodeReserveSdrRepositoryResponse(reader: ByteReader): ReserveSdrRepositoryResponse {
  return { reservationId: reader.u16le('reservation id') };
}

/** Writes a Reserve SDR Repository response. @see IPMI v2.0 rev. 1.1 §33.11 */
export function encodeReserveSdrRepositoryResponse(response: ReserveSdrRepositoryResponse, writer: ByteWriter): void {
  writer.u16le(response.reservationId);
}

/**
 * Reserves the repository for reading records in parts. Changes nothing in it; a second reservation of ours is as good
 * as the first, so it may be repeated.
 */
export const reserveSdrRepository: IpmiCommand<NoData, ReserveSdrRepositoryResponse> = {
  name: 'Reserve SDR Repository',
  netFn: NetFn.storage,
  command: 0x22,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeReserveSdrRepositoryResponse,
  decodeResponse: decodeReserveSdrRepositoryResponse,
};
