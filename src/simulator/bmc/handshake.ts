import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import { cipherSuiteById, cipherSuiteOf } from '../../protocols/ipmi/cipher-suites.ts';
import { CompletionCode } from '../../protocols/ipmi/completion-code.ts';
import {
  decodeOpenSessionRequest,
  encodeOpenSessionResponse,
  type OpenSessionRequest,
  type OpenSessionResponse,
} from '../../protocols/ipmi/open-session.ts';
import { PrivilegeLevel } from '../../protocols/ipmi/privilege-level.ts';
import {
  packetKeys,
  type RakpExchange,
  rakpKey,
  rakpMessage3Code,
  sameCode,
  sessionIntegrityKey,
} from '../../protocols/ipmi/rakp/keys.ts';
import { decodeRakpMessage1, type RakpMessage1 } from '../../protocols/ipmi/rakp/rakp-message-1.ts';
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
import type { BmcCore } from './core.ts';
import {
  checkValue,
  exchangeOfMessage3,
  keyExchangeCode,
  nameToFind,
  nameToHash,
  passwordKey,
  roleToHash,
} from './rakp-habits.ts';
import type { HalfOpenSession } from './sessions.ts';
import { findUser, type SimulatedUser } from './users.ts';

/** Answers an Open Session Request. @see IPMI v2.0 rev. 1.1 §13.17, §13.18 */
export function openSession(core: BmcCore, payload: Buffer): Buffer {
  const writer = new ByteWriter(36);
  const request = decodeOpenSessionRequest(new ByteReader(payload));
  const outcome = grantSession(core, request);
  if (typeof outcome !== 'number') {
    encodeOpenSessionResponse(outcome, writer);
    return writer.done();
  }
  const { messageTag, remoteConsoleSessionId } = request;
  encodeOpenSessionResponse({ status: outcome, refused: true, messageTag, remoteConsoleSessionId }, writer);
  const bytes = core.personality.openSessionRefusalBytes;
  return bytes === 1 ? Buffer.of(CompletionCode.requestDataLengthInvalid) : Buffer.concat([writer.done()], bytes);
}

/** What is granted, or the status that refuses it. */
function grantSession(core: BmcCore, request: OpenSessionRequest): OpenSessionResponse | number {
  const { sessions, personality, context } = core;
  const { messageTag, remoteConsoleSessionId, requestedMaximumPrivilegeLevel: requestedPrivilege } = request;
  const { grantsAlways } = personality;
  const suite = grantsAlways === undefined ? cipherSuiteOf(request.algorithms) : cipherSuiteById(grantsAlways);
  if (suite === undefined || !context.cipherSuites.includes(suite.id)) return personality.disabledSuiteStatus;
  if (requestedPrivilege > PrivilegeLevel.oem) return RakpStatus.invalidRole;
  const most = context.suitePrivileges[suite.id] ?? PrivilegeLevel.administrator;
  const exactly = personality.suiteLevel === 'limit-only' && requestedPrivilege !== 0 && requestedPrivilege !== most;
  if (requestedPrivilege > most || exactly) return RakpStatus.unauthorizedRole;
  const grantedPrivilege = requestedPrivilege || most;
  const session = sessions.open({ remoteConsoleSessionId, suite, requestedPrivilege, grantedPrivilege });
  if (session === undefined) return RakpStatus.insufficientResources;
  return {
    status: RakpStatus.ok,
    messageTag,
    maximumPrivilegeLevel: personality.highestPrivilege === 'echoed' ? requestedPrivilege : grantedPrivilege,
    remoteConsoleSessionId,
    managedSystemSessionId: session.id,
    algorithms: suite,
  };
}

/** Answers RAKP message 1, or says nothing. @see IPMI v2.0 rev. 1.1 §13.20, §13.21 */
export function rakpMessage1(core: BmcCore, payload: Buffer): Buffer | undefined {
  const { sessions, personality, context } = core;
  const message = decodeRakpMessage1(new ByteReader(payload));
  const { messageTag } = message;
  const session = sessions.find(message.managedSystemSessionId);
  if (session?.state !== 'half-open') {
    return encodeMessage2({ status: RakpStatus.invalidSessionId, refused: true, messageTag });
  }
  const { login, remoteConsoleSessionId } = session;
  if (login) {
    // FreeIPMI gives each repeat a tag of its own.
    const repeated = login.message1.subarray(1).equals(payload.subarray(1));
    return repeated && personality.repeatedRakpMessage1 === 'answered' ? tagged(login.message2, messageTag) : undefined;
  }
  const userName = nameToFind(personality, message.userName);
  const user = userName ? findUser(context.users, { ...message, userName }) : RakpStatus.unauthorizedName;
  if (typeof user !== 'number') return beginLogin(core, session, payload, message, user);
  sessions.close(session.id);
  if (personality.rakpRefusal === 'zeros') return Buffer.concat([Buffer.of(0, user)], CODELESS_MESSAGE_2_BYTES);
  return encodeMessage2({ status: user, refused: true, messageTag, remoteConsoleSessionId });
}

/** RAKP message 2 up to its code. */
const CODELESS_MESSAGE_2_BYTES = 40;

function beginLogin(
  core: BmcCore,
  session: HalfOpenSession,
  payload: Buffer,
  message: RakpMessage1,
  user: SimulatedUser,
): Buffer {
  const { personality } = core;
  const exchange: RakpExchange = {
    remoteConsoleSessionId: session.remoteConsoleSessionId,
    managedSystemSessionId: session.id,
    remoteConsoleRandom: Buffer.from(message.remoteConsoleRandom),
    managedSystemRandom: core.entropy.bytes(16),
    managedSystemGuid: core.context.guid,
    role: roleToHash(personality, message.role, session.requestedPrivilege),
    userName: nameToHash(personality, message.userName),
  };
  const message2 = encodeMessage2({
    status: RakpStatus.ok,
    messageTag: message.messageTag,
    remoteConsoleSessionId: session.remoteConsoleSessionId,
    managedSystemRandom: exchange.managedSystemRandom,
    managedSystemGuid: exchange.managedSystemGuid,
    keyExchangeCode: keyExchangeCode(
      personality,
      session.suite,
      passwordKey(personality, session.suite, user),
      exchange,
    ),
  });
  const requestedPrivilege = message.role & 0x0f;
  session.login = { message1: Buffer.from(payload), message2, user, exchange, requestedPrivilege };
  return message2;
}

/** What answers a RAKP message 3: a RAKP message 4, outside the session or within it. */
export type RakpMessage3Answer = { readonly message4: Buffer; readonly inSession?: number };

/** Answers RAKP message 3, which makes the session, or says nothing. @see IPMI v2.0 rev. 1.1 §13.22, §13.23 */
export function rakpMessage3(core: BmcCore, payload: Buffer, from: UdpPeer): RakpMessage3Answer | undefined {
  const { sessions, personality } = core;
  const message = decodeRakpMessage3(new ByteReader(payload));
  const session = sessions.find(message.managedSystemSessionId);
  if (session?.state === 'active' && session.format === 'v2.0' && session.message4) {
    const { id } = session;
    const message4 = tagged(session.message4, message.messageTag);
    return personality.repeatedRakpMessage3 === 'answered' ? { message4 } : { message4, inSession: id };
  }
  if (session?.state !== 'half-open' || session.login === undefined) return undefined;
  const { suite, remoteConsoleSessionId, login } = session;
  const { messageTag } = message;
  const key = passwordKey(personality, suite, login.user);
  const covered = exchangeOfMessage3(personality, login.exchange, login.user);
  const proven = sameCode(message.keyExchangeCode, rakpMessage3Code(suite, key, covered));
  if (message.status !== RakpStatus.ok || !proven) {
    sessions.close(session.id);
    if (message.status !== RakpStatus.ok) return undefined;
    const status = RakpStatus.invalidIntegrityCheckValue;
    return { message4: encodeMessage4({ status, refused: true, messageTag, remoteConsoleSessionId }) };
  }
  const sik = sessionIntegrityKey(suite, core.kg ? rakpKey(core.kg) : key, login.exchange);
  const integrityCheckValue = checkValue(personality, suite, sik, login.exchange);
  const message4 = encodeMessage4({ status: RakpStatus.ok, messageTag, remoteConsoleSessionId, integrityCheckValue });
  const maximumPrivilege = Math.min(
    login.requestedPrivilege || login.user.privilege,
    login.user.privilege,
    session.grantedPrivilege,
  );
  sessions.activate({
    state: 'active',
    format: 'v2.0',
    id: session.id,
    remoteConsoleSessionId,
    protection: { suite, ...packetKeys(suite, sik, key) },
    user: login.user,
    maximumPrivilege,
    privilege: Math.min(PrivilegeLevel.user, maximumPrivilege),
    received: emptyReceiveWindow,
    lastSentSequence: 0,
    peer: from,
    lastUsed: core.clock.elapsed(),
    ...(personality.repeatedRakpMessage3 === 'ignored' ? {} : { message4 }),
  });
  return { message4 };
}

/** An earlier answer to a message that is here again. */
function tagged(answer: Buffer, messageTag: number): Buffer {
  const again = Buffer.from(answer);
  again[0] = messageTag;
  return again;
}

function encodeMessage2(message: RakpMessage2): Buffer {
  const writer = new ByteWriter(RAKP_MESSAGE_2_BYTES + 1);
  encodeRakpMessage2(message, writer);
  return writer.done();
}

function encodeMessage4(message: RakpMessage4): Buffer {
  const writer = new ByteWriter(RAKP_MESSAGE_4_BYTES);
  encodeRakpMessage4(message, writer);
  return writer.done();
}
