import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { decodePayloadInstance, encodePayloadInstance, type PayloadInstance } from './activate-payload.ts';

export type GetPayloadInstanceInfoResponse = {
  /** The managed system's id of the session that has it; 0 when the instance is not active. */
  readonly sessionId: number;
  /** 8 bytes by the specification, possibly cut short. SOL: the first is the serial port's number, 0 for unspecified. */
  readonly information: Buffer;
};

/**
 * Reads a Get Payload Instance Info response.
 *   0-3   session id, 0 when not active
 *   4-11  payload specific information; some controllers send less, or nothing
 * @throws DecodeError when shorter than 4 bytes
 * @see IPMI v2.0 rev. 1.1 §24.5, Table 24-7
 */
export function decodeGetPayloadInstanceInfoResponse(reader: ByteReader): GetPayloadInstanceInfoResponse {
  const sessionId = reader.u32le('session id');
  return { sessionId, information: reader.bytes(Math.min(8, reader.left), 'payload specific information') };
}

/** Writes a Get Payload Instance Info response. @see IPMI v2.0 rev. 1.1 §24.5, Table 24-7 */
export function encodeGetPayloadInstanceInfoResponse(
  response: GetPayloadInstanceInfoResponse,
  writer: ByteWriter,
): void {
  writer.u32le(response.sessionId).bytes(response.information);
}

export function describeGetPayloadInstanceInfoResponse(response: GetPayloadInstanceInfoResponse): string {
  return response.sessionId === 0
    ? 'payload instance is not active'
    : `payload instance belongs to session ${response.sessionId.toString(16).toUpperCase().padStart(8, '0')}h`;
}

export const getPayloadInstanceInfo: IpmiCommand<PayloadInstance, GetPayloadInstanceInfoResponse> = {
  name: 'Get Payload Instance Info',
  netFn: NetFn.application,
  command: 0x4b,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodePayloadInstance,
  decodeRequest: decodePayloadInstance,
  encodeResponse: encodeGetPayloadInstanceInfoResponse,
  decodeResponse: decodeGetPayloadInstanceInfoResponse,
};
