import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type CloseSessionRequest = {
  /** The managed system's id of the session to close. */
  readonly sessionId: number;
  /** Names the session when `sessionId` is 0. */
  readonly sessionHandle?: number;
};

/** Own codes of Close Session. @see IPMI v2.0 rev. 1.1 §22.19 */
export const CloseSessionCode = { invalidSessionId: 0x87, invalidSessionHandle: 0x88 } as const;

/**
 * Reads a Close Session request.
 *   0-3  session id
 *   4    session handle, only when the id is 0
 * @see IPMI v2.0 rev. 1.1 §22.19
 */
export function decodeCloseSessionRequest(reader: ByteReader): CloseSessionRequest {
  const sessionId = reader.u32le('session id');
  return sessionId === 0 && reader.left > 0 ? { sessionId, sessionHandle: reader.u8('session handle') } : { sessionId };
}

/** Writes a Close Session request. @see IPMI v2.0 rev. 1.1 §22.19 */
export function encodeCloseSessionRequest(request: CloseSessionRequest, writer: ByteWriter): void {
  writer.u32le(request.sessionId);
  if (request.sessionHandle !== undefined) writer.u8(request.sessionHandle);
}

export function describeCloseSessionRequest(request: CloseSessionRequest): string {
  return `Close Session ${request.sessionId}`;
}

export const closeSession: IpmiCommand<CloseSessionRequest, NoData> = {
  name: 'Close Session',
  netFn: NetFn.application,
  command: 0x3c,
  repeatable: false,
  privilege: PrivilegeLevel.callback,
  completionCodes: {
    [CloseSessionCode.invalidSessionId]: 'invalid session id in request',
    [CloseSessionCode.invalidSessionHandle]: 'invalid session handle in request',
  },
  encodeRequest: encodeCloseSessionRequest,
  decodeRequest: decodeCloseSessionRequest,
  encodeResponse: encodeNoData,
  decodeResponse: decodeNoData,
};
