import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** How long the light stays on when the request does not say. @see IPMI v2.0 rev. 1.1 §28.5 */
export const DEFAULT_IDENTIFY_SECONDS = 15;

/** Longest time that the request can name. */
export const MAXIMUM_IDENTIFY_SECONDS = 255;

export type ChassisIdentifyRequest = {
  /** 0 switches the light off. */
  readonly intervalSeconds: number;
  /** On until switched off, whatever the interval; boards made before v1.5 errata know no second byte. */
  readonly forceOn?: boolean;
};

/**
 * Reads a Chassis Identify request; one without data means {@link DEFAULT_IDENTIFY_SECONDS}.
 *   0  interval, seconds, optional
 *   1  bit 0 force on, optional
 * @see IPMI v2.0 rev. 1.1 §28.5
 */
export function decodeChassisIdentifyRequest(reader: ByteReader): ChassisIdentifyRequest {
  if (reader.left === 0) return { intervalSeconds: DEFAULT_IDENTIFY_SECONDS };
  const intervalSeconds = reader.u8('identify interval');
  return reader.left === 0
    ? { intervalSeconds }
    : { intervalSeconds, forceOn: (reader.u8('force identify') & 1) !== 0 };
}

/** Writes a Chassis Identify request. @see IPMI v2.0 rev. 1.1 §28.5 */
export function encodeChassisIdentifyRequest(request: ChassisIdentifyRequest, writer: ByteWriter): void {
  writer.u8(request.intervalSeconds);
  if (request.forceOn !== undefined) writer.u8(request.forceOn ? 1 : 0);
}

export function describeChassisIdentifyRequest(request: ChassisIdentifyRequest): string {
  if (request.forceOn) return 'Chassis Identify on';
  return request.intervalSeconds === 0 ? 'Chassis Identify off' : `Chassis Identify for ${request.intervalSeconds} s`;
}

/** Not repeated: a second copy starts the interval anew, and may come after another party has switched the light off. */
export const chassisIdentify: IpmiCommand<ChassisIdentifyRequest, NoData> = {
  name: 'Chassis Identify',
  netFn: NetFn.chassis,
  command: 0x04,
  repeatable: false,
  privilege: PrivilegeLevel.operator,
  completionCodes: {},
  encodeRequest: encodeChassisIdentifyRequest,
  decodeRequest: decodeChassisIdentifyRequest,
  encodeResponse: encodeNoData,
  decodeResponse: decodeNoData,
};
