import { DecodeError } from '../../foundation/errors.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import type { IpmiDatagram } from '../../protocols/ipmi/datagram.ts';
import { encodeProtectedDatagram, openProtectedPayload } from '../../protocols/ipmi/protected-payload.ts';
import { nextSequence, receiveSequence } from '../../protocols/ipmi/receive-window.ts';
import { PayloadType } from '../../protocols/ipmi/session-v2.ts';
import type { BmcCore } from './core.ts';
import { performRequest } from './requests.ts';
import type { ActiveSession } from './sessions.ts';

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
  const session = core.sessions.active(packet.sessionId);
  if (session === undefined) throw new DecodeError('no such session');
  const payload = openProtectedPayload(packet, signed, session.protection);
  if (typeof payload === 'string') throw new DecodeError(`session packet: ${payload}`);
  const received = receiveSequence(session.received, packet.sessionSequence);
  if (received === undefined) throw new DecodeError('session sequence number was used before');
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

/** Sends a payload in a session, protected as its suite says, under the next sequence number. */
export function sendInSession(core: BmcCore, session: ActiveSession, payloadType: number, payload: Buffer): void {
  session.lastSentSequence = nextSequence(session.lastSentSequence);
  const { remoteConsoleSessionId: sessionId, lastSentSequence: sessionSequence } = session;
  const packet = { payloadType, sessionId, sessionSequence, payload };
  core.send(encodeProtectedDatagram(packet, session.protection, core.entropy.bytes(16)), session.peer);
}
