import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';

/** The channel that the request itself came through. @see IPMI v2.0 rev. 1.1 §6.3 */
export const PRESENT_CHANNEL = 0x0e;

export type GetChannelAuthenticationCapabilitiesRequest = {
  /** Asks for the v2.0 data; controllers that know only v1.5 refuse the bit with CCh. */
  readonly extended: boolean;
  /** {@link PRESENT_CHANNEL} or a channel number. */
  readonly channel: number;
  readonly requestedMaximumPrivilegeLevel: number;
};

/** All of it unauthenticated, and wrong on some boards: hints, never decisions. */
export type GetChannelAuthenticationCapabilitiesResponse = {
  readonly channel: number;
  /** The v2.0 data are there. */
  readonly extended: boolean;
  /** Bit mask of v1.5 authentication types: OEM (5), password (4), MD5 (2), MD2 (1), none (0). */
  readonly authenticationTypes: number;
  /** K_G is set to something other than zeros ("two-key" login). */
  readonly kgSet: boolean;
  readonly perMessageAuthenticationDisabled: boolean;
  readonly userLevelAuthenticationDisabled: boolean;
  readonly nonNullUserNames: boolean;
  readonly nullUserNames: boolean;
  readonly anonymousLogin: boolean;
  readonly supportsV15: boolean;
  readonly supportsV20: boolean;
  readonly oemId: number;
  readonly oemAuxiliary: number;
};

/**
 * Reads a Get Channel Authentication Capabilities request.
 *   0  bit 7 v2.0 data wanted, bits 3:0 channel
 *   1  bits 3:0 requested maximum privilege level
 * @see IPMI v2.0 rev. 1.1 §22.13
 */
export function decodeGetChannelAuthenticationCapabilitiesRequest(
  reader: ByteReader,
): GetChannelAuthenticationCapabilitiesRequest {
  const channel = reader.u8('channel number');
  const level = reader.u8('requested maximum privilege level');
  return {
    extended: (channel & 0x80) !== 0,
    channel: channel & 0x0f,
    requestedMaximumPrivilegeLevel: level & 0x0f,
  };
}

/** Writes a Get Channel Authentication Capabilities request. @see IPMI v2.0 rev. 1.1 §22.13 */
export function encodeGetChannelAuthenticationCapabilitiesRequest(
  request: GetChannelAuthenticationCapabilitiesRequest,
  writer: ByteWriter,
): void {
  writer.u8((request.extended ? 0x80 : 0) | request.channel).u8(request.requestedMaximumPrivilegeLevel);
}

/**
 * Reads a Get Channel Authentication Capabilities response.
 *   0    channel
 *   1    bit 7 v2.0 data there, bits 5:0 authentication types
 *   2    bit 5 K_G, 4 per-message off, 3 user-level off, 2 non-null, 1 null user names, 0 anonymous login
 *   3    bit 1 v2.0, bit 0 v1.5
 *   4-6  OEM id, 7 OEM auxiliary data
 * @throws DecodeError when shorter than 8 bytes
 * @see IPMI v2.0 rev. 1.1 §22.13
 */
export function decodeGetChannelAuthenticationCapabilitiesResponse(
  reader: ByteReader,
): GetChannelAuthenticationCapabilitiesResponse {
  const channel = reader.u8('channel number');
  const types = reader.u8('authentication types');
  const status = reader.u8('authentication status');
  const capabilities = reader.u8('extended capabilities');
  return {
    channel,
    extended: (types & 0x80) !== 0,
    authenticationTypes: types & 0x3f,
    kgSet: (status & 0x20) !== 0,
    perMessageAuthenticationDisabled: (status & 0x10) !== 0,
    userLevelAuthenticationDisabled: (status & 0x08) !== 0,
    nonNullUserNames: (status & 0x04) !== 0,
    nullUserNames: (status & 0x02) !== 0,
    anonymousLogin: (status & 0x01) !== 0,
    supportsV15: (capabilities & 0x01) !== 0,
    supportsV20: (capabilities & 0x02) !== 0,
    oemId: reader.u24le('OEM id'),
    oemAuxiliary: reader.u8('OEM auxiliary data'),
  };
}

/** Writes a Get Channel Authentication Capabilities response. @see IPMI v2.0 rev. 1.1 §22.13 */
export function encodeGetChannelAuthenticationCapabilitiesResponse(
  response: GetChannelAuthenticationCapabilitiesResponse,
  writer: ByteWriter,
): void {
  writer.u8(response.channel).u8((response.extended ? 0x80 : 0) | response.authenticationTypes);
  writer.u8(
    (response.kgSet ? 0x20 : 0) |
      (response.perMessageAuthenticationDisabled ? 0x10 : 0) |
      (response.userLevelAuthenticationDisabled ? 0x08 : 0) |
      (response.nonNullUserNames ? 0x04 : 0) |
      (response.nullUserNames ? 0x02 : 0) |
      (response.anonymousLogin ? 0x01 : 0),
  );
  writer.u8((response.supportsV15 ? 0x01 : 0) | (response.supportsV20 ? 0x02 : 0));
  writer.u24le(response.oemId).u8(response.oemAuxiliary);
}

export function describeGetChannelAuthenticationCapabilitiesResponse(
  response: GetChannelAuthenticationCapabilitiesResponse,
): string {
  const versions = [response.supportsV15 ? '1.5' : '', response.supportsV20 ? '2.0' : ''].filter(Boolean).join(' and ');
  return `channel ${response.channel}: IPMI ${versions || 'no version'}${response.kgSet ? ', K_G set' : ''}`;
}

export const getChannelAuthenticationCapabilities: IpmiCommand<
  GetChannelAuthenticationCapabilitiesRequest,
  GetChannelAuthenticationCapabilitiesResponse
> = {
  name: 'Get Channel Authentication Capabilities',
  netFn: NetFn.application,
  command: 0x38,
  repeatable: true,
  privilege: 'none',
  completionCodes: {},
  encodeRequest: encodeGetChannelAuthenticationCapabilitiesRequest,
  decodeRequest: decodeGetChannelAuthenticationCapabilitiesRequest,
  encodeResponse: encodeGetChannelAuthenticationCapabilitiesResponse,
  decodeResponse: decodeGetChannelAuthenticationCapabilitiesResponse,
};
