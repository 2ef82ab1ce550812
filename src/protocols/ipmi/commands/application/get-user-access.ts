import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { describePrivilegeLevel, PrivilegeLevel } from '../../privilege-level.ts';

/** Whether the user is enabled; controllers before the v2.0 rev. 1.1 errata leave it unspecified. @see §22.27 */
export const UserEnableStatus = { unspecified: 0, enabled: 1, disabled: 2, reserved: 3 } as const;

/** A privilege limit: the user may not use the channel. @see §22.26 */
export const NO_ACCESS = 0x0f;

export type GetUserAccessRequest = {
  readonly channel: number;
  /** 1 to 63. */
  readonly userId: number;
};

export type GetUserAccessResponse = {
  /** Users that the controller has room for; 6 bits. */
  readonly maximumUserIds: number;
  /** See {@link UserEnableStatus}. */
  readonly enableStatus: number;
  readonly enabledUserIds: number;
  /** Users whose names cannot be changed, user 1 among them. */
  readonly fixedNameUserIds: number;
  readonly callbackOnly: boolean;
  readonly linkAuthentication: boolean;
  /** The user may log in to IPMI on the channel. */
  readonly ipmiMessaging: boolean;
  /** On the channel asked for; {@link NO_ACCESS} for none. */
  readonly privilegeLevelLimit: number;
};

/**
 * Reads a Get User Access request.
 *   0  bits 3:0 channel
 *   1  bits 5:0 user id
 * @see IPMI v2.0 rev. 1.1 §22.27
 */
export function decodeGetUserAccessRequest(reader: ByteReader): GetUserAccessRequest {
  return { channel: reader.u8('channel number') & 0x0f, userId: reader.u8('user id') & 0x3f };
}

/** Writes a Get User Access request. @see IPMI v2.0 rev. 1.1 §22.27 */
export function encodeGetUserAccessRequest(request: GetUserAccessRequest, writer: ByteWriter): void {
  writer.u8(request.channel).u8(request.userId);
}

/**
 * Reads a Get User Access response.
 *   0  bits 5:0 maximum number of user ids
 *   1  bits 7:6 enable status, 5:0 number of enabled user ids
 *   2  bits 5:0 number of user ids with fixed names
 *   3  bit 6 callback only, 5 link authentication, 4 IPMI messaging, 3:0 privilege level limit
 * @throws DecodeError when shorter than 4 bytes
 * @see IPMI v2.0 rev. 1.1 §22.27
 */
export function decodeGetUserAccessResponse(reader: ByteReader): GetUserAccessResponse {
  const maximumUserIds = reader.u8('maximum user ids') & 0x3f;
  const enabled = reader.u8('enabled user ids');
  const fixedNameUserIds = reader.u8('user ids with fixed names') & 0x3f;
  const access = reader.u8('user access');
  return {
    maximumUserIds,
    enableStatus: enabled >> 6,
    enabledUserIds: enabled & 0x3f,
    fixedNameUserIds,
    callbackOnly: (access & 0x40) !== 0,
    linkAuthentication: (access & 0x20) !== 0,
    ipmiMessaging: (access & 0x10) !== 0,
    privilegeLevelLimit: access & 0x0f,
  };
}

/** Writes a Get User Access response. @see IPMI v2.0 rev. 1.1 §22.27 */
export function encodeGetUserAccessResponse(response: GetUserAccessResponse, writer: ByteWriter): void {
  writer.u8(response.maximumUserIds).u8((response.enableStatus << 6) | response.enabledUserIds);
  writer
    .u8(response.fixedNameUserIds)
    .u8(
      (response.callbackOnly ? 0x40 : 0) |
        (response.linkAuthentication ? 0x20 : 0) |
        (response.ipmiMessaging ? 0x10 : 0) |
        response.privilegeLevelLimit,
    );
}

export function describeGetUserAccessResponse(response: GetUserAccessResponse): string {
  const { privilegeLevelLimit: limit, ipmiMessaging } = response;
  const level = limit === NO_ACCESS ? 'no access' : `up to ${describePrivilegeLevel(limit)}`;
  return `${level}, IPMI messaging ${ipmiMessaging ? 'on' : 'off'}`;
}

/** Repeatable: a read. */
export const getUserAccess: IpmiCommand<GetUserAccessRequest, GetUserAccessResponse> = {
  name: 'Get User Access',
  netFn: NetFn.application,
  command: 0x44,
  repeatable: true,
  privilege: PrivilegeLevel.operator,
  completionCodes: {},
  encodeRequest: encodeGetUserAccessRequest,
  decodeRequest: decodeGetUserAccessRequest,
  encodeResponse: encodeGetUserAccessResponse,
  decodeResponse: decodeGetUserAccessResponse,
};
