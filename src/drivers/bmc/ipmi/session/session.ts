import { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { Clock } from '../../../../foundation/clock.ts';
import type { Entropy } from '../../../../foundation/entropy.ts';
import { BugError, ConflictError } from '../../../../foundation/errors.ts';
import type { IpmiCommand } from '../../../../protocols/ipmi/command.ts';
import { CompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import {
  encodeIpmiRequest,
  type IpmiRequest,
  type IpmiResponse,
  MAXIMUM_DATA_BYTES,
  REQUEST_SEQUENCES,
} from '../../../../protocols/ipmi/message.ts';
import { PrivilegeLevel } from '../../../../protocols/ipmi/privilege-level.ts';
import { PayloadType } from '../../../../protocols/ipmi/session-v2.ts';
import { answerWithin } from '../link/answer-within.ts';
import type { DropReason, Link } from '../link/link.ts';
import type { Reply, RequestOptions } from '../requester.ts';
import { answers, consoleRequest, decodeResponse, readReply } from './console-message.ts';
import type { SessionWire } from './session-wire.ts';

/** An authenticated session. Disposing forgets it without a word to the BMC, and wipes its keys. */
export type IpmiSession = Disposable & {
  readonly managedSystemSessionId: number;
  /** "cipher suite 17". */
  readonly describe: string;
  readonly signed: boolean;
  readonly encrypted: boolean;
  readonly carriesPayloads: boolean;
  /** Somebody receives payloads of another type in it now. */
  readonly carriesConsole: boolean;
  /** When the BMC was last heard in it, by `clock.elapsed`. */
  readonly lastHeardAt: number;
  /** The most that it can be raised to: what its login asked for. */
  readonly maximumPrivilege: number;
  /** What it has been raised to; USER at first. @see IPMI v2.0 rev. 1.1 §22.18 */
  privilege: number;
  /** Fires when the session is disposed. */
  readonly ended: AbortSignal;
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
    options?: RequestOptions,
  ): Promise<Reply<Response>>;
  /** Sends a payload of another type, such as Serial over LAN. */
  sendPayload(payloadType: number, payload: Buffer): Promise<void>;
  /**
   * Receives authentic payloads of another type until disposed.
   * @throws ConflictError when somebody receives that type already
   */
  onPayload(payloadType: number, receiver: (payload: Buffer) => void): Disposable;
};

/** Payloads have no caller that waits; their places come within a moment. */
const NEVER = new AbortController().signal;

type Pending = { readonly request: IpmiRequest; readonly settle: (response: IpmiResponse) => void };
/** A request that was answered after it had been sent again, and how long that took from the first time, milliseconds. */
type Repeated = { readonly request: IpmiRequest; readonly tookMs: number };

/** What `ended` says to those who show it. */
const ENDED = new DOMException('the controller has lost or ended it, or it was closed', 'AbortError');

/** @param wire taken over: disposed with the session */
export function createSession(
  deps: { readonly clock: Clock; readonly entropy: Entropy; readonly link: Link },
  wire: SessionWire,
  maximumPrivilege: number,
): IpmiSession {
  const { clock, entropy, link } = deps;
  const receivers = new Map<number, (payload: Buffer) => void>();
  let requesterSequence = entropy.bytes(1).readUInt8() % REQUEST_SEQUENCES;
  let lastHeardAt = clock.elapsed();
  let pending: Pending | undefined;
  let repeated: Repeated | undefined;
  // Made when somebody asks: most of the thousands of sessions of a fleet are never watched.
  let over: AbortController | undefined;
  let disposed = false;

  function acceptResponse(payload: Buffer): DropReason | undefined {
    const response = decodeResponse(payload, wire.signed ? 'ignore' : 'check');
    if (response === undefined) return 'malformed';
    if (pending === undefined || !answers(response, pending.request)) {
      // A second answer: no copy was lost, the BMC is slow.
      if (repeated !== undefined && answers(response, repeated.request)) link.times.took(repeated.tookMs);
      return 'unmatched-response';
    }
    // CFh answers a retry of a request that is still being carried out: its own answer is yet to come.
    if (response.completionCode === CompletionCode.duplicateRequest) return 'unmatched-response';
    pending.settle(response);
    return undefined;
  }

  const registration = link.onSession(wire.ownSessionId, (datagram) => {
    const opened = wire.open(datagram);
    if (typeof opened === 'string') return link.drop(opened);
    lastHeardAt = clock.elapsed();
    const receiver = receivers.get(opened.payloadType);
    if (receiver) return receiver(opened.payload);
    const fault = opened.payloadType === PayloadType.ipmi ? acceptResponse(opened.payload) : 'unexpected-payload';
    if (fault) link.drop(fault);
  });

  return {
    managedSystemSessionId: wire.managedSystemSessionId,
    describe: wire.describe,
    signed: wire.signed,
    encrypted: wire.encrypted,
    carriesPayloads: wire.carriesPayloads,
    get carriesConsole() {
      return receivers.size > 0;
    },
    maximumPrivilege,
    privilege: PrivilegeLevel.user,
    get lastHeardAt() {
      return lastHeardAt;
    },
    get ended() {
      over ??= new AbortController();
      if (disposed) over.abort(ENDED);
      return over.signal;
    },
    async request(command, value, waitsMs, signal, options) {
      if (pending) throw new BugError(`${command.name}: another request is under way in this session`);
      const data = new ByteWriter(MAXIMUM_DATA_BYTES);
      command.encodeRequest(value, data);
      requesterSequence = (requesterSequence + 1) % REQUEST_SEQUENCES;
      const request = consoleRequest(command, requesterSequence, data.done(), options?.lun ?? 0);
      const message = encodeIpmiRequest(request);
      const answer = Promise.withResolvers<IpmiResponse>();
      pending = { request, settle: answer.resolve };
      const startedAt = clock.elapsed();
      let transmissions = 0;
      try {
        for (const waitMs of waitsMs) {
          if (transmissions++ > 0 && !command.repeatable) throw new BugError(`${command.name} must not be repeated`);
          await link.send(wire.seal(PayloadType.ipmi, message), signal);
          const response = await answerWithin(clock, waitMs, answer.promise, signal);
          if (response === undefined) continue;
          const tookMs = clock.elapsed() - startedAt;
          if (transmissions === 1) link.times.took(tookMs);
          else repeated = { request, tookMs };
          return readReply(command, response, link.name);
        }
        return { kind: 'silent' };
      } finally {
        pending = undefined;
      }
    },
    async sendPayload(payloadType, payload) {
      if (!disposed) await link.send(wire.seal(payloadType, payload), NEVER);
    },
    onPayload(payloadType, receiver) {
      if (receivers.has(payloadType)) {
        throw new ConflictError(`the session with BMC ${link.name} carries another console of this process already`);
      }
      receivers.set(payloadType, receiver);
      return {
        [Symbol.dispose]: () => {
          if (receivers.get(payloadType) === receiver) receivers.delete(payloadType);
        },
      };
    },
    [Symbol.dispose]() {
      if (disposed) return;
      disposed = true;
      registration[Symbol.dispose]();
      wire[Symbol.dispose]();
      over?.abort(ENDED);
    },
  };
}
