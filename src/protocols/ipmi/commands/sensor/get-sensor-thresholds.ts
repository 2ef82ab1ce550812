import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import type { RawThresholds } from '../../sdr/sensor-thresholds.ts';
import { decodeSensorRequest, encodeSensorRequest, type SensorRequest } from './get-sensor-reading.ts';

export type GetSensorThresholdsResponse = {
  /** Bit mask of the thresholds that can be read: upper non-recoverable (5) down to lower non-critical (0). */
  readonly readable: number;
  /** Raw readings; those that cannot be read mean nothing. */
  readonly thresholds: RawThresholds;
};

/**
 * Reads a Get Sensor Thresholds response.
 *   0    readable thresholds
 *   1-3  lower non-critical, critical, non-recoverable
 *   4-6  upper non-critical, critical, non-recoverable
 * @throws DecodeError when shorter than 7 bytes
 * @see IPMI v2.0 rev. 1.1 §35.9
 */
export function decodeGetSensorThresholdsResponse(reader: ByteReader): GetSensorThresholdsResponse {
  return {
    readable: reader.u8('readable thresholds') & 0x3f,
    thresholds: {
      lowerNonCritical: reader.u8('lower non-critical threshold'),
      lowerCritical: reader.u8('lower critical threshold'),
      lowerNonRecoverable: reader.u8('lower non-recoverable threshold'),
      upperNonCritical: reader.u8('upper non-critical threshold'),
      upperCritical: reader.u8('upper critical threshold'),
      upperNonRecoverable: reader.u8('upper non-recoverable threshold'),
    },
  };
}

/** Writes a Get Sensor Thresholds response. @see IPMI v2.0 rev. 1.1 §35.9 */
export function encodeGetSensorThresholdsResponse(
  { readable, thresholds }: GetSensorThresholdsResponse,
  writer: ByteWriter,
): void {
  writer.u8(readable);
  writer.u8(thresholds.lowerNonCritical).u8(thresholds.lowerCritical).u8(thresholds.lowerNonRecoverable);
  writer.u8(thresholds.upperNonCritical).u8(thresholds.upperCritical).u8(thresholds.upperNonRecoverable);
}

export function describeGetSensorThresholdsResponse({ readable, thresholds }: GetSensorThresholdsResponse): string {
  return `readable ${readable.toString(16)}h, ${Object.values(thresholds).join(' ')}`;
}

export const getSensorThresholds: IpmiCommand<SensorRequest, GetSensorThresholdsResponse> = {
  name: 'Get Sensor Thresholds',
  netFn: NetFn.sensorEvent,
  command: 0x27,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeSensorRequest,
  decodeRequest: decodeSensorRequest,
  encodeResponse: encodeGetSensorThresholdsResponse,
  decodeResponse: decodeGetSensorThresholdsResponse,
};
