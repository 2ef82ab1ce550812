import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** The power-on hours counter. */
export type GetPohCounterResponse = {
  readonly minutesPerCount: number;
  readonly counterReading: number;
};

/**
 * Reads a Get POH Counter response.
 *   0    minutes per count
 *   1-4  counter reading
 * @throws DecodeError when shorter than 5 bytes
 * @see IPMI v2.0 rev. 1.1 §28.14
 */
export function decodeGetPohCounterResponse(reader: ByteReader): GetPohCounterResponse {
  return { minutesPerCount: reader.u8('minutes per count'), counterReading: reader.u32le('counter reading') };
}

/** Writes a Get POH Counter response. @see IPMI v2.0 rev. 1.1 §28.14 */
export function encodeGetPohCounterResponse(response: GetPohCounterResponse, writer: ByteWriter): void {
  writer.u8(response.minutesPerCount).u32le(response.counterReading);
}

/** Whole hours with power on; null when the controller gives no unit (0 minutes a count). */
export function powerOnHours(response: GetPohCounterResponse): number | null {
  const { minutesPerCount, counterReading } = response;
  return minutesPerCount === 0 ? null : Math.floor((counterReading * minutesPerCount) / 60);
}

export function describeGetPohCounterResponse(response: GetPohCounterResponse): string {
  return `${response.counterReading} counts of ${response.minutesPerCount} min with power on`;
}

/** Repeatable: a read. */
export const getPohCounter: IpmiCommand<NoData, GetPohCounterResponse> = {
  name: 'Get POH Counter',
  netFn: NetFn.chassis,
  command: 0x0f,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetPohCounterResponse,
  decodeResponse: decodeGetPohCounterResponse,
};
