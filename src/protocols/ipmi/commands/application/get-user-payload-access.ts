import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type GetUserPayloadAccessRequest = {
  /** Eh: the channel that the request comes over. */
  readonly channel: number;
  /** 1 to 63. */
  readonly userId: number;
};

export type GetUserPayloadAccessResponse = {
  /** Bit n: payload type n is allowed to the user; SOL is bit 1. */
  readonly standardPayloads: number;
  /** Bit n: OEM payload type 20h + n is allowed. */
  readonly oemPayloads: number;
};

/**
 * Reads a Get User Payload Access request.
 *   0  bits 3:0 channel
 *   1  bits 5:0 user id
 * @see IPMI v2.0 rev. 1.1 §24.7, Table 24-9
 */
export function decodeGetUserPayloadAccessRequest(reader: ByteReader): GetUserPayloadAccessRequest {
  const channel = reader.u8('channel') & 0x0f;
  return { channel, userId: reader.u8('user id') & 0x3f };
}

/** Writes a Get User Payload Access request. @see IPMI v2.0 rev. 1.1 §24.7, Table 24-9 */
export function encodeGetUserPayloadAccessRequest(request: GetUserPayloadAccessRequest, writer: ByteWriter): void {
  writer.u8(request.channel).u8(request.userId);
}

/**
 * Reads a Get User Payload Access response.
 *   0-1  standard payloads 0 to 7, then reserved
 *   2-3  OEM payloads 20h to 27h, then reserved; left out by some controllers
 * @throws DecodeError when shorter than 1 byte
 * @see IPMI v2.0 rev. 1.1 §24.7, Table 24-9
 */
export function decodeGetUserPayloadAccessResponse(reader: ByteReader): GetUserPayloadAccessResponse {
  const standardPayloads = reader.u8('standard payload enables 1');
  if (reader.left < 2) return { standardPayloads, oemPayloads: 0 };
  reader.u8('standard payload enables 2');
  return { standardPayloads, oemPayloads: reader.u8('OEM payload enables 1') };
}

/** Writes a Get User Payload Access response. @see IPMI v2.0 rev. 1.1 §24.7, Table 24-9 */
export function encodeGetUserPayloadAccessResponse(response: GetUserPayloadAccessResponse, writer: ByteWriter): void {
  writer.u8(response.standardPayloads).u8(0).u8(response.oemPayloads).u8(0);
}

export function describeGetUserPayloadAccessResponse(response: GetUserPayloadAccessResponse): string {
  return `payloads allowed: standard ${response.standardPayloads.toString(2)}b, OEM ${response.oemPayloads.toString(2)}b`;
}

export const getUserPayloadAccess: IpmiCommand<GetUserPayloadAccessRequest, GetUserPayloadAccessResponse> = {
  name: 'Get User Payload Access',
  netFn: NetFn.application,
  command: 0x4d,
  repeatable: true,
  privilege: PrivilegeLevel.operator,
  completionCodes: {},
  encodeRequest: encodeGetUserPayloadAccessRequest,
  decodeRequest: decodeGetUserPayloadAccessRequest,
  encodeResponse: encodeGetUserPayloadAccessResponse,
  decodeResponse: decodeGetUserPayloadAccessResponse,
};
