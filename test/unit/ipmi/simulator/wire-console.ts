import { ByteReader } from '../../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../../src/foundation/bytes/byte-writer.ts';
import type { UdpPeer } from '../../../../src/foundation/udp.ts';
import { type CipherSuite, cipherSuiteById } from '../../../../src/protocols/ipmi/cipher-suites.ts';
import { decodeDatagram, encodeDatagramV1, encodeDatagramV2 } from '../../../../src/protocols/ipmi/datagram.ts';
import {
  BMC_ADDRESS,
  decodeIpmiResponse,
  encodeIpmiRequest,
  type IpmiResponse,
  REMOTE_CONSOLE_ADDRESS,
} from '../../../../src/protocols/ipmi/message.ts';
import { encodeOpenSessionRequest } from '../../../../src/protocols/ipmi/open-session.ts';
import {
  encodeProtectedDatagram,
  openProtectedPayload,
  type SessionProtection,
} from '../../../../src/protocols/ipmi/protected-payload.ts';
import {
  packetKeys,
  type RakpExchange,
  rakpKey,
  rakpMessage3Code,
  sessionIntegrityKey,
} from '../../../../src/protocols/ipmi/rakp/keys.ts';
import { encodeRakpMessage1 } from '../../../../src/protocols/ipmi/rakp/rakp-message-1.ts';
import { decodeRakpMessage2 } from '../../../../src/protocols/ipmi/rakp/rakp-message-2.ts';
import { encodeRakpMessage3 } from '../../../../src/protocols/ipmi/rakp/rakp-message-3.ts';
import { sessionlessV1 } from '../../../../src/protocols/ipmi/session-v1.ts';
import { PayloadType, sessionlessV2 } from '../../../../src/protocols/ipmi/session-v2.ts';
import { type Chassis, createPlainChassis } from '../../../../src/simulator/bmc/chassis.ts';
import {
  createSimulatedBmc,
  type SimulatedBmc,
  type SimulatedBmcOptions,
} from '../../../../src/simulator/bmc/simulated-bmc.ts';
import { createManualClock, type ManualClock, settle } from '../../../support/manual-clock.ts';
import { createMemoryNetwork } from '../memory-network.ts';
import { createSeededEntropy } from '../seeded-entropy.ts';

export const never = new AbortController().signal;
export const BMC: UdpPeer = { address: '192.0.2.7', port: 623 };
export const CONSOLE: UdpPeer = { address: '192.0.2.1', port: 50_000 };
export const STRANGER: UdpPeer = { address: '192.0.2.66', port: 50_000 };
const CONSOLE_SESSION = 0x0a0b_0c0d;
const CONSOLE_RANDOM = Buffer.alloc(16, 0x31);

/** A simulated BMC on a network in memory, and a console that says byte for byte what a test wants. */
export type Wire = AsyncDisposable & {
  readonly clock: ManualClock;
  readonly bmc: SimulatedBmc;
  readonly chassis: Chassis;
  /** Sends one datagram and gives those that came back at once. */
  exchange(data: Buffer, from?: UdpPeer): Promise<Buffer[]>;
  /** What has come to the console since it was last asked. */
  received(at?: UdpPeer): Buffer[];
};

export async function createWire(options: Partial<SimulatedBmcOptions> = {}): Promise<Wire> {
  const clock = createManualClock();
  const network = createMemoryNetwork();
  const chassis = options.chassis ?? createPlainChassis();
  const users = [{ name: 'admin', password: 'secret', privilege: 4 }];
  const deps = { udp: network, clock, entropy: createSeededEntropy('wire') };
  const bmc = await createSimulatedBmc(deps, { users, ...BMC, ...options, chassis }, never);
  const inboxes = new Map<string, Buffer[]>();
  for (const peer of [CONSOLE, STRANGER]) {
    const inbox: Buffer[] = [];
    inboxes.set(peer.address, inbox);
    await network.bind(peer, (data) => inbox.push(data), never);
  }
  const received = (at: UdpPeer = CONSOLE): Buffer[] => inboxes.get(at.address)?.splice(0) ?? [];
  return {
    clock,
    bmc,
    chassis,
    received,
    async exchange(data, from = CONSOLE) {
      network.inject({ from, to: BMC, data });
      await settle();
      return received(from);
    },
    [Symbol.asyncDispose]: () => bmc[Symbol.asyncDispose](),
  };
}

export function suiteOf(id: number): CipherSuite {
  const suite = cipherSuiteById(id);
  if (suite === undefined) throw new Error(`no suite ${id}`);
  return suite;
}

/** A request message; `sequence` is the requester's. */
export function requestPayload(netFn: number, command: number, data: readonly number[] | Buffer, sequence = 1): Buffer {
  return encodeIpmiRequest({
    responderAddress: BMC_ADDRESS,
    netFn,
    responderLun: 0,
    requesterAddress: REMOTE_CONSOLE_ADDRESS,
    requesterSequence: sequence,
    requesterLun: 0,
    command,
    data: Buffer.from(data),
  });
}

/** The answer to a request outside any session, in v1.5 framing. */
export async function askBare(
  wire: Wire,
  netFn: number,
  command: number,
  data: readonly number[] | Buffer,
): Promise<IpmiResponse | undefined> {
  const [answer] = await wire.exchange(encodeDatagramV1(sessionlessV1(requestPayload(netFn, command, data))));
  if (answer === undefined) return undefined;
  return decodeIpmiResponse(new ByteReader(decodeDatagram(answer).session.payload));
}

/** Sends a payload of the handshake and gives the payload that answers it. */
export async function handshake(wire: Wire, payloadType: number, payload: Buffer): Promise<Buffer | undefined> {
  const [answer] = await wire.exchange(encodeDatagramV2(sessionlessV2(payloadType, payload)));
  if (answer === undefined) return undefined;
  return decodeDatagram(answer).session.payload;
}

export type Login = {
  readonly suite: number;
  /** Default "admin" and "secret". */
  readonly name?: string;
  readonly password?: string;
  readonly kg?: Buffer;
  /** Asked for in Open Session. Default administrator. */
  readonly privilege?: number;
  /** Of RAKP message 1. Default: administrator, by name only. */
  readonly role?: number;
  /** What the hashes cover, where that is not `role`. */
  readonly hashedRole?: number;
  /** What the hashes cover, where that is not the name. */
  readonly hashedName?: Buffer;
  /** What RAKP message 3 covers, where that is another role and name. */
  readonly message3?: Pick<RakpExchange, 'role' | 'userName'>;
};

/** One handshake as far as it went; a payload is missing where nothing came. */
export type LoggedIn = {
  readonly opened: Buffer | undefined;
  readonly message2?: Buffer | undefined;
  readonly exchange?: RakpExchange;
  readonly message3?: Buffer;
  readonly message4?: Buffer | undefined;
  readonly sik?: Buffer;
  readonly session?: WireSession;
};

export async function openSession(wire: Wire, { suite, privilege = 4 }: Login): Promise<Buffer | undefined> {
  const writer = new ByteWriter(32);
  const request = { messageTag: 1, requestedMaximumPrivilegeLevel: privilege, remoteConsoleSessionId: CONSOLE_SESSION };
  encodeOpenSessionRequest({ ...request, algorithms: suiteOf(suite) }, writer);
  return handshake(wire, PayloadType.openSessionRequest, writer.done());
}

/** Logs in; goes on after a wrong RAKP message 2 or 4, so that a test can look at them. */
export async function logIn(wire: Wire, login: Login): Promise<LoggedIn> {
  const { name = 'admin', password = 'secret', role = 0x14 } = login;
  const opened = await openSession(wire, login);
  if (opened === undefined || opened.length < 36) return { opened };
  const suite = suiteOf(login.suite);
  const managedSystemSessionId = opened.readUInt32LE(8);
  const message1 = new ByteWriter(44);
  const userName = Buffer.from(name);
  const identity = { managedSystemSessionId, remoteConsoleRandom: CONSOLE_RANDOM, role, userName };
  encodeRakpMessage1({ messageTag: 2, ...identity }, message1);
  const message2 = await handshake(wire, PayloadType.rakpMessage1, message1.done());
  if (message2 === undefined) return { opened, message2 };
  const decoded = decodeRakpMessage2(new ByteReader(message2));
  if ('refused' in decoded) return { opened, message2 };
  const exchange: RakpExchange = {
    ...identity,
    role: login.hashedRole ?? role,
    userName: login.hashedName ?? userName,
    remoteConsoleSessionId: CONSOLE_SESSION,
    managedSystemRandom: decoded.managedSystemRandom,
    managedSystemGuid: decoded.managedSystemGuid,
  };
  const key = rakpKey(Buffer.from(password));
  const message3 = new ByteWriter(40);
  const keyExchangeCode = rakpMessage3Code(suite, key, { ...exchange, ...login.message3 });
  encodeRakpMessage3({ messageTag: 3, status: 0, managedSystemSessionId, keyExchangeCode }, message3);
  const message4 = await handshake(wire, PayloadType.rakpMessage3, message3.done());
  const sik = sessionIntegrityKey(suite, login.kg ? rakpKey(login.kg) : key, exchange);
  const protection = { suite, ...packetKeys(suite, sik, key) };
  const session = createWireSession(wire, managedSystemSessionId, protection);
  return { opened, message2, exchange, message3: message3.done(), message4, sik, session };
}

/** The session of a login that went well. */
export async function sessionOf(wire: Wire, login: Login): Promise<WireSession> {
  const { message4, session } = await logIn(wire, login);
  if (message4?.[1] !== 0 || session === undefined) throw new Error('not logged in');
  return session;
}

export type WireSession = {
  readonly id: number;
  readonly protection: SessionProtection;
  /** A request sealed under this session sequence number, or the next one. */
  seal(netFn: number, command: number, data?: readonly number[] | Buffer, sequence?: number): Buffer;
  /** The messages in these datagrams, which must be protected as the session says. */
  open(datagrams: readonly Buffer[]): IpmiResponse[];
  /** Sends a request and gives the one answer. */
  ask(netFn: number, command: number, data?: readonly number[] | Buffer): Promise<IpmiResponse>;
};

function createWireSession(wire: Wire, id: number, protection: SessionProtection): WireSession {
  let next = 1;
  let requester = 0;
  const session: WireSession = {
    id,
    protection,
    seal(netFn, command, data = [], sequence = next++) {
      requester = (requester + 1) & 0x3f;
      const payload = requestPayload(netFn, command, data, requester);
      const packet = { payloadType: PayloadType.ipmi, sessionId: id, sessionSequence: sequence, payload };
      return encodeProtectedDatagram(packet, protection, Buffer.alloc(16, 0x77));
    },
    open: (datagrams) =>
      datagrams.map((data) => {
        const datagram = decodeDatagram(data);
        if (datagram.format !== 'v2.0') throw new Error('not RMCP+');
        if (datagram.session.sessionId !== CONSOLE_SESSION) throw new Error('not for this console');
        const payload = openProtectedPayload(datagram.session, datagram.signed, protection);
        if (typeof payload === 'string') throw new Error(payload);
        return decodeIpmiResponse(new ByteReader(payload), 'ignore');
      }),
    async ask(netFn, command, data) {
      const [response] = session.open(await wire.exchange(session.seal(netFn, command, data)));
      if (response === undefined) throw new Error('no answer');
      return response;
    },
  };
  return session;
}
