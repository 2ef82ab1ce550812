import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { selCompletionCodes } from './get-sel-info.ts';

export type ReserveSelResponse = {
  /** Cancelled when an entry is added or deleted, or anyone reserves again. @see §31.4.1 */
  readonly reservationId: number;
};

/**
 * Reads a Reserve SEL response.
 *   0-1  reservation id
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §31.4
 */
export function decodeReserveSelResponse(reader: ByteReader): ReserveSelResponse {
  return { reservationId: reader.u16le('reservation id') };
}

/** Writes a Reserve SEL response. @see IPMI v2.0 rev. 1.1 §31.4 */
export function encodeReserveSelResponse(response: ReserveSelResponse, writer: ByteWriter): void {
  writer.u16le(response.reservationId);
}

export function describeReserveSelResponse(response: ReserveSelResponse): string {
  return `reservation ${response.reservationId}`;
}

/**
 * Repeatable: a second copy takes another reservation, and ends the one whose answer was lost. It ends another party's
 * too, as any Reserve SEL may at any time; whoever holds one has to reckon with that.
 */
export const reserveSel: IpmiCommand<NoData, ReserveSelResponse> = {
  name: 'Reserve SEL',
  netFn: NetFn.storage,
  command: 0x42,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: selCompletionCodes,
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeReserveSelResponse,
  decodeResponse: decodeReserveSelResponse,
};
