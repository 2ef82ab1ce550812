import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type GetDeviceSdrInfoRequest = {
  /** What `count` of the answer counts: records, or the sensors of the logical unit that is asked. */
  readonly count: 'sensors' | 'records';
};

export type GetDeviceSdrInfoResponse = {
  readonly count: number;
  /** Sensors come and go; `populationChange` tells that they have. */
  readonly dynamic: boolean;
  /** Bit n is set when logical unit n has sensors. */
  readonly lunsWithSensors: number;
  /** Any number, another one after each change; only of dynamic populations. */
  readonly populationChange?: number;
};

/**
 * Reads a Get Device SDR Info request.
 *   0  operation, optional: bit 0 set for records, clear for sensors
 * @see IPMI v2.0 rev. 1.1 §35.2
 */
export function decodeGetDeviceSdrInfoRequest(reader: ByteReader): GetDeviceSdrInfoRequest {
  const operation = reader.left === 0 ? 0 : reader.u8('operation');
  return { count: (operation & 0x01) === 0 ? 'sensors' : 'records' };
}

/** Writes a Get Device SDR Info request; IPMI 1.0 knows it only without data. @see IPMI v2.0 rev. 1.1 §35.2 */
export function encodeGetDeviceSdrInfoRequest(request: GetDeviceSdrInfoRequest, writer: ByteWriter): void {
  if (request.count === 'records') writer.u8(0x01);
}

/**
 * Reads a Get Device SDR Info response.
 *   0    number of sensors or records
 *   1    bit 7 dynamic population, bits 3:0 logical units with sensors
 *   2-5  population change indicator, of dynamic populations
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §35.2
 */
export function decodeGetDeviceSdrInfoResponse(reader: ByteReader): GetDeviceSdrInfoResponse {
  const count = reader.u8('number of sensors');
  const flags = reader.u8('flags');
  const response = { count, dynamic: (flags & 0x80) !== 0, lunsWithSensors: flags & 0x0f };
  if (reader.left < 4) return response;
  return { ...response, populationChange: reader.u32le('population change indicator') };
}

/** Writes a Get Device SDR Info response. @see IPMI v2.0 rev. 1.1 §35.2 */
export function encodeGetDeviceSdrInfoResponse(response: GetDeviceSdrInfoResponse, writer: ByteWriter): void {
  writer.u8(response.count).u8((response.dynamic ? 0x80 : 0) | response.lunsWithSensors);
  if (response.populationChange !== undefined) writer.u32le(response.populationChange);
}

export function describeGetDeviceSdrInfoResponse(response: GetDeviceSdrInfoResponse): string {
  const change = response.populationChange === undefined ? '' : `, population ${response.populationChange}`;
  return `${response.count}, ${response.dynamic ? 'dynamic' : 'static'}${change}`;
}

export const getDeviceSdrInfo: IpmiCommand<GetDeviceSdrInfoRequest, GetDeviceSdrInfoResponse> = {
  name: 'Get Device SDR Info',
  netFn: NetFn.sensorEvent,
  command: 0x20,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeGetDeviceSdrInfoRequest,
  decodeRequest: decodeGetDeviceSdrInfoRequest,
  encodeResponse: encodeGetDeviceSdrInfoResponse,
  decodeResponse: decodeGetDeviceSdrInfoResponse,
};
