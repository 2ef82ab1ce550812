import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export const USER_NAME_BYTES = 16;

export type GetUserNameRequest = {
  /** 1 to 63. */
  readonly userId: number;
};

export type GetUserNameResponse = {
  /** Up to {@link USER_NAME_BYTES} bytes, one character each (ISO 8859-1); empty for the null user and unused ids. */
  readonly userName: string;
};

/** Reads a Get User Name request: bits 5:0 the user id. @see IPMI v2.0 rev. 1.1 §22.29 */
export function decodeGetUserNameRequest(reader: ByteReader): GetUserNameRequest {
  return { userId: reader.u8('user id') & 0x3f };
}

/** Writes a Get User Name request. @see IPMI v2.0 rev. 1.1 §22.29 */
export function encodeGetUserNameRequest(request: GetUserNameRequest, writer: ByteWriter): void {
  writer.u8(request.userId);
}

/**
 * Reads a Get User Name response.
 *   0-15  name, ended or filled up by 00h; a shorter answer is taken as it is
 * Unused ids are filled with FFh by some controllers, which reads as empty.
 * @see IPMI v2.0 rev. 1.1 §22.29
 */
export function decodeGetUserNameResponse(reader: ByteReader): GetUserNameResponse {
  const field = reader.bytes(Math.min(reader.left, USER_NAME_BYTES), 'user name');
  const end = field.indexOf(0);
  const name = end === -1 ? field : field.subarray(0, end);
  return { userName: name.every((byte) => byte === 0xff) ? '' : name.toString('latin1') };
}

/** Writes a Get User Name response. @see IPMI v2.0 rev. 1.1 §22.29 */
export function encodeGetUserNameResponse(response: GetUserNameResponse, writer: ByteWriter): void {
  writer.fixed(Buffer.from(response.userName, 'latin1'), USER_NAME_BYTES);
}

export function describeGetUserNameResponse(response: GetUserNameResponse): string {
  return `user "${response.userName}"`;
}

/** Repeatable: a read. */
export const getUserName: IpmiCommand<GetUserNameRequest, GetUserNameResponse> = {
  name: 'Get User Name',
  netFn: NetFn.application,
  command: 0x46,
  repeatable: true,
  privilege: PrivilegeLevel.operator,
  completionCodes: {},
  encodeRequest: encodeGetUserNameRequest,
  decodeRequest: decodeGetUserNameRequest,
  encodeResponse: encodeGetUserNameResponse,
  decodeResponse: decodeGetUserNameResponse,
};
