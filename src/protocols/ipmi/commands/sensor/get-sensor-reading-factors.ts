import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { decodeReadingFactors, encodeReadingFactors, type ReadingFactors } from '../../sdr/reading-factors.ts';

export type GetSensorReadingFactorsRequest = {
  readonly sensorNumber: number;
  /** Raw reading that the factors are wanted for. */
  readonly reading: number;
};

export type GetSensorReadingFactorsResponse = {
  /** Raw reading from which on the next set of factors applies; equal to the request's reading when there is none. */
  readonly nextReading: number;
  readonly factors: ReadingFactors;
};

/**
 * Reads a Get Sensor Reading Factors request.
 *   0  sensor number
 *   1  reading
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §35.5
 */
export function decodeGetSensorReadingFactorsRequest(reader: ByteReader): GetSensorReadingFactorsRequest {
  return { sensorNumber: reader.u8('sensor number'), reading: reader.u8('reading') };
}

/** Writes a Get Sensor Reading Factors request. @see IPMI v2.0 rev. 1.1 §35.5 */
export function encodeGetSensorReadingFactorsRequest(
  request: GetSensorReadingFactorsRequest,
  writer: ByteWriter,
): void {
  writer.u8(request.sensorNumber).u8(request.reading);
}

/**
 * Reads a Get Sensor Reading Factors response.
 *   0    next reading
 *   1-6  factors, as in a full sensor record
 * @throws DecodeError when shorter than 7 bytes
 * @see IPMI v2.0 rev. 1.1 §35.5
 */
export function decodeGetSensorReadingFactorsResponse(reader: ByteReader): GetSensorReadingFactorsResponse {
  return { nextReading: reader.u8('next reading'), factors: decodeReadingFactors(reader).factors };
}

/** Writes a Get Sensor Reading Factors response. @see IPMI v2.0 rev. 1.1 §35.5 */
export function encodeGetSensorReadingFactorsResponse(
  response: GetSensorReadingFactorsResponse,
  writer: ByteWriter,
): void {
  writer.u8(response.nextReading);
  encodeReadingFactors(response.factors, 0, writer);
}

/** For sensors that are not linear over their range (linearization 70h to 7Fh). */
export const getSensorReadingFactors: IpmiCommand<GetSensorReadingFactorsRequest, GetSensorReadingFactorsResponse> = {
  name: 'Get Sensor Reading Factors',
  netFn: NetFn.sensorEvent,
  command: 0x23,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeGetSensorReadingFactorsRequest,
  decodeRequest: decodeGetSensorReadingFactorsRequest,
  encodeResponse: encodeGetSensorReadingFactorsResponse,
  decodeResponse: decodeGetSensorReadingFactorsResponse,
};
