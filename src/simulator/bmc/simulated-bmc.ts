import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import { DecodeError } from '../../foundation/errors.ts';
import type { Udp, UdpPeer } from '../../foundation/udp.ts';
import type { GetDeviceIdResponse } from '../../protocols/ipmi/commands/application/get-device-id.ts';
import {
  decodeDatagram,
  encodeDatagramV1,
  encodeDatagramV2,
  type IpmiDatagram,
} from '../../protocols/ipmi/datagram.ts';
import { decodeIpmiRequest, encodeIpmiResponse, type IpmiRequest } from '../../protocols/ipmi/message.ts';
import { encodeProtectedDatagram, openProtectedPayload } from '../../protocols/ipmi/protected-payload.ts';
import { nextSequence, receiveSequence } from '../../protocols/ipmi/receive-window.ts';
import { AuthenticationType, sessionlessV1 } from '../../protocols/ipmi/session-v1.ts';
import { PayloadType, sessionlessV2 } from '../../protocols/ipmi/session-v2.ts';
import { createBootOptions } from './boot-options.ts';
import type { Chassis, ChassisAction } from './chassis.ts';
import type { CommandContext } from './command-handler.ts';
import { carryOut } from './commands.ts';
import { createFaultyPath, type FaultHook } from './faults.ts';
import { createHandshake } from './handshake.ts';
import { type ActiveSession, createSessionTable, type SessionLimits, type SimulatedUser } from './sessions.ts';

export type SimulatedBmcOptions = {
  readonly users: readonly SimulatedUser[];
  /** Local address to listen on. */
  readonly address: string;
  /** Local port; 0 lets the kernel choose. */
  readonly port: number;
  readonly chassis: Chassis;
  /** Suites it agrees to. Default 3 and 17. */
  readonly cipherSuites?: readonly number[];
  /** K_G for two-key login, at most 20 bytes. Default: none. */
  readonly kg?: Buffer;
  /** 16 bytes. Default: all A5h. */
  readonly guid?: Buffer;
  /** Default: 15 sessions, 60 s idle, 3 s for a handshake. */
  readonly limits?: Partial<SessionLimits>;
  readonly device?: Partial<GetDeviceIdResponse>;
  /** Default: none. */
  readonly faults?: FaultHook;
};

/** A chassis verb that reached the BMC in an authentic request, whether or not the chassis could follow it. */
export type PowerLogEntry = { readonly action: ChassisAction; readonly at: number; readonly sessionId: number };

export type SimulatedBmc = AsyncDisposable & {
  readonly local: UdpPeer;
  /** Every chassis verb received, in order: what exactly-once tests count. */
  readonly powerLog: readonly PowerLogEntry[];
  /** How often each command was received, by its name in the specification. */
  readonly requests: ReadonlyMap<string, number>;
  /** Datagrams not understood or not authentic. */
  readonly dropped: number;
  /** Sessions there now, half-open ones included. */
  readonly sessions: number;
  /** Loses all sessions, as a controller that restarts. */
  forgetSessions(): void;
};

const DEFAULT_LIMITS: SessionLimits = { maximumSessions: 15, idleMs: 60_000, halfOpenMs: 3_000 };

const DEFAULT_DEVICE: GetDeviceIdResponse = {
  deviceId: 0x20,
  deviceRevision: 1,
  providesDeviceSdrs: false,
  updateInProgress: false,
  firmwareMajor: 1,
  firmwareMinor: 0x07,
  ipmiVersion: 0x02,
  additionalDeviceSupport: 0x80,
  manufacturerId: 0,
  productId: 0x0b00,
};

/**
 * A BMC that really speaks RMCP+: sessions with suites 3 and 17, chassis and boot commands, over UDP.
 * Unsigned, unencrypted and replayed session packets are dropped as the specification says.
 * @see IPMI v2.0 rev. 1.1 §13
 */
export async function createSimulatedBmc(
  deps: { readonly udp: Udp; readonly clock: Clock; readonly entropy: Entropy },
  options: SimulatedBmcOptions,
  signal: AbortSignal,
): Promise<SimulatedBmc> {
  const { udp, clock, entropy } = deps;
  const stop = new AbortController();
  const cipherSuites = options.cipherSuites ?? [3, 17];
  const sessions = createSessionTable(clock, entropy, { ...DEFAULT_LIMITS, ...options.limits });
  const guid = options.guid ?? Buffer.alloc(16, 0xa5);
  const handshake = createHandshake(
    { clock, entropy, sessions },
    { users: options.users, cipherSuites, guid, kg: options.kg },
  );
  const powerLog: PowerLogEntry[] = [];
  const requests = new Map<string, number>();
  let dropped = 0;
  const context: CommandContext = {
    clock,
    guid,
    chassis: options.chassis,
    bootOptions: createBootOptions(clock, options.chassis, stop.signal),
    sessions,
    users: options.users,
    cipherSuites,
    kgSet: options.kg !== undefined,
    device: { ...DEFAULT_DEVICE, ...options.device },
    acted: (action, session) => powerLog.push({ action, at: clock.now(), sessionId: session.id }),
  };

  /** The datagram that answers this one, if any does. */
  function answer(data: Buffer): Buffer | undefined {
    const datagram = decodeDatagram(data);
    if (datagram.format === 'v1.5') return answerV1(datagram.session.authenticationType, datagram.session.payload);
    const { session } = datagram;
    if (session.sessionId !== 0) return answerInSession(datagram);
    const reply = (type: number, payload: Buffer | undefined): Buffer | undefined =>
      payload && encodeDatagramV2(sessionlessV2(type, payload));
    switch (session.payloadType) {
      case PayloadType.openSessionRequest:
        return reply(PayloadType.openSessionResponse, handshake.openSession(session.payload));
      case PayloadType.rakpMessage1:
        return reply(PayloadType.rakpMessage2, handshake.rakpMessage1(session.payload));
      case PayloadType.rakpMessage3:
        return reply(PayloadType.rakpMessage4, handshake.rakpMessage3(session.payload));
      case PayloadType.ipmi:
        return reply(PayloadType.ipmi, perform(decodeIpmiRequest(new ByteReader(session.payload)), undefined));
      default:
        throw new DecodeError(`payload type ${session.payloadType} is not for a BMC`);
    }
  }

  function answerV1(authenticationType: number, payload: Buffer): Buffer {
    if (authenticationType !== AuthenticationType.none) throw new DecodeError('v1.5 sessions are not simulated');
    return encodeDatagramV1(sessionlessV1(perform(decodeIpmiRequest(new ByteReader(payload)), undefined)));
  }

  function answerInSession({ session, signed }: IpmiDatagram & { format: 'v2.0' }): Buffer {
    const active = sessions.active(session.sessionId);
    if (active === undefined) throw new DecodeError('no such session');
    const payload = openProtectedPayload(session, signed, active.protection);
    if (typeof payload === 'string') throw new DecodeError(`session packet: ${payload}`);
    const received = receiveSequence(active.received, session.sessionSequence);
    if (received === undefined) throw new DecodeError('session sequence number was used before');
    if (session.payloadType !== PayloadType.ipmi) throw new DecodeError('payload type is not active');
    active.received = received;
    active.lastUsed = clock.elapsed();
    const response = perform(decodeIpmiRequest(new ByteReader(payload)), active);
    active.lastSentSequence = nextSequence(active.lastSentSequence);
    const packet = {
      payloadType: PayloadType.ipmi,
      sessionId: active.remoteConsoleSessionId,
      sessionSequence: active.lastSentSequence,
      payload: response,
    };
    return encodeProtectedDatagram(packet, active.protection, entropy.bytes(16));
  }

  function perform(request: IpmiRequest, session: ActiveSession | undefined): Buffer {
    const { name, completionCode, data } = carryOut(request, context, session);
    requests.set(name, (requests.get(name) ?? 0) + 1);
    return encodeIpmiResponse({ ...request, netFn: request.netFn | 1, completionCode, data });
  }

  const noFaults: FaultHook = () => undefined;
  const inbound = createFaultyPath(clock, 'to-bmc', options.faults ?? noFaults, stop.signal);
  const outbound = createFaultyPath(clock, 'from-bmc', options.faults ?? noFaults, stop.signal);

  function receive(data: Buffer, from: UdpPeer): void {
    try {
      const reply = answer(data);
      // Best effort, as a BMC's: a client that is gone is not the simulator's failure.
      if (reply) outbound(reply, (bytes) => void socket.send(bytes, from).catch(() => undefined));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      dropped++;
    }
  }

  const socket = await udp.bind(
    { address: options.address, port: options.port },
    (data, from) => inbound(data, (bytes) => receive(bytes, from)),
    signal,
  );
  return {
    local: socket.local,
    powerLog,
    requests,
    get dropped() {
      return dropped;
    },
    get sessions() {
      return sessions.count();
    },
    forgetSessions: () => sessions.clear(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await socket[Symbol.asyncDispose]();
    },
  };
}
