import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type GetChannelPayloadSupportRequest = {
  /** Eh: the channel that the request comes over. */
  readonly channel: number;
};

export type GetChannelPayloadSupportResponse = {
  /** Bit n: payload type n; SOL is bit 1. 16 bits, as the others. */
  readonly standardPayloads: number;
  /** Bit n: payload type 10h + n. */
  readonly sessionSetupPayloads: number;
  /** Bit n: payload type 20h + n. */
  readonly oemPayloads: number;
};

/**
 * Reads a Get Channel Payload Support response.
 *   0-1  standard payload types 0 to 15, one bit each
 *   2-3  session set-up payload types 10h to 1Fh
 *   4-5  OEM payload types 20h to 2Fh
 *   6-7  reserved; left unread, since some controllers leave it out
 * @throws DecodeError when shorter than 6 bytes
 * @see IPMI v2.0 rev. 1.1 §24.8, Table 24-10
 */
export function decodeGetChannelPayloadSupportResponse(reader: ByteReader): GetChannelPayloadSupportResponse {
  return {
    standardPayloads: reader.u16le('standard payload types'),
    sessionSetupPayloads: reader.u16le('session set-up payload types'),
    oemPayloads: reader.u16le('OEM payload types'),
  };
}

/** Writes a Get Channel Payload Support response. @see IPMI v2.0 rev. 1.1 §24.8, Table 24-10 */
export function encodeGetChannelPayloadSupportResponse(
  response: GetChannelPayloadSupportResponse,
  writer: ByteWriter,
): void {
  writer.u16le(response.standardPayloads).u16le(response.sessionSetupPayloads).u16le(response.oemPayloads).zeros(2);
}

/** @param payloadType 0 to 3Fh */
export function supportsPayload(response: GetChannelPayloadSupportResponse, payloadType: number): boolean {
  const groups = [response.standardPayloads, response.sessionSetupPayloads, response.oemPayloads];
  return (((groups[payloadType >> 4] ?? 0) >> (payloadType & 0x0f)) & 1) === 1;
}

export function describeGetChannelPayloadSupportResponse(response: GetChannelPayloadSupportResponse): string {
  const hex = (bits: number): string => `${bits.toString(16).padStart(4, '0')}h`;
  return `payload types: standard ${hex(response.standardPayloads)}, set-up ${hex(response.sessionSetupPayloads)}, OEM ${hex(response.oemPayloads)}`;
}

export const getChannelPayloadSupport: IpmiCommand<GetChannelPayloadSupportRequest, GetChannelPayloadSupportResponse> =
  {
    name: 'Get Channel Payload Support',
    netFn: NetFn.application,
    command: 0x4e,
    repeatable: true,
    privilege: PrivilegeLevel.user,
    completionCodes: {},
    encodeRequest: (request, writer) => void writer.u8(request.channel),
    decodeRequest: (reader) => ({ channel: reader.u8('channel') & 0x0f }),
    encodeResponse: encodeGetChannelPayloadSupportResponse,
    decodeResponse: decodeGetChannelPayloadSupportResponse,
  };
