import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { Clock } from '../../../../foundation/clock.ts';
import { DecodeError } from '../../../../foundation/errors.ts';
import { encodeDatagramV2 } from '../../../../protocols/ipmi/datagram.ts';
import { type SessionV2, sessionlessV2 } from '../../../../protocols/ipmi/session-v2.ts';
import { answerWithin } from '../link/answer-within.ts';
import type { DropReason, Link } from '../link/link.ts';
import type { HandshakeStage } from './handshake-errors.ts';

/** What the answers of all stages have in common. */
export type HandshakeMessage =
  | { readonly status: 0; readonly messageTag: number; readonly remoteConsoleSessionId: number }
  | {
      readonly status: number;
      readonly refused: true;
      readonly messageTag: number;
      readonly remoteConsoleSessionId?: number;
    };

export type HandshakeRequest<Message extends HandshakeMessage> = {
  readonly stage: HandshakeStage;
  readonly payloadType: number;
  readonly payload: Buffer;
  readonly messageTag: number;
  readonly remoteConsoleSessionId: number;
  readonly responseType: number;
  readonly decode: (reader: ByteReader) => Message;
  /** One transmission and the wait after it, each. */
  readonly waitsMs: readonly number[];
};

type Granted<Message extends HandshakeMessage> = Exclude<Message, { readonly refused: true }>;

export type HandshakeReply<Message extends HandshakeMessage> =
  | { readonly kind: 'granted'; readonly message: Granted<Message> }
  | { readonly kind: 'refused'; readonly stage: HandshakeStage; readonly status: number }
  | { readonly kind: 'silent'; readonly stage: HandshakeStage };

/** Sends one handshake message and waits for its answer; everything else that comes is dropped and counted. */
export async function exchangeMessage<Message extends HandshakeMessage>(
  deps: { readonly clock: Clock; readonly link: Link },
  request: HandshakeRequest<Message>,
  signal: AbortSignal,
): Promise<HandshakeReply<Message>> {
  const { clock, link } = deps;
  const { stage } = request;
  const answer = Promise.withResolvers<HandshakeReply<Message>>();
  let doubtful: HandshakeReply<Message> | undefined;
  using _receiver = link.onHandshake((datagram) => {
    const message = datagram.format === 'v2.0' ? readMessage(request, datagram.session) : 'v15-framing';
    if (typeof message === 'string') {
      link.drop(message);
      return;
    }
    const standing = standingOf(message, request);
    if (standing === 'foreign') link.drop('unexpected-handshake');
    else if (standing === 'ours') answer.resolve(replyOf(stage, message));
    else doubtful = replyOf(stage, message);
  });
  const datagram = encodeDatagramV2(sessionlessV2(request.payloadType, request.payload));
  const startedAt = clock.elapsed();
  for (const [sentBefore, waitMs] of request.waitsMs.entries()) {
    await link.send(datagram, signal);
    const reply = (await answerWithin(clock, waitMs, answer.promise, signal)) ?? doubtful;
    if (reply === undefined) continue;
    if (sentBefore === 0) link.times.took(clock.elapsed() - startedAt);
    return reply;
  }
  return { kind: 'silent', stage };
}

function readMessage<Message extends HandshakeMessage>(
  request: HandshakeRequest<Message>,
  packet: SessionV2,
): Message | DropReason {
  if (packet.payloadType !== request.responseType || packet.authenticated || packet.encrypted) {
    return 'unexpected-handshake';
  }
  try {
    return request.decode(new ByteReader(packet.payload));
  } catch (error) {
    if (error instanceof DecodeError) return 'malformed';
    throw error;
  }
}

/**
 * Whether a message answers the present request. A refusal without tag and session id cannot be told from one for an
 * earlier attempt (OpenBMC sends RAKP message 2 refusals with both 0): it is believed only when nothing better comes.
 */
function standingOf(
  message: HandshakeMessage,
  request: { readonly messageTag: number; readonly remoteConsoleSessionId: number },
): 'ours' | 'doubtful' | 'foreign' {
  const sameTag = message.messageTag === request.messageTag;
  if (message.remoteConsoleSessionId === request.remoteConsoleSessionId) return sameTag ? 'ours' : 'foreign';
  if (!isRefusal(message) || (message.remoteConsoleSessionId ?? 0) !== 0) return 'foreign';
  if (sameTag) return 'ours';
  return message.messageTag === 0 ? 'doubtful' : 'foreign';
}

function replyOf<Message extends HandshakeMessage>(stage: HandshakeStage, message: Message): HandshakeReply<Message> {
  if (isGranted(message)) return { kind: 'granted', message };
  return { kind: 'refused', stage, status: message.status };
}

function isGranted<Message extends HandshakeMessage>(message: Message): message is Granted<Message> {
  return !isRefusal(message);
}

function isRefusal(message: HandshakeMessage): message is HandshakeMessage & { readonly refused: true } {
  return 'refused' in message;
}
