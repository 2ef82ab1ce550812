import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type GetPayloadActivationStatusRequest = { readonly payloadType: number };

export type GetPayloadActivationStatusResponse = {
  /** As stated, 0 to 15; see {@link payloadCapacity}. */
  readonly instanceCapacity: number;
  /** Bit n is set when instance n + 1 is active; 16 bits. */
  readonly activeInstances: number;
};

/**
 * Reads a Get Payload Activation Status response.
 *   0    bits 3:0 how many instances may be active at once
 *   1-2  instances 1 to 16 that are active, one bit each
 * @throws DecodeError when shorter than 3 bytes
 * @see IPMI v2.0 rev. 1.1 §24.4, Table 24-6
 */
export function decodeGetPayloadActivationStatusResponse(reader: ByteReader): GetPayloadActivationStatusResponse {
  const instanceCapacity = reader.u8('instance capacity') & 0x0f;
  return { instanceCapacity, activeInstances: reader.u16le('active instances') };
}

/** Writes a Get Payload Activation Status response. @see IPMI v2.0 rev. 1.1 §24.4, Table 24-6 */
export function encodeGetPayloadActivationStatusResponse(
  response: GetPayloadActivationStatusResponse,
  writer: ByteWriter,
): void {
  writer.u8(response.instanceCapacity).u16le(response.activeInstances);
}

/**
 * How many instances the controller has. 0 is reserved; Dell PowerEdge M605 and M610 state it and have one (FreeIPMI's
 * list of defects).
 */
export function payloadCapacity(response: GetPayloadActivationStatusResponse): number {
  return Math.max(1, response.instanceCapacity);
}

/** @param instance 1 to 16 */
export function isInstanceActive(response: GetPayloadActivationStatusResponse, instance: number): boolean {
  return ((response.activeInstances >> (instance - 1)) & 1) === 1;
}

export function describeGetPayloadActivationStatusResponse(response: GetPayloadActivationStatusResponse): string {
  return `${payloadCapacity(response)} instances, active: ${response.activeInstances.toString(2)}b`;
}

export const getPayloadActivationStatus: IpmiCommand<
  GetPayloadActivationStatusRequest,
  GetPayloadActivationStatusResponse
> = {
  name: 'Get Payload Activation Status',
  netFn: NetFn.application,
  command: 0x4a,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: (request, writer) => void writer.u8(request.payloadType),
  decodeRequest: (reader) => ({ payloadType: reader.u8('payload type') & 0x3f }),
  encodeResponse: encodeGetPayloadActivationStatusResponse,
  decodeResponse: decodeGetPayloadActivationStatusResponse,
};
