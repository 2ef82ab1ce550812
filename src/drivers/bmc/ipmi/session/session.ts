import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { Clock } from '../../../../foundation/clock.ts';
import type { Entropy } from '../../../../foundation/entropy.ts';
import { BugError, DecodeError } from '../../../../foundation/errors.ts';
import type { IpmiCommand } from '../../../../protocols/ipmi/command.ts';
import { CompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import {
  BMC_ADDRESS,
  decodeIpmiResponse,
  encodeIpmiRequest,
  type IpmiRequest,
  type IpmiResponse,
  MAXIMUM_DATA_BYTES,
  REMOTE_CONSOLE_ADDRESS,
  REQUEST_SEQUENCES,
} from '../../../../protocols/ipmi/message.ts';
import {
  encodeProtectedDatagram,
  openProtectedPayload,
  type SessionProtection,
} from '../../../../protocols/ipmi/protected-payload.ts';
import { emptyReceiveWindow, nextSequence, receiveSequence } from '../../../../protocols/ipmi/receive-window.ts';
import { PayloadType } from '../../../../protocols/ipmi/session-v2.ts';
import { answerWithin } from '../link/answer-within.ts';
import type { DropReason, Link, SessionDatagram } from '../link/link.ts';

/** What became of one request. `silent`: sent as often as allowed, and no answer came. */
export type Reply<Response> =
  | { readonly kind: 'answered'; readonly response: Response }
  | { readonly kind: 'refused'; readonly completionCode: number }
  | { readonly kind: 'silent' };

/** An authenticated, encrypted session. Disposing forgets it without a word to the BMC, and wipes its keys. */
export type IpmiSession = Disposable & {
  readonly managedSystemSessionId: number;
  readonly suiteId: number;
  /** When the BMC was last heard in it, by `clock.elapsed`. */
  readonly lastHeardAt: number;
  /**
   * Sends a request and waits for its answer; each of `waitsMs` is one transmission and the wait that follows it.
   * One request may be under way at a time.
   * @throws BugError when a command that must not be repeated is given more than one wait
   * @throws DecodeError when the answer is authentic but breaks the specification
   */
  request<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    waitsMs: Iterable<number>,
    signal: AbortSignal,
  ): Promise<Reply<Response>>;
};

type Pending = { readonly request: IpmiRequest; readonly settle: (response: IpmiResponse) => void };

/** @param protection taken over: wiped when the session is disposed */
export function createSession(
  deps: { readonly clock: Clock; readonly entropy: Entropy; readonly link: Link },
  ids: { readonly remoteConsoleSessionId: number; readonly managedSystemSessionId: number },
  protection: SessionProtection,
): IpmiSession {
  const { clock, entropy, link } = deps;
  let received = emptyReceiveWindow;
  let lastSentSequence = 0;
  let requesterSequence = entropy.bytes(1).readUInt8() % REQUEST_SEQUENCES;
  let lastHeardAt = clock.elapsed();
  let pending: Pending | undefined;

  /** Every check a packet must pass, in order: protection, integrity, decryption, sequence, payload, request. */
  function accept({ session, signed }: SessionDatagram): DropReason | undefined {
    const payload = openProtectedPayload(session, signed, protection);
    if (typeof payload === 'string') return payload;
    const window = receiveSequence(received, session.sessionSequence);
    if (window === undefined) return 'replayed';
    received = window;
    lastHeardAt = clock.elapsed();
    if (session.payloadType !== PayloadType.ipmi) return 'unexpected-payload';
    const response = decodeResponse(payload);
    if (response === undefined) return 'malformed';
    if (pending === undefined || !answers(response, pending.request)) return 'unmatched-response';
    // CFh answers a retry of a request that is still being carried out: its own answer is yet to come.
    if (response.completionCode === CompletionCode.duplicateRequest) return 'unmatched-response';
    pending.settle(response);
    return undefined;
  }

  const receiver = link.onSession(ids.remoteConsoleSessionId, (datagram) => {
    const fault = accept(datagram);
    if (fault) link.drop(fault);
  });

  function seal(request: IpmiRequest): Buffer {
    lastSentSequence = nextSequence(lastSentSequence);
    const packet = {
      payloadType: PayloadType.ipmi,
      sessionId: ids.managedSystemSessionId,
      sessionSequence: lastSentSequence,
      payload: encodeIpmiRequest(request),
    };
    return encodeProtectedDatagram(packet, protection, entropy.bytes(16));
  }

  return {
    managedSystemSessionId: ids.managedSystemSessionId,
    suiteId: protection.suite.id,
    get lastHeardAt() {
      return lastHeardAt;
    },
    async request(command, value, waitsMs, signal) {
      if (pending) throw new BugError(`${command.name}: another request is under way in this session`);
      const data = new ByteWriter(MAXIMUM_DATA_BYTES);
      command.encodeRequest(value, data);
      requesterSequence = (requesterSequence + 1) % REQUEST_SEQUENCES;
      const request = consoleRequest(command, requesterSequence, data.done());
      const answer = Promise.withResolvers<IpmiResponse>();
      pending = { request, settle: answer.resolve };
      let transmissions = 0;
      try {
        for (const waitMs of waitsMs) {
          if (transmissions++ > 0 && !command.repeatable) throw new BugError(`${command.name} must not be repeated`);
          await link.send(seal(request));
          const response = await answerWithin(clock, waitMs, answer.promise, signal);
          if (response) return readReply(command, response, link.name);
        }
        return { kind: 'silent' };
      } finally {
        pending = undefined;
      }
    },
    [Symbol.dispose]() {
      receiver[Symbol.dispose]();
      protection.k1.fill(0);
      protection.k2.fill(0);
    },
  };
}

/** @see IPMI v2.0 rev. 1.1 §13.8 */
function consoleRequest(
  command: { readonly netFn: number; readonly command: number },
  requesterSequence: number,
  data: Buffer,
): IpmiRequest {
  return {
    responderAddress: BMC_ADDRESS,
    netFn: command.netFn,
    responderLun: 0,
    requesterAddress: REMOTE_CONSOLE_ADDRESS,
    requesterSequence,
    requesterLun: 0,
    command: command.command,
    data,
  };
}

/** The session's authentication code has vouched for the bytes, so that wrong inner checksums are let pass. */
function decodeResponse(payload: Buffer): IpmiResponse | undefined {
  try {
    return decodeIpmiResponse(new ByteReader(payload), 'ignore');
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function answers(response: IpmiResponse, request: IpmiRequest): boolean {
  return (
    response.netFn === (request.netFn | 1) &&
    response.command === request.command &&
    response.requesterSequence === request.requesterSequence
  );
}

function readReply<Request, Response>(
  command: IpmiCommand<Request, Response>,
  response: IpmiResponse,
  name: string,
): Reply<Response> {
  const { completionCode } = response;
  if (completionCode !== CompletionCode.ok) return { kind: 'refused', completionCode };
  try {
    return { kind: 'answered', response: command.decodeResponse(new ByteReader(response.data)) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new DecodeError(`${command.name} response of BMC ${name}: ${error.message}`, {
      cause: error,
      details: error.details,
    });
  }
}
