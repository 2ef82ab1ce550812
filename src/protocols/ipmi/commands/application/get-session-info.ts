import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { describePrivilegeLevel, PrivilegeLevel } from '../../privilege-level.ts';

/** Session indexes with a meaning of their own. @see IPMI v2.0 rev. 1.1 §22.20 */
const SessionIndex = { thisSession: 0x00, byHandle: 0xfe, byId: 0xff } as const;

/** Which session is asked about. */
export type GetSessionInfoRequest =
  | { readonly by: 'this-session' }
  /** The n-th active one, 1 to 253. */
  | { readonly by: 'index'; readonly index: number }
  | { readonly by: 'handle'; readonly handle: number }
  /** The managed system's session id. */
  | { readonly by: 'id'; readonly id: number };

export type SessionInfo = {
  readonly userId: number;
  /** The level that the session has now. */
  readonly privilegeLevel: number;
  /** 4 bits; on a LAN channel 0 for IPMI v1.5 and 1 for v2.0. */
  readonly protocolAuxiliary: number;
  readonly channel: number;
  /** The other end, for a LAN channel. */
  readonly remoteConsole?: {
    /** 4 bytes. */
    readonly ipAddress: Buffer;
    /** 6 bytes. */
    readonly macAddress: Buffer;
    readonly port: number;
  };
};

export type GetSessionInfoResponse = {
  /** 0: there is no such session. */
  readonly sessionHandle: number;
  readonly possibleSessions: number;
  readonly activeSessions: number;
  readonly session?: SessionInfo;
};

/** Own bytes of a session, and of the other end on a LAN channel. */
const SESSION_BYTES = 3;
const REMOTE_CONSOLE_BYTES = 12;

/**
 * Reads a Get Session Info request.
 *   0    00h this session, 01h to FDh the n-th active one, FEh by handle, FFh by id
 *   1    session handle after FEh; 1-4 session id after FFh
 * @see IPMI v2.0 rev. 1.1 §22.20
 */
export function decodeGetSessionInfoRequest(reader: ByteReader): GetSessionInfoRequest {
  const index = reader.u8('session index');
  switch (index) {
    case SessionIndex.thisSession:
      return { by: 'this-session' };
    case SessionIndex.byHandle:
      return { by: 'handle', handle: reader.u8('session handle') };
    case SessionIndex.byId:
      return { by: 'id', id: reader.u32le('session id') };
    default:
      return { by: 'index', index };
  }
}

/** Writes a Get Session Info request. @see IPMI v2.0 rev. 1.1 §22.20 */
export function encodeGetSessionInfoRequest(request: GetSessionInfoRequest, writer: ByteWriter): void {
  switch (request.by) {
    case 'this-session':
      return void writer.u8(SessionIndex.thisSession);
    case 'index':
      return void writer.u8(request.index);
    case 'handle':
      return void writer.u8(SessionIndex.byHandle).u8(request.handle);
    case 'id':
      return void writer.u8(SessionIndex.byId).u32le(request.id);
  }
}

/**
 * Reads a Get Session Info response.
 *   0      session handle, 0 for none
 *   1-2    bits 5:0 possible, then active sessions
 *   3      bits 5:0 user id, if there is a session
 *   4      bits 3:0 privilege level
 *   5      bits 7:4 protocol, 3:0 channel
 *   6-9    IP address of the remote console, 10-15 MAC address, 16-17 port; on a LAN channel
 * @throws DecodeError when shorter than 3 bytes
 * @see IPMI v2.0 rev. 1.1 §22.20
 */
export function decodeGetSessionInfoResponse(reader: ByteReader): GetSessionInfoResponse {
  const response = {
    sessionHandle: reader.u8('session handle'),
    possibleSessions: reader.u8('possible sessions') & 0x3f,
    activeSessions: reader.u8('active sessions') & 0x3f,
  };
  return reader.left < SESSION_BYTES ? response : { ...response, session: decodeSessionInfo(reader) };
}

/** Writes a Get Session Info response. @see IPMI v2.0 rev. 1.1 §22.20 */
export function encodeGetSessionInfoResponse(response: GetSessionInfoResponse, writer: ByteWriter): void {
  writer.u8(response.sessionHandle).u8(response.possibleSessions).u8(response.activeSessions);
  const { session } = response;
  if (session === undefined) return;
  writer
    .u8(session.userId)
    .u8(session.privilegeLevel)
    .u8((session.protocolAuxiliary << 4) | session.channel);
  const { remoteConsole } = session;
  if (remoteConsole === undefined) return;
  writer.fixed(remoteConsole.ipAddress, 4).fixed(remoteConsole.macAddress, 6).u16le(remoteConsole.port);
}

export function describeGetSessionInfoResponse(response: GetSessionInfoResponse): string {
  const { session, activeSessions, possibleSessions } = response;
  const count = `${activeSessions} of ${possibleSessions} sessions`;
  if (session === undefined) return `no such session; ${count}`;
  return `session of user ${session.userId}, ${describePrivilegeLevel(session.privilegeLevel)}; ${count}`;
}

function decodeSessionInfo(reader: ByteReader): SessionInfo {
  const userId = reader.u8('user id') & 0x3f;
  const privilegeLevel = reader.u8('privilege level') & 0x0f;
  const channel = reader.u8('channel');
  const session = { userId, privilegeLevel, protocolAuxiliary: channel >> 4, channel: channel & 0x0f };
  if (reader.left < REMOTE_CONSOLE_BYTES) return session;
  const remoteConsole = {
    ipAddress: reader.bytes(4, 'IP address'),
    macAddress: reader.bytes(6, 'MAC address'),
    port: reader.u16le('port'),
  };
  return { ...session, remoteConsole };
}

/** Repeatable: a read. */
export const getSessionInfo: IpmiCommand<GetSessionInfoRequest, GetSessionInfoResponse> = {
  name: 'Get Session Info',
  netFn: NetFn.application,
  command: 0x3d,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeGetSessionInfoRequest,
  decodeRequest: decodeGetSessionInfoRequest,
  encodeResponse: encodeGetSessionInfoResponse,
  decodeResponse: decodeGetSessionInfoResponse,
};
