import { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { Clock } from '../../../../foundation/clock.ts';
import { type Entropy, nonZeroUint32 } from '../../../../foundation/entropy.ts';
import { type CipherSuite, sameAlgorithms } from '../../../../protocols/ipmi/cipher-suites.ts';
import { closeSession } from '../../../../protocols/ipmi/commands/application/close-session.ts';
import {
  decodeOpenSessionResponse,
  encodeOpenSessionRequest,
  OPEN_SESSION_REQUEST_BYTES,
  type OpenSessionResponse,
} from '../../../../protocols/ipmi/open-session.ts';
import {
  packetKeys,
  RAKP_RANDOM_BYTES,
  type RakpExchange,
  rakpMessage2Code,
  rakpMessage3Code,
  rakpMessage4CheckValue,
  sameCode,
  sessionIntegrityKey,
} from '../../../../protocols/ipmi/rakp/keys.ts';
import {
  encodeRakpMessage1,
  NAME_ONLY_LOOKUP,
  RAKP_MESSAGE_1_BYTES,
} from '../../../../protocols/ipmi/rakp/rakp-message-1.ts';
import { decodeRakpMessage2 } from '../../../../protocols/ipmi/rakp/rakp-message-2.ts';
import { encodeRakpMessage3, RAKP_MESSAGE_3_BYTES } from '../../../../protocols/ipmi/rakp/rakp-message-3.ts';
import { decodeRakpMessage4, type RakpMessage4 } from '../../../../protocols/ipmi/rakp/rakp-message-4.ts';
import { RakpStatus } from '../../../../protocols/ipmi/rakp/status.ts';
import { PayloadType } from '../../../../protocols/ipmi/session-v2.ts';
import type { Link } from '../link/link.ts';
import { createSession, type IpmiSession } from '../session/session.ts';
import { createWireV2 } from '../session/wire-v2.ts';
import type { HandshakeStage } from './handshake-errors.ts';
import { exchangeMessage, type HandshakeReply } from './handshake-exchange.ts';
import { paddedName, type RakpReading, rakpReadings } from './rakp-readings.ts';

export type HandshakeDeps = { readonly clock: Clock; readonly entropy: Entropy; readonly link: Link };

/** Who logs in and how, for one attempt. */
export type HandshakeProposal = {
  readonly suite: CipherSuite;
  readonly userName: Buffer;
  /** The one concrete level that Open Session and RAKP message 1 ask for; some boards hash the former's. */
  readonly privilege: number;
  /** Looks the user up by name alone, or among the users of that name and level. @see §13.20, Table 13-11 */
  readonly lookup: 'name' | 'name-and-role';
  /** The password as a key of 20 bytes. */
  readonly userKey: Buffer;
  /** K_G as a key of 20 bytes, or the user's key, the very same buffer, where none is set. */
  readonly bmcKey: Buffer;
  readonly quirks: ReadonlySet<string>;
  /** Wait for each answer, milliseconds. */
  readonly waitMs: number;
};

/** How one attempt ended. */
export type HandshakeOutcome =
  | { readonly kind: 'session'; readonly session: IpmiSession }
  | { readonly kind: 'silent'; readonly stage: HandshakeStage }
  | { readonly kind: 'refused'; readonly stage: HandshakeStage; readonly status: number }
  /** The BMC granted algorithms that were not asked for. */
  | { readonly kind: 'other-algorithms' }
  /** RAKP message 2 does not carry the code that our password gives. */
  | { readonly kind: 'password-unknown' }
  /** RAKP message 4 does not carry the check value that our K_G gives. */
  | { readonly kind: 'key-unknown' };

/** What stays the same through one attempt; all of it is new in the next. */
type Attempt = HandshakeProposal & { readonly messageTag: number; readonly remoteConsoleSessionId: number };

/**
 * One attempt at a session: Open Session, RAKP messages 1 to 4. Nothing is taken for granted: the algorithms must be
 * those asked for, and the BMC must show that it knows the password before it is told anything derived from it.
 * @see IPMI v2.0 rev. 1.1 §13.17 to §13.24, §13.31
 */
export async function attemptHandshake(
  deps: HandshakeDeps,
  proposal: HandshakeProposal,
  signal: AbortSignal,
): Promise<HandshakeOutcome> {
  const { entropy } = deps;
  // Tag 0 is never ours: some controllers put it into any refusal.
  const messageTag = 1 + (entropy.bytes(1).readUInt8() % 255);
  const attempt: Attempt = { ...proposal, messageTag, remoteConsoleSessionId: nonZeroUint32(entropy) };

  const opened = await sendOpenSession(deps, attempt, signal);
  if (opened.kind !== 'granted') return opened;
  if (!sameAlgorithms(opened.message.algorithms, attempt.suite)) return { kind: 'other-algorithms' };

  const reading = await sendRakpMessage1(deps, attempt, opened.message.managedSystemSessionId, signal);
  if (!('exchange' in reading)) return reading;
  return sendRakpMessage3(deps, attempt, reading, signal);
}

function sendOpenSession(
  deps: HandshakeDeps,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<HandshakeReply<OpenSessionResponse>> {
  const { messageTag, remoteConsoleSessionId, privilege, suite, waitMs } = attempt;
  const writer = new ByteWriter(OPEN_SESSION_REQUEST_BYTES);
  const request = { messageTag, requestedMaximumPrivilegeLevel: privilege, remoteConsoleSessionId, algorithms: suite };
  encodeOpenSessionRequest(request, writer);
  return exchangeMessage(
    deps,
    {
      stage: 'Open Session',
      payloadType: PayloadType.openSessionRequest,
      payload: writer.done(),
      messageTag,
      remoteConsoleSessionId,
      responseType: PayloadType.openSessionResponse,
      decode: decodeOpenSessionResponse,
      waitsMs: [waitMs],
    },
    signal,
  );
}

/** RAKP message 1 may go out twice, identical; a controller that has answered it answers it again. */
async function sendRakpMessage1(
  deps: HandshakeDeps,
  attempt: Attempt,
  managedSystemSessionId: number,
  signal: AbortSignal,
): Promise<RakpReading | HandshakeOutcome> {
  const { messageTag, remoteConsoleSessionId, suite, waitMs } = attempt;
  const userName = attempt.quirks.has('padded-user-name') ? paddedName(attempt.userName) : attempt.userName;
  const role = attempt.privilege | (attempt.lookup === 'name' ? NAME_ONLY_LOOKUP : 0);
  const remoteConsoleRandom = deps.entropy.bytes(RAKP_RANDOM_BYTES);
  const writer = new ByteWriter(RAKP_MESSAGE_1_BYTES);
  encodeRakpMessage1({ messageTag, managedSystemSessionId, remoteConsoleRandom, role, userName }, writer);
  const reply = await exchangeMessage(
    deps,
    {
      stage: 'RAKP message 1',
      payloadType: PayloadType.rakpMessage1,
      payload: writer.done(),
      messageTag,
      remoteConsoleSessionId,
      responseType: PayloadType.rakpMessage2,
      decode: decodeRakpMessage2,
      waitsMs: [waitMs, waitMs],
    },
    signal,
  );
  if (reply.kind !== 'granted') return reply;
  const { managedSystemRandom, managedSystemGuid, keyExchangeCode } = reply.message;
  const exchange: RakpExchange = {
    remoteConsoleSessionId,
    managedSystemSessionId,
    remoteConsoleRandom,
    managedSystemRandom,
    managedSystemGuid,
    role,
    userName,
  };
  for (const reading of rakpReadings(suite, exchange, attempt.userKey)) {
    const expected = rakpMessage2Code(suite, reading.userKey, reading.exchange);
    // Boards send bytes behind the code (quirk long-key-exchange-code), which prove nothing.
    if (sameCode(keyExchangeCode.subarray(0, expected.length), expected)) return reading;
  }
  // An impostor stops here: RAKP message 3 would hand it a hash to search for the password with.
  return { kind: 'password-unknown' };
}

/**
 * RAKP message 3 goes out once: controllers that see it again answer in ways of their own (ipmi_sim: encrypted, in the
 * session). After silence the caller begins anew; the session that may be open on the other side is closed unseen.
 */
async function sendRakpMessage3(
  deps: HandshakeDeps,
  attempt: Attempt,
  reading: RakpReading,
  signal: AbortSignal,
): Promise<HandshakeOutcome> {
  const { suite, quirks } = attempt;
  const { exchange, userKey } = reading;
  const { remoteConsoleSessionId, managedSystemSessionId } = exchange;
  const sik = sessionIntegrityKey(suite, attempt.bmcKey === attempt.userKey ? userKey : attempt.bmcKey, exchange);
  const protection = { suite, ...packetKeys(suite, sik, userKey) };
  const wire = createWireV2(deps, { remoteConsoleSessionId, managedSystemSessionId }, protection);
  const session = createSession(deps, wire, attempt.privilege);
  let up = false;
  try {
    const reply = await finishHandshake(deps, attempt, reading, signal);
    if (reply.kind === 'silent') {
      await session.request(closeSession, { sessionId: managedSystemSessionId }, [0], signal);
    }
    if (reply.kind !== 'granted') return reply;
    const expected = rakpMessage4CheckValue(suite, sik, exchange);
    const length = quirks.has('integrity-check-value') ? suite.integrityCodeBytes : expected.length;
    up = sameCode(reply.message.integrityCheckValue.subarray(0, length), expected.subarray(0, length));
    return up ? { kind: 'session', session } : { kind: 'key-unknown' };
  } finally {
    sik.fill(0);
    if (userKey !== attempt.userKey) userKey.fill(0);
    if (!up) session[Symbol.dispose]();
  }
}

function finishHandshake(
  deps: HandshakeDeps,
  attempt: Attempt,
  { exchange, userKey }: RakpReading,
  signal: AbortSignal,
): Promise<HandshakeReply<RakpMessage4>> {
  const { messageTag, remoteConsoleSessionId, suite, waitMs } = attempt;
  const { managedSystemSessionId } = exchange;
  const keyExchangeCode = rakpMessage3Code(suite, userKey, exchangeOfMessage3(attempt, exchange));
  const writer = new ByteWriter(RAKP_MESSAGE_3_BYTES);
  encodeRakpMessage3({ messageTag, status: RakpStatus.ok, managedSystemSessionId, keyExchangeCode }, writer);
  return exchangeMessage(
    deps,
    {
      stage: 'RAKP message 3',
      payloadType: PayloadType.rakpMessage3,
      payload: writer.done(),
      messageTag,
      remoteConsoleSessionId,
      responseType: PayloadType.rakpMessage4,
      decode: decodeRakpMessage4,
      waitsMs: [waitMs],
    },
    signal,
  );
}

/** The quirk padded-user-name: what message 3 covers there is the bare name, and the role without its lookup bit. */
function exchangeOfMessage3({ quirks, userName }: Attempt, exchange: RakpExchange): RakpExchange {
  if (!quirks.has('padded-user-name')) return exchange;
  return { ...exchange, userName, role: exchange.role & ~NAME_ONLY_LOOKUP };
}
