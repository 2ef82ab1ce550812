import { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { nonZeroUint32 } from '../../../../foundation/entropy.ts';
import { AuthenticationError, type ServiceError } from '../../../../foundation/errors.ts';
import type { IpmiCommand } from '../../../../protocols/ipmi/command.ts';
import {
  ActivateSessionCode,
  type ActivateSessionResponse,
  activateSession,
} from '../../../../protocols/ipmi/commands/application/activate-session.ts';
import {
  type GetSessionChallengeResponse,
  getSessionChallenge,
} from '../../../../protocols/ipmi/commands/application/get-session-challenge.ts';
import type { CommandCompletionCodes } from '../../../../protocols/ipmi/completion-code.ts';
import { encodeDatagramV1 } from '../../../../protocols/ipmi/datagram.ts';
import {
  encodeIpmiRequest,
  type IpmiRequest,
  type IpmiResponse,
  MAXIMUM_DATA_BYTES,
  REQUEST_SEQUENCES,
} from '../../../../protocols/ipmi/message.ts';
import { PrivilegeLevel } from '../../../../protocols/ipmi/privilege-level.ts';
import { AuthenticationType, type SessionV1, sessionlessV1 } from '../../../../protocols/ipmi/session-v1.ts';
import { signSessionV1, v1Key, verifySessionV1 } from '../../../../protocols/ipmi/session-v1-authentication.ts';
import { answerWaits } from '../link/answer-times.ts';
import { answerWithin } from '../link/answer-within.ts';
import type { DropReason } from '../link/link.ts';
import type { IpmiSettings } from '../options.ts';
import type { Reply } from '../requester.ts';
import { answers, consoleRequest, decodeResponse, readReply } from '../session/console-message.ts';
import { createSession, type IpmiSession } from '../session/session.ts';
import { createWireV15 } from '../session/wire-v15.ts';
import type { HandshakeDeps } from './handshake.ts';
import { challengeRefused, noAnswerV15, unansweredActivation } from './handshake-v15-errors.ts';
import type { SessionLogin } from './session-login.ts';

/** How long a credential rests when its activation was met with silence: the way old boards say "wrong password". */
const UNANSWERED_ACTIVATION_MS = 60_000;

/**
 * Sets up an IPMI v1.5 session with MD5: Get Session Challenge outside any session, then Activate Session under the
 * temporary id, signed. Both ends hash the password; the controller shows in its signed answer that it knows it.
 * @throws AuthenticationError, UnreachableError, RefusedError
 * @see IPMI v2.0 rev. 1.1 §22.16, §22.17, §6.12.8
 */
export async function establishSessionV15(
  deps: HandshakeDeps,
  login: SessionLogin,
  settings: IpmiSettings,
  signal: AbortSignal,
): Promise<IpmiSession> {
  const { memory } = deps.link;
  const whom = { bmc: deps.link.name, user: login.user };
  const key = login.password.use(v1Key);
  const levels = [...memory.levels(login, login.credential)];
  let up = false;
  let unanswered = false;
  try {
    for (const waitMs of answerWaits({ times: deps.link.times, entropy: deps.entropy }, settings, settings.attempts)) {
      const challenge = await ask(deps, getSessionChallenge, challengeRequest(login), { waitMs }, signal);
      if (challenge.kind === 'silent') continue;
      if (challenge.kind === 'refused') throw refused(getSessionChallenge, challenge.completionCode);
      const level = levels[0] ?? PrivilegeLevel.user;
      const firstReceived = nonZeroUint32(deps.entropy);
      const outcome = await activate(deps, challenge.response, { level, key, waitMs, firstReceived }, signal);
      if (outcome.kind === 'answered') {
        up = true;
        memory.granted(login.credential, level);
        const { sessionId, initialInboundSequence: firstSequence } = outcome.response;
        return createSession(
          deps,
          createWireV15({ sessionId, firstSequence, firstReceived }, key, login.quirks),
          level,
        );
      }
      if (outcome.kind === 'refused') {
        // The challenge is used up, so a lower level begins anew.
        if (outcome.completionCode !== ActivateSessionCode.exceedsPrivilegeLimit || levels.length === 1) {
          throw refused(activateSession, outcome.completionCode);
        }
        levels.shift();
        continue;
      }
      // Lost once, it is tried once more; twice, it is most likely the password, and tries count on the BMC.
      if (unanswered) throw reject(unansweredActivation(whom), UNANSWERED_ACTIVATION_MS);
      unanswered = true;
    }
    throw noAnswerV15(whom, settings.attempts);
  } finally {
    if (!up) key.fill(0);
  }

  function reject(error: ServiceError, forMs?: number): ServiceError {
    memory.reject(login.credential, error.message, forMs);
    return error;
  }

  function refused(command: { readonly name: string; readonly completionCodes: CommandCompletionCodes }, code: number) {
    const error = challengeRefused(whom, command, code);
    return error instanceof AuthenticationError ? reject(error) : error;
  }
}

function challengeRequest({ userName }: SessionLogin) {
  return { authenticationType: AuthenticationType.md5, userName };
}

function activate(
  deps: HandshakeDeps,
  { temporarySessionId, challenge }: GetSessionChallengeResponse,
  terms: { readonly level: number; readonly key: Buffer; readonly waitMs: number; readonly firstReceived: number },
  signal: AbortSignal,
): Promise<Reply<ActivateSessionResponse>> {
  const request = {
    authenticationType: AuthenticationType.md5,
    maximumPrivilegeLevel: terms.level,
    challenge,
    initialOutboundSequence: terms.firstReceived,
  };
  const { key, waitMs } = terms;
  return ask(deps, activateSession, request, { sessionId: temporarySessionId, key, waitMs }, signal);
}

type Framing = { readonly waitMs: number } & (
  | { readonly sessionId?: never; readonly key?: never }
  | { readonly sessionId: number; readonly key: Buffer }
);

/** One request with a v1.5 wrapper: outside any session, or signed under the temporary session id. */
async function ask<Request, Response>(
  { clock, entropy, link }: HandshakeDeps,
  command: IpmiCommand<Request, Response>,
  value: Request,
  framing: Framing,
  signal: AbortSignal,
): Promise<Reply<Response>> {
  const data = new ByteWriter(MAXIMUM_DATA_BYTES);
  command.encodeRequest(value, data);
  const sequence = entropy.bytes(1).readUInt8() % REQUEST_SEQUENCES;
  const request = consoleRequest(command, sequence, data.done(), 0);
  const payload = encodeIpmiRequest(request);
  const answer = Promise.withResolvers<IpmiResponse>();
  const receive = (session: SessionV1): DropReason | undefined => {
    const response = acceptAnswer(session, request, framing.key);
    if (typeof response === 'string') return response;
    answer.resolve(response);
    return undefined;
  };
  const register = framing.sessionId === undefined ? link.onHandshake : link.onSession.bind(link, framing.sessionId);
  using _receiver = register((datagram) => {
    const fault = datagram.format === 'v1.5' ? receive(datagram.session) : 'v20-framing';
    if (fault) link.drop(fault);
  });
  const wrapped =
    framing.sessionId === undefined
      ? sessionlessV1(payload)
      : signSessionV1({ sessionId: framing.sessionId, sessionSequence: 0, payload }, framing.key);
  await link.send(encodeDatagramV1(wrapped), signal);
  const response = await answerWithin(clock, framing.waitMs, answer.promise, signal);
  return response === undefined ? { kind: 'silent' } : readReply(command, response, link.name);
}

function acceptAnswer(session: SessionV1, request: IpmiRequest, key: Buffer | undefined): IpmiResponse | DropReason {
  if (key !== undefined && session.authenticationType !== AuthenticationType.md5) return 'unprotected';
  if (key !== undefined && !verifySessionV1(session, key)) return 'bad-integrity';
  const response = decodeResponse(session.payload, 'check');
  if (response === undefined) return 'malformed';
  return answers(response, request) ? response : 'unmatched-response';
}
