import type { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import type { CommandCompletionCodes } from './completion-code.ts';
import type { PrivilegeLevel } from './privilege-level.ts';

/**
 * One IPMI command: its numbers, and how its request and response data are written and read. The completion code is
 * not part of the response data, so a command that answers with a code alone reads nothing.
 */
export type IpmiCommand<Request, Response> = {
  readonly name: string;
  readonly netFn: number;
  readonly command: number;
  /**
   * Whether the request may go out again when its answer is lost. True only where carrying it out twice leaves the
   * machine as carrying it out once does, and no observer can tell the difference.
   */
  readonly repeatable: boolean;
  /**
   * The least level a session must have for it; `none` for commands that are taken outside any session.
   * @see IPMI v2.0 rev. 1.1 Appendix G, Table G-1
   */
  readonly privilege: PrivilegeLevel | 'none';
  /** What this command's own codes (80h to BEh) mean. */
  readonly completionCodes: CommandCompletionCodes;
  encodeRequest(request: Request, writer: ByteWriter): void;
  decodeRequest(reader: ByteReader): Request;
  encodeResponse(response: Response, writer: ByteWriter): void;
  decodeResponse(reader: ByteReader): Response;
};

/** Data of a request or response that has none. Trailing bytes of a peer are left unread. */
export type NoData = undefined;

export const encodeNoData = (_value: NoData, _writer: ByteWriter): void => undefined;
export const decodeNoData = (_reader: ByteReader): NoData => undefined;
