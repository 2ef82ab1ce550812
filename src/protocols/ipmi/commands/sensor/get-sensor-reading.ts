import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** A request that names a sensor and nothing else. */
export type SensorRequest = { readonly sensorNumber: number };

export type GetSensorReadingResponse = {
  /** Raw; 0 and to be ignored where the sensor has no analog reading. */
  readonly reading: number;
  readonly eventMessagesEnabled: boolean;
  readonly scanningEnabled: boolean;
  /** The reading is being updated, or its entity is not there. */
  readonly readingUnavailable: boolean;
  /**
   * Threshold sensors: bits 5:0 at or beyond upper non-recoverable, critical, non-critical, lower non-recoverable,
   * critical, non-critical. Discrete sensors: states 7:0.
   */
  readonly states?: number;
  /** Discrete sensors: states 14:8. */
  readonly moreStates?: number;
};

/** Comparison bits of a threshold sensor's `states`. @see IPMI v2.0 rev. 1.1 §35.14, Table 35-15 */
export const ThresholdComparison = {
  lowerNonCritical: 0x01,
  lowerCritical: 0x02,
  lowerNonRecoverable: 0x04,
  upperNonCritical: 0x08,
  upperCritical: 0x10,
  upperNonRecoverable: 0x20,
} as const;

/**
 * Reads a request that names a sensor.
 *   0  sensor number; FFh is reserved
 * @throws DecodeError when empty
 * @see IPMI v2.0 rev. 1.1 §35.9, §35.14
 */
export function decodeSensorRequest(reader: ByteReader): SensorRequest {
  return { sensorNumber: reader.u8('sensor number') };
}

/** Writes a request that names a sensor. @see IPMI v2.0 rev. 1.1 §35.9, §35.14 */
export function encodeSensorRequest(request: SensorRequest, writer: ByteWriter): void {
  writer.u8(request.sensorNumber);
}

/**
 * Reads a Get Sensor Reading response.
 *   0  reading
 *   1  bit 7 event messages enabled, 6 scanning enabled, 5 reading unavailable
 *   2  threshold comparisons or states 7:0; by the book for every sensor, left out in the field (Dell PowerEdge 2950)
 *   3  states 14:8, optional; bit 7 is reserved and read as 1
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §35.14
 */
export function decodeGetSensorReadingResponse(reader: ByteReader): GetSensorReadingResponse {
  const reading = reader.u8('sensor reading');
  const flags = reader.u8('flags');
  const response = {
    reading,
    eventMessagesEnabled: (flags & 0x80) !== 0,
    scanningEnabled: (flags & 0x40) !== 0,
    readingUnavailable: (flags & 0x20) !== 0,
  };
  if (reader.left === 0) return response;
  const states = reader.u8('states 7:0');
  return reader.left === 0
    ? { ...response, states }
    : { ...response, states, moreStates: reader.u8('states 14:8') & 0x7f };
}

/** Writes a Get Sensor Reading response. @see IPMI v2.0 rev. 1.1 §35.14 */
export function encodeGetSensorReadingResponse(response: GetSensorReadingResponse, writer: ByteWriter): void {
  writer.u8(response.reading);
  writer.u8(
    (response.eventMessagesEnabled ? 0x80 : 0) |
      (response.scanningEnabled ? 0x40 : 0) |
      (response.readingUnavailable ? 0x20 : 0),
  );
  if (response.states === undefined) return;
  writer.u8(response.states);
  if (response.moreStates !== undefined) writer.u8(0x80 | response.moreStates);
}

export function describeGetSensorReadingResponse(response: GetSensorReadingResponse): string {
  const scanning = response.scanningEnabled ? '' : ', scanning disabled';
  const unavailable = response.readingUnavailable ? ', unavailable' : '';
  const states = (response.states ?? 0) | ((response.moreStates ?? 0) << 8);
  return `reading ${response.reading}, states ${states.toString(16)}h${scanning}${unavailable}`;
}

export const getSensorReading: IpmiCommand<SensorRequest, GetSensorReadingResponse> = {
  name: 'Get Sensor Reading',
  netFn: NetFn.sensorEvent,
  command: 0x2d,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeSensorRequest,
  decodeRequest: decodeSensorRequest,
  encodeResponse: encodeGetSensorReadingResponse,
  decodeResponse: decodeGetSensorReadingResponse,
};
