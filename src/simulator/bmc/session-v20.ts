import { DecodeError } from '../../foundation/errors.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import { decodeDatagram, encodeDatagramV2, type IpmiDatagram } from '../../protocols/ipmi/datagram.ts';
import { encodeProtectedDatagram, openProtectedPayload } from '../../protocols/ipmi/protected-payload.ts';
import { nextSequence } from '../../protocols/ipmi/receive-window.ts';
import { PayloadType } from '../../protocols/ipmi/session-v2.ts';
import type { BmcCore } from './core.ts';
import { encodeOddlyPaddedDatagram } from './odd-padding.ts';
import { performRequest } from './requests.ts';
import { receiveStrictly, sameSource } from './session-checks.ts';
import type { ActiveSessionV20 } from './sessions.ts';

/**
 * Takes a packet of an RMCP+ session: an IPMI request is answered, a payload of another type handed on.
 * @throws DecodeError when the packet is not authentic, was there before, or nothing takes its payload type
 * @see IPMI v2.0 rev. 1.1 §13.28.4, §6.12.13
 */
export function receiveInSession(
  core: BmcCore,
  { session: packet, signed }: IpmiDatagram & { format: 'v2.0' },
  from: UdpPeer,
): void {
  const session = core.sessions.find(packet.sessionId);
  if (session?.state !== 'active' || session.format !== 'v2.0') throw new DecodeError('no such session');
  if (core.personality.sessionSource === 'bound' && !sameSource(session.peer, from)) {
    throw new DecodeError('the session belongs to another address');
  }
  const payload = openProtectedPayload(packet, signed, session.protection);
  if (typeof payload === 'string') throw new DecodeError(`session packet: ${payload}`);
  const received = receiveStrictly(session.received, packet.sessionSequence);
  if (received === undefined) throw new DecodeError('session sequence number was used before, or is out of the window');
  const handler = core.payloads.get(packet.payloadType);
  if (packet.payloadType !== PayloadType.ipmi && handler === undefined) {
    throw new DecodeError('payload type is not active');
  }
  session.received = received;
  session.lastUsed = core.clock.elapsed();
  session.peer = from;
  if (handler) handler.receive(session, payload);
  else sendInSession(core, session, PayloadType.ipmi, performRequest(core, payload, session));
}

/**
 * Sends a payload in a session, protected as its suite says, under the next sequence number, to where the session's
 * last packet came from. A session that is over gets the answer to what ended it, and nothing later.
 */
export function sendInSession(core: BmcCore, session: ActiveSessionV20, payloadType: number, payload: Buffer): void {
  const { personality, entropy } = core;
  const first = session.lastSentSequence === 0;
  session.lastSentSequence = nextSequence(session.lastSentSequence);
  if (!first && personality.sequenceStep === 2) session.lastSentSequence = nextSequence(session.lastSentSequence);
  const { remoteConsoleSessionId: sessionId, lastSentSequence: sessionSequence } = session;
  const packet = { payloadType, sessionId, sessionSequence, payload };
  const encode = personality.integrityPad === 'with-trailer' ? encodeProtectedDatagram : encodeOddlyPaddedDatagram;
  const datagram = encode(packet, session.protection, entropy.bytes(16));
  core.send(personality.packetCodes === 'sent' ? datagram : withoutCode(datagram), session.peer);
}

/** The packet as it would be in a session that does not sign. */
function withoutCode(datagram: Buffer): Buffer {
  const decoded = decodeDatagram(datagram);
  if (decoded.format !== 'v2.0') return datagram;
  return encodeDatagramV2({ ...decoded.session, authenticated: false, trailer: Buffer.alloc(0) });
}
