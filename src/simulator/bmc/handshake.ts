import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import { cipherSuiteOf } from '../../protocols/ipmi/cipher-suites.ts';
import {
  decodeOpenSessionRequest,
  encodeOpenSessionResponse,
  type OpenSessionResponse,
} from '../../protocols/ipmi/open-session.ts';
import { PrivilegeLevel } from '../../protocols/ipmi/privilege-level.ts';
import {
  packetKeys,
  type RakpExchange,
  rakpKey,
  rakpMessage2Code,
  rakpMessage3Code,
  rakpMessage4CheckValue,
  sameCode,
  sessionIntegrityKey,
} from '../../protocols/ipmi/rakp/keys.ts';
import { decodeRakpMessage1, NAME_ONLY_LOOKUP, type RakpMessage1 } from '../../protocols/ipmi/rakp/rakp-message-1.ts';
import {
  encodeRakpMessage2,
  RAKP_MESSAGE_2_BYTES,
  type RakpMessage2,
} from '../../protocols/ipmi/rakp/rakp-message-2.ts';
import { decodeRakpMessage3 } from '../../protocols/ipmi/rakp/rakp-message-3.ts';
import {
  encodeRakpMessage4,
  RAKP_MESSAGE_4_BYTES,
  type RakpMessage4,
} from '../../protocols/ipmi/rakp/rakp-message-4.ts';
import { RakpStatus } from '../../protocols/ipmi/rakp/status.ts';
import { emptyReceiveWindow } from '../../protocols/ipmi/receive-window.ts';
import type { HalfOpenSession, SessionTable, SimulatedUser } from './sessions.ts';

export type HandshakeOptions = {
  readonly users: readonly SimulatedUser[];
  readonly cipherSuites: readonly number[];
  /** 16 bytes. */
  readonly guid: Buffer;
  /** K_G; without it the user's password takes its place. */
  readonly kg: Buffer | undefined;
};

/** The BMC's side of the handshake: each takes a payload and gives the payload of the answer, or none. */
export type Handshake = {
  openSession(payload: Buffer): Buffer;
  rakpMessage1(payload: Buffer): Buffer | undefined;
  rakpMessage3(payload: Buffer, from: UdpPeer): Buffer | undefined;
};

/** @see IPMI v2.0 rev. 1.1 §13.17 to §13.24, §13.31 */
export function createHandshake(
  deps: { readonly clock: Clock; readonly entropy: Entropy; readonly sessions: SessionTable },
  options: HandshakeOptions,
): Handshake {
  const { clock, entropy, sessions } = deps;

  function openSession(payload: Buffer): Buffer {
    const request = decodeOpenSessionRequest(new ByteReader(payload));
    const { messageTag, remoteConsoleSessionId, algorithms } = request;
    const refuse = (status: number): OpenSessionResponse => ({
      status,
      refused: true,
      messageTag,
      remoteConsoleSessionId,
    });
    const suite = cipherSuiteOf(algorithms);
    if (suite === undefined || !options.cipherSuites.includes(suite.id)) {
      return encodeOpenSession(refuse(RakpStatus.noMatchingCipherSuite));
    }
    const session = sessions.open(remoteConsoleSessionId, suite);
    if (session === undefined) return encodeOpenSession(refuse(RakpStatus.insufficientResources));
    return encodeOpenSession({
      status: RakpStatus.ok,
      messageTag,
      maximumPrivilegeLevel: request.requestedMaximumPrivilegeLevel || PrivilegeLevel.administrator,
      remoteConsoleSessionId,
      managedSystemSessionId: session.id,
      algorithms,
    });
  }

  function rakpMessage1(payload: Buffer): Buffer | undefined {
    const message = decodeRakpMessage1(new ByteReader(payload));
    const session = sessions.halfOpen(message.managedSystemSessionId);
    if (session === undefined) {
      return encodeMessage2({ status: RakpStatus.invalidSessionId, refused: true, messageTag: message.messageTag });
    }
    if (session.login)
      return session.login.message1.equals(payload) ? encodeMessage2(session.login.message2) : undefined;
    const user = findUser(options.users, message);
    if (typeof user === 'number') {
      sessions.close(session.id);
      const { messageTag } = message;
      const { remoteConsoleSessionId } = session;
      return encodeMessage2({ status: user, refused: true, messageTag, remoteConsoleSessionId });
    }
    return encodeMessage2(beginLogin(session, payload, message, user));
  }

  function beginLogin(
    session: HalfOpenSession,
    payload: Buffer,
    message: RakpMessage1,
    user: SimulatedUser,
  ): RakpMessage2 {
    const exchange: RakpExchange = {
      remoteConsoleSessionId: session.remoteConsoleSessionId,
      managedSystemSessionId: session.id,
      remoteConsoleRandom: Buffer.from(message.remoteConsoleRandom),
      managedSystemRandom: entropy.bytes(16),
      managedSystemGuid: options.guid,
      role: message.role,
      userName: Buffer.from(message.userName),
    };
    const message2: RakpMessage2 = {
      status: RakpStatus.ok,
      messageTag: message.messageTag,
      remoteConsoleSessionId: session.remoteConsoleSessionId,
      managedSystemRandom: exchange.managedSystemRandom,
      managedSystemGuid: exchange.managedSystemGuid,
      keyExchangeCode: rakpMessage2Code(session.suite, passwordKey(user), exchange),
    };
    session.login = { message1: Buffer.from(payload), message2, user, exchange };
    return message2;
  }

  function rakpMessage3(payload: Buffer, from: UdpPeer): Buffer | undefined {
    const message = decodeRakpMessage3(new ByteReader(payload));
    const session = sessions.halfOpen(message.managedSystemSessionId);
    // A repeat finds the session active, not half-open, and is left unanswered: controllers differ widely here.
    if (session?.login === undefined) return undefined;
    sessions.close(session.id);
    if (message.status !== RakpStatus.ok) return undefined;
    const { suite, remoteConsoleSessionId } = session;
    const { user, exchange } = session.login;
    const { messageTag } = message;
    const key = passwordKey(user);
    if (!sameCode(message.keyExchangeCode, rakpMessage3Code(suite, key, exchange))) {
      const status = RakpStatus.invalidIntegrityCheckValue;
      return encodeMessage4({ status, refused: true, messageTag, remoteConsoleSessionId });
    }
    const sik = sessionIntegrityKey(suite, options.kg ? rakpKey(options.kg) : key, exchange);
    sessions.activate({
      state: 'active',
      id: session.id,
      remoteConsoleSessionId,
      protection: { suite, ...packetKeys(suite, sik, key) },
      user,
      maximumPrivilege: exchange.role & 0x0f || user.privilege,
      privilege: PrivilegeLevel.user,
      received: emptyReceiveWindow,
      lastSentSequence: 0,
      peer: from,
      lastUsed: clock.elapsed(),
    });
    const integrityCheckValue = rakpMessage4CheckValue(suite, sik, exchange);
    return encodeMessage4({ status: RakpStatus.ok, messageTag, remoteConsoleSessionId, integrityCheckValue });
  }

  return { openSession, rakpMessage1, rakpMessage3 };
}

/** The user that RAKP message 1 names, or the status to refuse with. @see IPMI v2.0 rev. 1.1 §13.20 */
function findUser(users: readonly SimulatedUser[], message: RakpMessage1): SimulatedUser | number {
  const level = message.role & 0x0f;
  if (level > PrivilegeLevel.oem) return RakpStatus.invalidRole;
  const named = users.filter((user) => message.userName.equals(Buffer.from(user.name)));
  const byNameOnly = (message.role & NAME_ONLY_LOOKUP) !== 0;
  const user = byNameOnly ? named[0] : named.find((each) => level === 0 || each.privilege === level);
  if (user === undefined) return named.length > 0 ? RakpStatus.unauthorizedRole : RakpStatus.unauthorizedName;
  return level > user.privilege ? RakpStatus.unauthorizedRole : user;
}

function passwordKey(user: SimulatedUser): Buffer {
  return rakpKey(Buffer.from(user.password));
}

function encodeOpenSession(response: OpenSessionResponse): Buffer {
  const writer = new ByteWriter(36);
  encodeOpenSessionResponse(response, writer);
  return writer.done();
}

function encodeMessage2(message: RakpMessage2): Buffer {
  const writer = new ByteWriter(RAKP_MESSAGE_2_BYTES);
  encodeRakpMessage2(message, writer);
  return writer.done();
}

function encodeMessage4(message: RakpMessage4): Buffer {
  const writer = new ByteWriter(RAKP_MESSAGE_4_BYTES);
  encodeRakpMessage4(message, writer);
  return writer.done();
}
