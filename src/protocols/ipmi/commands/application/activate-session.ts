import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';

export type ActivateSessionRequest = {
  readonly authenticationType: number;
  readonly maximumPrivilegeLevel: number;
  /** 16 bytes, from Get Session Challenge. */
  readonly challenge: Buffer;
  /** What the controller starts its own sequence numbers with; not 0. */
  readonly initialOutboundSequence: number;
};

export type ActivateSessionResponse = {
  /** Of the packets that follow; none turns per-message authentication off. */
  readonly authenticationType: number;
  readonly sessionId: number;
  /** What we start our sequence numbers with. */
  readonly initialInboundSequence: number;
  readonly maximumPrivilegeLevel: number;
};

/** Own codes of Activate Session. @see IPMI v2.0 rev. 1.1 §22.17 */
export const ActivateSessionCode = {
  noSessionSlot: 0x81,
  noSlotForUser: 0x82,
  noSlotAtPrivilege: 0x83,
  sequenceOutOfRange: 0x84,
  invalidSessionId: 0x85,
  exceedsPrivilegeLimit: 0x86,
} as const;

/**
 * Reads an Activate Session request.
 *   0      authentication type, bits 3:0
 *   1      maximum privilege level, bits 3:0
 *   2-17   challenge string
 *   18-21  initial outbound sequence number
 * @see IPMI v2.0 rev. 1.1 §22.17
 */
export function decodeActivateSessionRequest(reader: ByteReader): ActivateSessionRequest {
  return {
    authenticationType: reader.u8('authentication type') & 0x0f,
    maximumPrivilegeLevel: reader.u8('maximum privilege level') & 0x0f,
    challenge: reader.bytes(16, 'challenge string'),
    initialOutboundSequence: reader.u32le('initial outbound sequence number'),
  };
}

/** Writes an Activate Session request. @see IPMI v2.0 rev. 1.1 §22.17 */
export function encodeActivateSessionRequest(request: ActivateSessionRequest, writer: ByteWriter): void {
  writer.u8(request.authenticationType).u8(request.maximumPrivilegeLevel);
  writer.fixed(request.challenge, 16).u32le(request.initialOutboundSequence);
}

/**
 * Reads an Activate Session response.
 *   0    authentication type for the session, bits 3:0
 *   1-4  session id
 *   5-8  initial inbound sequence number
 *   9    maximum privilege level, bits 3:0
 * @see IPMI v2.0 rev. 1.1 §22.17
 */
export function decodeActivateSessionResponse(reader: ByteReader): ActivateSessionResponse {
  return {
    authenticationType: reader.u8('authentication type') & 0x0f,
    sessionId: reader.u32le('session id'),
    initialInboundSequence: reader.u32le('initial inbound sequence number'),
    maximumPrivilegeLevel: reader.u8('maximum privilege level') & 0x0f,
  };
}

/** Writes an Activate Session response. @see IPMI v2.0 rev. 1.1 §22.17 */
export function encodeActivateSessionResponse(response: ActivateSessionResponse, writer: ByteWriter): void {
  writer.u8(response.authenticationType).u32le(response.sessionId);
  writer.u32le(response.initialInboundSequence).u8(response.maximumPrivilegeLevel);
}

export function describeActivateSessionResponse(response: ActivateSessionResponse): string {
  return `session ${response.sessionId} activated, authentication type ${response.authenticationType}`;
}

/** Not repeatable: a copy finds the challenge used up; silence means to begin anew. */
export const activateSession: IpmiCommand<ActivateSessionRequest, ActivateSessionResponse> = {
  name: 'Activate Session',
  netFn: NetFn.application,
  command: 0x3a,
  repeatable: false,
  privilege: 'none',
  completionCodes: {
    [ActivateSessionCode.noSessionSlot]: 'no session slot available',
    [ActivateSessionCode.noSlotForUser]: 'no slot available for this user',
    [ActivateSessionCode.noSlotAtPrivilege]: 'no slot available at this privilege level',
    [ActivateSessionCode.sequenceOutOfRange]: 'session sequence number out of range',
    [ActivateSessionCode.invalidSessionId]: 'invalid session id in request',
    [ActivateSessionCode.exceedsPrivilegeLimit]: 'requested level exceeds the user or channel privilege limit',
  },
  encodeRequest: encodeActivateSessionRequest,
  decodeRequest: decodeActivateSessionRequest,
  encodeResponse: encodeActivateSessionResponse,
  decodeResponse: decodeActivateSessionResponse,
};
