import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { describePrivilegeLevel, PrivilegeLevel } from '../../privilege-level.ts';

/** Which of the two copies of the settings is meant. @see IPMI v2.0 rev. 1.1 §22.23 */
export const ChannelAccessCopy = { nonVolatile: 1, present: 2 } as const;

/** When a channel takes messages. @see §22.22 */
export const ChannelAccessMode = { disabled: 0, preBootOnly: 1, always: 2, shared: 3 } as const;

/** Own codes of Get Channel Access. @see §22.23 */
export const ChannelAccessCode = { sessionlessChannel: 0x82 } as const;

export type GetChannelAccessRequest = {
  readonly channel: number;
  /** See {@link ChannelAccessCopy}; 2 bits. */
  readonly copy: number;
};

export type GetChannelAccessResponse = {
  readonly alertingDisabled: boolean;
  readonly perMessageAuthenticationDisabled: boolean;
  readonly userLevelAuthenticationDisabled: boolean;
  /** See {@link ChannelAccessMode}; 3 bits. */
  readonly accessMode: number;
  /** The most that any session of the channel can have. */
  readonly privilegeLevelLimit: number;
};

/**
 * Reads a Get Channel Access request.
 *   0  bits 3:0 channel
 *   1  bits 7:6 which copy
 * @see IPMI v2.0 rev. 1.1 §22.23
 */
export function decodeGetChannelAccessRequest(reader: ByteReader): GetChannelAccessRequest {
  return { channel: reader.u8('channel number') & 0x0f, copy: reader.u8('which copy') >> 6 };
}

/** Writes a Get Channel Access request. @see IPMI v2.0 rev. 1.1 §22.23 */
export function encodeGetChannelAccessRequest(request: GetChannelAccessRequest, writer: ByteWriter): void {
  writer.u8(request.channel).u8(request.copy << 6);
}

/**
 * Reads a Get Channel Access response.
 *   0  bit 5 alerting off, 4 per-message authentication off, 3 user-level authentication off, 2:0 access mode
 *   1  bits 3:0 privilege level limit
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §22.23
 */
export function decodeGetChannelAccessResponse(reader: ByteReader): GetChannelAccessResponse {
  const access = reader.u8('channel access');
  return {
    alertingDisabled: (access & 0x20) !== 0,
    perMessageAuthenticationDisabled: (access & 0x10) !== 0,
    userLevelAuthenticationDisabled: (access & 0x08) !== 0,
    accessMode: access & 0x07,
    privilegeLevelLimit: reader.u8('privilege level limit') & 0x0f,
  };
}

/** Writes a Get Channel Access response. @see IPMI v2.0 rev. 1.1 §22.23 */
export function encodeGetChannelAccessResponse(response: GetChannelAccessResponse, writer: ByteWriter): void {
  writer.u8(
    (response.alertingDisabled ? 0x20 : 0) |
      (response.perMessageAuthenticationDisabled ? 0x10 : 0) |
      (response.userLevelAuthenticationDisabled ? 0x08 : 0) |
      response.accessMode,
  );
  writer.u8(response.privilegeLevelLimit);
}

export function describeGetChannelAccessResponse(response: GetChannelAccessResponse): string {
  return `access mode ${response.accessMode}, up to ${describePrivilegeLevel(response.privilegeLevelLimit)}`;
}

/** Repeatable: a read. */
export const getChannelAccess: IpmiCommand<GetChannelAccessRequest, GetChannelAccessResponse> = {
  name: 'Get Channel Access',
  netFn: NetFn.application,
  command: 0x41,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: { [ChannelAccessCode.sessionlessChannel]: 'not supported for this channel, which has no sessions' },
  encodeRequest: encodeGetChannelAccessRequest,
  decodeRequest: decodeGetChannelAccessRequest,
  encodeResponse: encodeGetChannelAccessResponse,
  decodeResponse: decodeGetChannelAccessResponse,
};
