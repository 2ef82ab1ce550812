import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { BootOptionCode } from './set-system-boot-options.ts';

export type GetSystemBootOptionsRequest = {
  readonly parameter: number;
  readonly setSelector: number;
  readonly blockSelector: number;
};

export type GetSystemBootOptionsResponse = {
  /** 1 for this revision of the specification. */
  readonly version: number;
  readonly parameter: number;
  /** The parameter is marked invalid or locked. */
  readonly markedInvalid: boolean;
  /** Some boards send more than the parameter has (HP DL380 G5: 12 bytes). */
  readonly data: Buffer;
};

/**
 * Reads a Get System Boot Options request.
 *   0  bits 6:0 parameter
 *   1  set selector, 2 block selector
 * @see IPMI v2.0 rev. 1.1 §28.13
 */
export function decodeGetSystemBootOptionsRequest(reader: ByteReader): GetSystemBootOptionsRequest {
  return {
    parameter: reader.u8('parameter selector') & 0x7f,
    setSelector: reader.u8('set selector'),
    blockSelector: reader.u8('block selector'),
  };
}

/** Writes a Get System Boot Options request. @see IPMI v2.0 rev. 1.1 §28.13 */
export function encodeGetSystemBootOptionsRequest(request: GetSystemBootOptionsRequest, writer: ByteWriter): void {
  writer.u8(request.parameter).u8(request.setSelector).u8(request.blockSelector);
}

/**
 * Reads a Get System Boot Options response.
 *   0   bits 3:0 parameter version
 *   1   bit 7 marked invalid, bits 6:0 parameter
 *   2-  parameter data
 * @see IPMI v2.0 rev. 1.1 §28.13
 */
export function decodeGetSystemBootOptionsResponse(reader: ByteReader): GetSystemBootOptionsResponse {
  const version = reader.u8('parameter version') & 0x0f;
  const selector = reader.u8('parameter selector');
  return { version, parameter: selector & 0x7f, markedInvalid: (selector & 0x80) !== 0, data: reader.rest() };
}

/** Writes a Get System Boot Options response. @see IPMI v2.0 rev. 1.1 §28.13 */
export function encodeGetSystemBootOptionsResponse(response: GetSystemBootOptionsResponse, writer: ByteWriter): void {
  writer.u8(response.version).u8((response.markedInvalid ? 0x80 : 0) | response.parameter);
  writer.bytes(response.data);
}

export function describeGetSystemBootOptionsResponse(response: GetSystemBootOptionsResponse): string {
  return `boot option ${response.parameter}${response.markedInvalid ? ' (invalid)' : ''}: ${response.data.toString('hex')}`;
}

export const getSystemBootOptions: IpmiCommand<GetSystemBootOptionsRequest, GetSystemBootOptionsResponse> = {
  name: 'Get System Boot Options',
  netFn: NetFn.chassis,
  command: 0x09,
  repeatable: true,
  privilege: PrivilegeLevel.operator,
  completionCodes: { [BootOptionCode.parameterNotSupported]: 'boot option parameter not supported' },
  encodeRequest: encodeGetSystemBootOptionsRequest,
  decodeRequest: decodeGetSystemBootOptionsRequest,
  encodeResponse: encodeGetSystemBootOptionsResponse,
  decodeResponse: decodeGetSystemBootOptionsResponse,
};
