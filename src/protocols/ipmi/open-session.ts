import type { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { describeAlgorithms, type SessionAlgorithms } from './cipher-suites.ts';
import { describeRakpStatus, RakpStatus } from './rakp/status.ts';

export const OPEN_SESSION_REQUEST_BYTES = 32;

/** Asks the managed system for a session with these algorithms. */
export type OpenSessionRequest = {
  /** Echoed by the answer. */
  readonly messageTag: number;
  /** 0 asks for the highest level that fits the algorithms. */
  readonly requestedMaximumPrivilegeLevel: number;
  /** The console's id for the session, not 0: what the managed system puts into packets to us. */
  readonly remoteConsoleSessionId: number;
  readonly algorithms: SessionAlgorithms;
};

/** What was granted, or the status that says why not. */
export type OpenSessionResponse =
  | {
      readonly status: 0;
      readonly messageTag: number;
      readonly maximumPrivilegeLevel: number;
      readonly remoteConsoleSessionId: number;
      /** The managed system's id for the session: what we put into packets to it. */
      readonly managedSystemSessionId: number;
      readonly algorithms: SessionAlgorithms;
    }
  | {
      readonly status: number;
      readonly refused: true;
      readonly messageTag: number;
      /** Missing in the 2-byte refusals of OpenIPMI's ipmi_sim. */
      readonly remoteConsoleSessionId?: number;
    };

/**
 * Reads an Open Session Request.
 *   0     message tag
 *   1     requested maximum privilege level, bits 3:0
 *   4-7   remote console session id
 *   8-31  authentication, integrity and confidentiality payload, 8 bytes each
 * @throws DecodeError when not 32 bytes or a payload record has the wrong type
 * @see IPMI v2.0 rev. 1.1 §13.17, Table 13-9
 */
export function decodeOpenSessionRequest(reader: ByteReader): OpenSessionRequest {
  const messageTag = reader.u8('message tag');
  const requestedMaximumPrivilegeLevel = reader.u8('requested maximum privilege level') & 0x0f;
  reader.u16le('reserved');
  const remoteConsoleSessionId = reader.u32le('remote console session id');
  const algorithms = decodeAlgorithms(reader);
  reader.end('Open Session Request');
  return { messageTag, requestedMaximumPrivilegeLevel, remoteConsoleSessionId, algorithms };
}

/** Writes a 32-byte Open Session Request. @see IPMI v2.0 rev. 1.1 §13.17, Table 13-9 */
export function encodeOpenSessionRequest(request: OpenSessionRequest, writer: ByteWriter): void {
  writer.u8(request.messageTag).u8(request.requestedMaximumPrivilegeLevel).zeros(2);
  writer.u32le(request.remoteConsoleSessionId);
  encodeAlgorithms(request.algorithms, writer);
}

/**
 * Reads an Open Session Response.
 *   0     message tag
 *   1     status code             0 or see {@link RakpStatus}; a refusal may end right here
 *   2     maximum privilege level, bits 3:0
 *   4-7   remote console session id; a refusal by the book ends here
 *   8-11  managed system session id
 *   12-35 the three algorithms, 8 bytes each
 * @throws DecodeError when short, or a payload record has the wrong type
 * @see IPMI v2.0 rev. 1.1 §13.18, Table 13-10
 */
export function decodeOpenSessionResponse(reader: ByteReader): OpenSessionResponse {
  const messageTag = reader.u8('message tag');
  const status = reader.u8('status code');
  if (status !== RakpStatus.ok) {
    if (reader.left < 6) return { status, refused: true, messageTag };
    reader.u16le('maximum privilege level and reserved');
    return { status, refused: true, messageTag, remoteConsoleSessionId: reader.u32le('remote console session id') };
  }
  const maximumPrivilegeLevel = reader.u8('maximum privilege level') & 0x0f;
  reader.u8('reserved');
  const remoteConsoleSessionId = reader.u32le('remote console session id');
  const managedSystemSessionId = reader.u32le('managed system session id');
  const algorithms = decodeAlgorithms(reader);
  return { status, messageTag, maximumPrivilegeLevel, remoteConsoleSessionId, managedSystemSessionId, algorithms };
}

/** Writes an Open Session Response: 36 bytes, or 8 (2 without a session id) for a refusal. @see §13.18 */
export function encodeOpenSessionResponse(response: OpenSessionResponse, writer: ByteWriter): void {
  writer.u8(response.messageTag).u8(response.status);
  if ('refused' in response) {
    if (response.remoteConsoleSessionId !== undefined) writer.zeros(2).u32le(response.remoteConsoleSessionId);
    return;
  }
  writer.u8(response.maximumPrivilegeLevel).zeros(1);
  writer.u32le(response.remoteConsoleSessionId).u32le(response.managedSystemSessionId);
  encodeAlgorithms(response.algorithms, writer);
}

export function describeOpenSessionRequest(request: OpenSessionRequest): string {
  return `Open Session Request tag ${request.messageTag} privilege ${request.requestedMaximumPrivilegeLevel}: ${describeAlgorithms(request.algorithms)}`;
}

export function describeOpenSessionResponse(response: OpenSessionResponse): string {
  const outcome = 'refused' in response ? describeRakpStatus(response.status) : describeAlgorithms(response.algorithms);
  return `Open Session Response tag ${response.messageTag}: ${outcome}`;
}

/** Types of the three payload records. @see §13.17, Table 13-9 */
const RECORDS = ['authentication', 'integrity', 'confidentiality'] as const;
const RECORD_BYTES = 8;

function decodeAlgorithms(reader: ByteReader): SessionAlgorithms {
  const [authentication, integrity, confidentiality] = RECORDS.map((name, type) => {
    if (reader.u8(`${name} payload type`) !== type) throw new DecodeError(`${name} payload has the wrong type`);
    reader.u16le('reserved');
    // The length is 8; 0 would mean "any", which neither side of ours proposes.
    reader.u8(`${name} payload length`);
    const algorithm = reader.u8(`${name} algorithm`) & 0x3f;
    reader.u24le('reserved');
    return algorithm;
  });
  return { authentication: authentication ?? 0, integrity: integrity ?? 0, confidentiality: confidentiality ?? 0 };
}

function encodeAlgorithms(algorithms: SessionAlgorithms, writer: ByteWriter): void {
  RECORDS.forEach((name, type) => {
    writer.u8(type).zeros(2).u8(RECORD_BYTES).u8(algorithms[name]).zeros(3);
  });
}
