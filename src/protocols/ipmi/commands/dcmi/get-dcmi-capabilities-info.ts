import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { DCMI_GROUP_EXTENSION, decodeDcmiGroup } from './group-extension.ts';

/** @see DCMI v1.5 rev. 1.0 §6.1, Table 6-2 */
export const DcmiCapabilitiesParameter = { supportedCapabilities: 1 } as const;

export type GetDcmiCapabilitiesInfoRequest = {
  /** See {@link DcmiCapabilitiesParameter}. */
  readonly parameter: number;
};

export type GetDcmiCapabilitiesInfoResponse = {
  /** 1 and 5 for DCMI 1.5. */
  readonly majorVersion: number;
  readonly minorVersion: number;
  readonly parameterRevision: number;
  /** The parameter's own bytes; see {@link decodeSupportedCapabilities}. */
  readonly parameterData: Buffer;
};

/** Parameter 1. */
export type SupportedCapabilities = {
  readonly powerManagement: boolean;
  /** Bit mask: secondary LAN (2), serial terminal mode (1), in-band system interface (0). */
  readonly manageabilityAccess: number;
};

/**
 * Reads a Get DCMI Capabilities Info request.
 *   0  DCh, 1 parameter selector
 * @throws DecodeError when shorter than 2 bytes or of another group
 * @see DCMI v1.5 rev. 1.0 §6.1
 */
export function decodeGetDcmiCapabilitiesInfoRequest(reader: ByteReader): GetDcmiCapabilitiesInfoRequest {
  decodeDcmiGroup(reader);
  return { parameter: reader.u8('parameter selector') };
}

/** Writes a Get DCMI Capabilities Info request. @see DCMI v1.5 rev. 1.0 §6.1 */
export function encodeGetDcmiCapabilitiesInfoRequest(
  request: GetDcmiCapabilitiesInfoRequest,
  writer: ByteWriter,
): void {
  writer.u8(DCMI_GROUP_EXTENSION).u8(request.parameter);
}

/**
 * Reads a Get DCMI Capabilities Info response.
 *   0    DCh
 *   1-2  major and minor version, 3 parameter revision
 *   4-   parameter data
 * @throws DecodeError when shorter than 4 bytes or of another group
 * @see DCMI v1.5 rev. 1.0 §6.1
 */
export function decodeGetDcmiCapabilitiesInfoResponse(reader: ByteReader): GetDcmiCapabilitiesInfoResponse {
  decodeDcmiGroup(reader);
  return {
    majorVersion: reader.u8('major version'),
    minorVersion: reader.u8('minor version'),
    parameterRevision: reader.u8('parameter revision'),
    parameterData: reader.rest(),
  };
}

/** Writes a Get DCMI Capabilities Info response. @see DCMI v1.5 rev. 1.0 §6.1 */
export function encodeGetDcmiCapabilitiesInfoResponse(
  response: GetDcmiCapabilitiesInfoResponse,
  writer: ByteWriter,
): void {
  writer.u8(DCMI_GROUP_EXTENSION).u8(response.majorVersion).u8(response.minorVersion);
  writer.u8(response.parameterRevision).bytes(response.parameterData);
}

/**
 * Reads parameter 1.
 *   0  reserved (mandatory platform capabilities in DCMI 1.0)
 *   1  bit 0 power management
 *   2  manageability access
 * @throws DecodeError when shorter than 3 bytes
 * @see DCMI v1.5 rev. 1.0 §6.1, Table 6-3
 */
export function decodeSupportedCapabilities(reader: ByteReader): SupportedCapabilities {
  reader.u8('reserved');
  const platform = reader.u8('platform capabilities');
  return { powerManagement: (platform & 0x01) !== 0, manageabilityAccess: reader.u8('manageability access') };
}

/** Writes parameter 1. @see DCMI v1.5 rev. 1.0 §6.1, Table 6-3 */
export function encodeSupportedCapabilities(capabilities: SupportedCapabilities, writer: ByteWriter): void {
  writer
    .u8(0)
    .u8(capabilities.powerManagement ? 1 : 0)
    .u8(capabilities.manageabilityAccess);
}

export function describeGetDcmiCapabilitiesInfoResponse(response: GetDcmiCapabilitiesInfoResponse): string {
  return `DCMI ${response.majorVersion}.${response.minorVersion}, ${response.parameterData.length} bytes`;
}

/** The specification also lets it be asked outside a session; here it is asked inside. */
export const getDcmiCapabilitiesInfo: IpmiCommand<GetDcmiCapabilitiesInfoRequest, GetDcmiCapabilitiesInfoResponse> = {
  name: 'Get DCMI Capabilities Info',
  netFn: NetFn.groupExtension,
  command: 0x01,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeGetDcmiCapabilitiesInfoRequest,
  decodeRequest: decodeGetDcmiCapabilitiesInfoRequest,
  encodeResponse: encodeGetDcmiCapabilitiesInfoResponse,
  decodeResponse: decodeGetDcmiCapabilitiesInfoResponse,
};
