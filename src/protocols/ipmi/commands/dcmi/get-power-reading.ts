import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { DCMI_GROUP_EXTENSION, decodeDcmiGroup } from './group-extension.ts';

/** @see DCMI v1.5 rev. 1.0 §6.6.1 */
export const PowerReadingMode = { systemPowerStatistics: 1, enhancedSystemPowerStatistics: 2 } as const;

export type GetPowerReadingRequest = {
  /** See {@link PowerReadingMode}. */
  readonly mode: number;
  /** The averaging period in mode 2, else 0. */
  readonly modeAttributes: number;
};

export type GetPowerReadingResponse = {
  /** Watts. */
  readonly current: number;
  /** Watts, over the reporting period; so are the next two. */
  readonly minimum: number;
  readonly maximum: number;
  readonly average: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Milliseconds. */
  readonly reportingPeriod: number;
  /** Power is being measured; without it the numbers mean nothing. */
  readonly measurementActive: boolean;
};

/**
 * Reads a Get Power Reading request.
 *   0  DCh
 *   1  mode, 2 mode attributes, 3 reserved
 * @throws DecodeError when shorter than 4 bytes or of another group
 * @see DCMI v1.5 rev. 1.0 §6.6.1
 */
export function decodeGetPowerReadingRequest(reader: ByteReader): GetPowerReadingRequest {
  decodeDcmiGroup(reader);
  const request = { mode: reader.u8('mode'), modeAttributes: reader.u8('mode attributes') };
  reader.u8('reserved');
  return request;
}

/** Writes a Get Power Reading request. @see DCMI v1.5 rev. 1.0 §6.6.1 */
export function encodeGetPowerReadingRequest(request: GetPowerReadingRequest, writer: ByteWriter): void {
  writer.u8(DCMI_GROUP_EXTENSION).u8(request.mode).u8(request.modeAttributes).u8(0);
}

/**
 * Reads a Get Power Reading response.
 *   0      DCh
 *   1-2    current watts, 3-4 minimum, 5-6 maximum, 7-8 average
 *   9-12   timestamp, 13-16 reporting period in ms
 *   17     bit 6 measurement active
 * @throws DecodeError when shorter than 18 bytes or of another group
 * @see DCMI v1.5 rev. 1.0 §6.6.1, Table 6-16
 */
export function decodeGetPowerReadingResponse(reader: ByteReader): GetPowerReadingResponse {
  decodeDcmiGroup(reader);
  return {
    current: reader.u16le('current power'),
    minimum: reader.u16le('minimum power'),
    maximum: reader.u16le('maximum power'),
    average: reader.u16le('average power'),
    timestamp: reader.u32le('timestamp'),
    reportingPeriod: reader.u32le('reporting period'),
    measurementActive: (reader.u8('power reading state') & 0x40) !== 0,
  };
}

/** Writes a Get Power Reading response. @see DCMI v1.5 rev. 1.0 §6.6.1 */
export function encodeGetPowerReadingResponse(response: GetPowerReadingResponse, writer: ByteWriter): void {
  writer.u8(DCMI_GROUP_EXTENSION).u16le(response.current);
  writer.u16le(response.minimum).u16le(response.maximum).u16le(response.average);
  writer
    .u32le(response.timestamp)
    .u32le(response.reportingPeriod)
    .u8(response.measurementActive ? 0x40 : 0);
}

export function describeGetPowerReadingResponse(response: GetPowerReadingResponse): string {
  return response.measurementActive ? `${response.current} W` : 'power is not measured';
}

export const getPowerReading: IpmiCommand<GetPowerReadingRequest, GetPowerReadingResponse> = {
  name: 'Get Power Reading',
  netFn: NetFn.groupExtension,
  command: 0x02,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeGetPowerReadingRequest,
  decodeRequest: decodeGetPowerReadingRequest,
  encodeResponse: encodeGetPowerReadingResponse,
  decodeResponse: decodeGetPowerReadingResponse,
};
