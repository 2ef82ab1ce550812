import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { MAXIMUM_USER_NAME_BYTES } from '../../rakp/keys.ts';

export type GetSessionChallengeRequest = {
  /** See AuthenticationType; the one of the whole session. */
  readonly authenticationType: number;
  /** At most 16 bytes. */
  readonly userName: Buffer;
};

export type GetSessionChallengeResponse = {
  /** Names the session until it is activated. */
  readonly temporarySessionId: number;
  /** 16 bytes, given back in Activate Session. */
  readonly challenge: Buffer;
};

/** Own codes of Get Session Challenge. @see IPMI v2.0 rev. 1.1 §22.16 */
export const GetSessionChallengeCode = { invalidUserName: 0x81, nullUserNotEnabled: 0x82 } as const;

/**
 * Reads a Get Session Challenge request.
 *   0     authentication type, bits 3:0
 *   1-16  user name, filled up with zeros
 * @see IPMI v2.0 rev. 1.1 §22.16
 */
export function decodeGetSessionChallengeRequest(reader: ByteReader): GetSessionChallengeRequest {
  const authenticationType = reader.u8('authentication type') & 0x0f;
  const field = reader.bytes(MAXIMUM_USER_NAME_BYTES, 'user name');
  const end = field.indexOf(0);
  return { authenticationType, userName: end < 0 ? field : field.subarray(0, end) };
}

/** Writes a Get Session Challenge request. @see IPMI v2.0 rev. 1.1 §22.16 */
export function encodeGetSessionChallengeRequest(request: GetSessionChallengeRequest, writer: ByteWriter): void {
  writer.u8(request.authenticationType).fixed(request.userName, MAXIMUM_USER_NAME_BYTES);
}

/** Reads a Get Session Challenge response: the temporary session id, then 16 bytes. @see §22.16 */
export function decodeGetSessionChallengeResponse(reader: ByteReader): GetSessionChallengeResponse {
  return { temporarySessionId: reader.u32le('temporary session id'), challenge: reader.bytes(16, 'challenge string') };
}

/** Writes a Get Session Challenge response. @see IPMI v2.0 rev. 1.1 §22.16 */
export function encodeGetSessionChallengeResponse(response: GetSessionChallengeResponse, writer: ByteWriter): void {
  writer.u32le(response.temporarySessionId).fixed(response.challenge, 16);
}

export function describeGetSessionChallengeRequest(request: GetSessionChallengeRequest): string {
  return `Get Session Challenge for a user name of ${request.userName.length} bytes`;
}

/** Repeatable: another copy asks for another challenge, and unused ones are dropped. */
export const getSessionChallenge: IpmiCommand<GetSessionChallengeRequest, GetSessionChallengeResponse> = {
  name: 'Get Session Challenge',
  netFn: NetFn.application,
  command: 0x39,
  repeatable: true,
  privilege: 'none',
  completionCodes: {
    [GetSessionChallengeCode.invalidUserName]: 'invalid user name',
    [GetSessionChallengeCode.nullUserNotEnabled]: 'null user name is not enabled',
  },
  encodeRequest: encodeGetSessionChallengeRequest,
  decodeRequest: decodeGetSessionChallengeRequest,
  encodeResponse: encodeGetSessionChallengeResponse,
  decodeResponse: decodeGetSessionChallengeResponse,
};
