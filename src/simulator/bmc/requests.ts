import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { CompletionCode } from '../../protocols/ipmi/completion-code.ts';
import { decodeIpmiRequest, encodeIpmiResponse, type IpmiRequest } from '../../protocols/ipmi/message.ts';
import { PrivilegeLevel } from '../../protocols/ipmi/privilege-level.ts';
import { type CommandAnswer, carryOut } from './commands.ts';
import type { BmcCore } from './core.ts';
import type { ActiveSession } from './sessions.ts';

/** This request is a copy of one that is being carried out, or was just now. @see IPMI v2.0 rev. 1.1 §5.2, Table 5-2 */
const DUPLICATE_REQUEST = 0xcf;

/**
 * Carries out the request in an IPMI payload and gives the payload of its answer.
 * @param session missing for a request outside any session
 * @throws DecodeError when the payload is no request
 */
export function performRequest(core: BmcCore, payload: Buffer, session: ActiveSession | undefined): Buffer {
  const request = decodeIpmiRequest(new ByteReader(payload));
  const answer = repeats(core, payload, session)
    ? { name: 'repeated request', completionCode: DUPLICATE_REQUEST, data: Buffer.alloc(0) }
    : wantsOperator(core, request, session)
      ? { name: 'more privilege wanted', completionCode: CompletionCode.insufficientPrivilege, data: Buffer.alloc(0) }
      : carryOut(request, core.context, session);
  return answerRequest(core, request, answer, session);
}

/** Counts a request and gives the payload of its answer. */
export function answerRequest(
  core: BmcCore,
  request: IpmiRequest,
  { name, completionCode, data }: CommandAnswer,
  session: ActiveSession | undefined,
): Buffer {
  const { extraResponseBytes, innerChecksums } = core.personality;
  core.requests.set(name, (core.requests.get(name) ?? 0) + 1);
  const extra = completionCode === CompletionCode.ok ? Buffer.alloc(extraResponseBytes) : Buffer.alloc(0);
  const netFn = request.netFn | 1;
  const response = encodeIpmiResponse({ ...request, netFn, completionCode, data: Buffer.concat([data, extra]) });
  return session && innerChecksums === 'wrong' ? spoilChecksums(response) : response;
}

function wantsOperator({ personality }: BmcCore, request: IpmiRequest, session: ActiveSession | undefined): boolean {
  if (!personality.operatorCommands.includes((request.netFn << 8) | request.command)) return false;
  return (session?.privilege ?? 0) < PrivilegeLevel.operator;
}

function repeats({ personality }: BmcCore, payload: Buffer, session: ActiveSession | undefined): boolean {
  if (session === undefined || personality.repeatedRequest === 'carried-out') return false;
  if (session.lastRequest?.equals(payload)) return true;
  session.lastRequest = Buffer.from(payload);
  return false;
}

/** Both checksums of a message, off by one. */
function spoilChecksums(message: Buffer): Buffer {
  for (const at of [2, message.length - 1]) message[at] = ((message[at] ?? 0) + 1) & 0xff;
  return message;
}
