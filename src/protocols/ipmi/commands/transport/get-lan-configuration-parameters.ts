import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { LanParameterNumber } from './lan-parameters.ts';

/** Own codes of Get LAN Configuration Parameters. @see IPMI v2.0 rev. 1.1 §23.2 */
export const LanParameterCode = { notSupported: 0x80 } as const;

export type GetLanConfigurationParametersRequest = {
  /** Only the revision is wanted, no data. */
  readonly revisionOnly: boolean;
  readonly channel: number;
  /** See lan-parameters.ts. */
  readonly parameter: number;
  readonly setSelector: number;
  readonly blockSelector: number;
};

export type GetLanConfigurationParametersResponse = {
  /** Bits 7:4 present revision, 3:0 oldest that it is compatible with; 11h for this specification. */
  readonly revision: number;
  /** The parameter's own bytes; lan-parameters.ts reads them. */
  readonly data: Buffer;
};

/**
 * Reads a Get LAN Configuration Parameters request.
 *   0  bit 7 revision only, bits 3:0 channel
 *   1  parameter
 *   2  set selector, 3 block selector
 * @see IPMI v2.0 rev. 1.1 §23.2
 */
export function decodeGetLanConfigurationParametersRequest(reader: ByteReader): GetLanConfigurationParametersRequest {
  const channel = reader.u8('channel number');
  return {
    revisionOnly: (channel & 0x80) !== 0,
    channel: channel & 0x0f,
    parameter: reader.u8('parameter selector'),
    setSelector: reader.u8('set selector'),
    blockSelector: reader.u8('block selector'),
  };
}

/** Writes a Get LAN Configuration Parameters request. @see IPMI v2.0 rev. 1.1 §23.2 */
export function encodeGetLanConfigurationParametersRequest(
  request: GetLanConfigurationParametersRequest,
  writer: ByteWriter,
): void {
  writer.u8((request.revisionOnly ? 0x80 : 0) | request.channel).u8(request.parameter);
  writer.u8(request.setSelector).u8(request.blockSelector);
}

/**
 * Reads a Get LAN Configuration Parameters response.
 *   0   parameter revision
 *   1-  parameter data
 * @throws DecodeError when empty
 * @see IPMI v2.0 rev. 1.1 §23.2
 */
export function decodeGetLanConfigurationParametersResponse(reader: ByteReader): GetLanConfigurationParametersResponse {
  return { revision: reader.u8('parameter revision'), data: reader.rest() };
}

/** Writes a Get LAN Configuration Parameters response. @see IPMI v2.0 rev. 1.1 §23.2 */
export function encodeGetLanConfigurationParametersResponse(
  response: GetLanConfigurationParametersResponse,
  writer: ByteWriter,
): void {
  writer.u8(response.revision).bytes(response.data);
}

/** The data are left out of the text: parameter 16 is a secret, and the response does not say which one it is. */
export function describeGetLanConfigurationParametersResponse(response: GetLanConfigurationParametersResponse): string {
  return `LAN parameter, ${response.data.length} bytes`;
}

export function describeGetLanConfigurationParametersRequest(request: GetLanConfigurationParametersRequest): string {
  const name = Object.entries(LanParameterNumber).find(([, number]) => number === request.parameter)?.[0];
  return `LAN parameter ${name ?? request.parameter} of channel ${request.channel}`;
}

/** Repeatable: a read. */
export const getLanConfigurationParameters: IpmiCommand<
  GetLanConfigurationParametersRequest,
  GetLanConfigurationParametersResponse
> = {
  name: 'Get LAN Configuration Parameters',
  netFn: NetFn.transport,
  command: 0x02,
  repeatable: true,
  privilege: PrivilegeLevel.operator,
  completionCodes: { [LanParameterCode.notSupported]: 'LAN parameter not supported' },
  encodeRequest: encodeGetLanConfigurationParametersRequest,
  decodeRequest: decodeGetLanConfigurationParametersRequest,
  encodeResponse: encodeGetLanConfigurationParametersResponse,
  decodeResponse: decodeGetLanConfigurationParametersResponse,
};
