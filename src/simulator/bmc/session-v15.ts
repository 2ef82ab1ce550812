import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { nonZeroUint32 } from '../../foundation/entropy.ts';
import { DecodeError } from '../../foundation/errors.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import {
  ActivateSessionCode,
  type ActivateSessionRequest,
  type ActivateSessionResponse,
  activateSession,
} from '../../protocols/ipmi/commands/application/activate-session.ts';
import { CompletionCode } from '../../protocols/ipmi/completion-code.ts';
import { encodeDatagramV1 } from '../../protocols/ipmi/datagram.ts';
import { decodeIpmiRequest } from '../../protocols/ipmi/message.ts';
import { PrivilegeLevel } from '../../protocols/ipmi/privilege-level.ts';
import { nextSequence } from '../../protocols/ipmi/receive-window.ts';
import { AuthenticationType, type SessionV1 } from '../../protocols/ipmi/session-v1.ts';
import {
  MAXIMUM_V1_PASSWORD_BYTES,
  signSessionV1,
  v1Key,
  verifySessionV1,
} from '../../protocols/ipmi/session-v1-authentication.ts';
import type { BmcCore } from './core.ts';
import { answerRequest, performRequest } from './requests.ts';
import { receiveStrictlyV15, sameSource, windowFrom } from './session-checks.ts';
import type { ActiveSessionV15, ChallengedSession } from './sessions.ts';

/**
 * Takes a packet of a v1.5 session, or the Activate Session that makes one.
 * @throws DecodeError when it is not authentic, was there before, or belongs to no session
 * @see IPMI v2.0 rev. 1.1 §6.12, §22.17
 */
export function receiveInSessionV15(core: BmcCore, packet: SessionV1, from: UdpPeer): void {
  const session = core.sessions.find(packet.sessionId);
  if (session?.state === 'challenged') activate(core, session, packet, from);
  else if (session?.state === 'active' && session.format === 'v1.5') receive(core, session, packet, from);
  else throw new DecodeError('no such v1.5 session');
}

function receive(core: BmcCore, session: ActiveSessionV15, packet: SessionV1, from: UdpPeer): void {
  if (core.personality.sessionSource === 'bound' && !sameSource(session.peer, from)) {
    throw new DecodeError('the session belongs to another address');
  }
  const bare = core.ipmi15 === 'at-activation' && packet.authenticationType === AuthenticationType.none;
  if (!bare && !verifySessionV1(packet, session.key)) throw new DecodeError('v1.5 authentication code is wrong');
  const received = receiveStrictlyV15(session.received, packet.sessionSequence);
  if (received === undefined) throw new DecodeError('session sequence number was used before, or is out of the window');
  session.received = received;
  session.lastUsed = core.clock.elapsed();
  session.peer = from;
  send(core, session, performRequest(core, packet.payload, session));
}

/** Sends a message in the session under the next sequence number, with a code unless the channel leaves it out. */
function send(core: BmcCore, session: ActiveSessionV15, payload: Buffer): void {
  const sessionSequence = nextSequence(session.lastSentSequence);
  session.lastSentSequence = sessionSequence;
  const sessionId = core.personality.v15SessionId === 'zero' ? 0 : session.id;
  const packet = { sessionId, sessionSequence: sentNumber(core, sessionSequence), payload };
  const bare = { ...packet, authenticationType: AuthenticationType.none, trailer: Buffer.alloc(0) };
  const wrapper = core.ipmi15 === 'at-activation' ? bare : signSessionV1(packet, session.key);
  core.send(encodeDatagramV1(wrapper), session.peer);
}

/** A number as this controller's bytes of it are read by the book; the code covers what is sent. */
function sentNumber({ personality }: BmcCore, sequence: number): number {
  if (personality.v15SequenceOrder === 'little-endian') return sequence;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sequence);
  return bytes.readUInt32LE();
}

/** Activate Session comes under the temporary id, and its answer goes under it. @see IPMI v2.0 rev. 1.1 §22.17 */
function activate(core: BmcCore, challenged: ChallengedSession, packet: SessionV1, from: UdpPeer): void {
  const key = v1Key(Buffer.from(challenged.user.password).subarray(0, MAXIMUM_V1_PASSWORD_BYTES));
  if (!verifySessionV1(packet, key)) throw new DecodeError('v1.5 authentication code is wrong');
  const message = decodeIpmiRequest(new ByteReader(packet.payload));
  if (message.netFn !== activateSession.netFn || message.command !== activateSession.command) {
    throw new DecodeError('only Activate Session comes under a temporary session id');
  }
  const request = activateSession.decodeRequest(new ByteReader(message.data));
  const code = refusal(core, challenged, request);
  const session = code === undefined ? makeSession(core, challenged, request, key, from) : undefined;
  const data = session ? activatedData(core, session) : Buffer.alloc(0);
  const answer = { name: activateSession.name, completionCode: code ?? CompletionCode.ok, data };
  const payload = answerRequest(core, message, answer, undefined);
  const sessionSequence = sentNumber(core, session?.lastSentSequence ?? 0);
  core.send(encodeDatagramV1(signSessionV1({ sessionId: challenged.id, sessionSequence, payload }, key)), from);
  if (session && core.personality.v15FirstNumber === 'used-twice') {
    session.lastSentSequence = (session.lastSentSequence - 1) >>> 0;
  }
}

function refusal(core: BmcCore, challenged: ChallengedSession, request: ActivateSessionRequest): number | undefined {
  if (request.authenticationType !== AuthenticationType.md5) return CompletionCode.invalidDataField;
  if (!request.challenge.equals(challenged.challenge)) return ActivateSessionCode.invalidSessionId;
  if (request.initialOutboundSequence === 0) return ActivateSessionCode.sequenceOutOfRange;
  const level = request.maximumPrivilegeLevel;
  if (level < PrivilegeLevel.callback || level > PrivilegeLevel.oem) return CompletionCode.invalidDataField;
  const { v15Level } = core.personality;
  if (v15Level === 'limit-only' && level < challenged.user.privilege) return CompletionCode.insufficientPrivilege;
  if (level > challenged.user.privilege) return ActivateSessionCode.exceedsPrivilegeLimit;
  return core.sessions.hasRoom() ? undefined : ActivateSessionCode.noSessionSlot;
}

/** The first packet we send, the answer to Activate Session, carries the number that the console has chosen. */
function makeSession(
  core: BmcCore,
  { id: temporaryId, user }: ChallengedSession,
  request: ActivateSessionRequest,
  key: Buffer,
  peer: UdpPeer,
): ActiveSessionV15 {
  const { sessions, entropy, clock } = core;
  const session: ActiveSessionV15 = {
    state: 'active',
    format: 'v1.5',
    id: sessions.freshId(),
    user,
    key,
    maximumPrivilege: request.maximumPrivilegeLevel,
    privilege: Math.min(PrivilegeLevel.user, request.maximumPrivilegeLevel),
    received: windowFrom(nonZeroUint32(entropy)),
    lastSentSequence: request.initialOutboundSequence,
    peer,
    lastUsed: clock.elapsed(),
  };
  sessions.close(temporaryId);
  sessions.activate(session);
  return session;
}

function activatedData(core: BmcCore, session: ActiveSessionV15): Buffer {
  const response: ActivateSessionResponse = {
    authenticationType: core.ipmi15 === 'at-activation' ? AuthenticationType.none : AuthenticationType.md5,
    sessionId: session.id,
    initialInboundSequence: nextSequence(session.received.highest ?? 0),
    maximumPrivilegeLevel: session.maximumPrivilege,
  };
  const writer = new ByteWriter(10);
  activateSession.encodeResponse(response, writer);
  return writer.done();
}
