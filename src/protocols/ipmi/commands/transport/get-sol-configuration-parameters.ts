import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type GetSolConfigurationParametersRequest = {
  /** Only the parameter's revision is wanted. */
  readonly revisionOnly: boolean;
  /** Eh: the channel that the request comes over. */
  readonly channel: number;
  /** See SolParameterNumber. */
  readonly parameter: number;
  readonly setSelector: number;
  readonly blockSelector: number;
};

export type GetSolConfigurationParametersResponse = {
  /** Bits 7:4 present revision, bits 3:0 oldest it is compatible with; 11h. */
  readonly parameterRevision: number;
  /** The parameter as on the wire, see `decodeSolParameter`; empty when only the revision was asked for. */
  readonly data: Buffer;
};

/** Own codes of Get SOL Configuration Parameters. @see IPMI v2.0 rev. 1.1 §26.3, Table 26-4 */
export const GetSolConfigurationParametersCode = { notSupported: 0x80 } as const;

/**
 * Reads a Get SOL Configuration Parameters request.
 *   0  bit 7 revision only, bits 3:0 channel
 *   1  parameter selector
 *   2  set selector
 *   3  block selector
 * @see IPMI v2.0 rev. 1.1 §26.3, Table 26-4
 */
export function decodeGetSolConfigurationParametersRequest(reader: ByteReader): GetSolConfigurationParametersRequest {
  const channel = reader.u8('channel');
  return {
    revisionOnly: (channel & 0x80) !== 0,
    channel: channel & 0x0f,
    parameter: reader.u8('parameter selector'),
    setSelector: reader.u8('set selector'),
    blockSelector: reader.u8('block selector'),
  };
}

/** Writes a Get SOL Configuration Parameters request. @see IPMI v2.0 rev. 1.1 §26.3, Table 26-4 */
export function encodeGetSolConfigurationParametersRequest(
  request: GetSolConfigurationParametersRequest,
  writer: ByteWriter,
): void {
  writer.u8((request.revisionOnly ? 0x80 : 0) | request.channel).u8(request.parameter);
  writer.u8(request.setSelector).u8(request.blockSelector);
}

/**
 * Reads a Get SOL Configuration Parameters response.
 *   0  parameter revision
 *   1  parameter data
 * @throws DecodeError when shorter than 1 byte
 * @see IPMI v2.0 rev. 1.1 §26.3, Table 26-4
 */
export function decodeGetSolConfigurationParametersResponse(reader: ByteReader): GetSolConfigurationParametersResponse {
  const parameterRevision = reader.u8('parameter revision');
  return { parameterRevision, data: reader.rest() };
}

/** Writes a Get SOL Configuration Parameters response. @see IPMI v2.0 rev. 1.1 §26.3, Table 26-4 */
export function encodeGetSolConfigurationParametersResponse(
  response: GetSolConfigurationParametersResponse,
  writer: ByteWriter,
): void {
  writer.u8(response.parameterRevision).bytes(response.data);
}

export function describeGetSolConfigurationParametersRequest(request: GetSolConfigurationParametersRequest): string {
  return `Get SOL parameter ${request.parameter} of channel ${request.channel}`;
}

export const getSolConfigurationParameters: IpmiCommand<
  GetSolConfigurationParametersRequest,
  GetSolConfigurationParametersResponse
> = {
  name: 'Get SOL Configuration Parameters',
  netFn: NetFn.transport,
  command: 0x22,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: { [GetSolConfigurationParametersCode.notSupported]: 'parameter not supported' },
  encodeRequest: encodeGetSolConfigurationParametersRequest,
  decodeRequest: decodeGetSolConfigurationParametersRequest,
  encodeResponse: encodeGetSolConfigurationParametersResponse,
  decodeResponse: decodeGetSolConfigurationParametersResponse,
};
