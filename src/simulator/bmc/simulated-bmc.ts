import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import { DecodeError } from '../../foundation/errors.ts';
import type { Udp, UdpPeer } from '../../foundation/udp.ts';
import type { GetDeviceIdResponse } from '../../protocols/ipmi/commands/application/get-device-id.ts';
import { decodeDatagram } from '../../protocols/ipmi/datagram.ts';
import { createBootOptions } from './boot-options.ts';
import type { Chassis, ChassisAction } from './chassis.ts';
import type { CommandContext } from './command-handler.ts';
import type { BmcCore } from './core.ts';
import { createFaultyPath, type FaultHook } from './faults.ts';
import { createHandshake } from './handshake.ts';
import { receiveInSession } from './session-v20.ts';
import { receiveSessionlessV15, receiveSessionlessV20 } from './sessionless.ts';
import { createSessionTable, type SessionLimits, type SimulatedUser } from './sessions.ts';

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

  const noFaults: FaultHook = () => undefined;
  const inbound = createFaultyPath(clock, 'to-bmc', options.faults ?? noFaults, stop.signal);
  const outbound = createFaultyPath(clock, 'from-bmc', options.faults ?? noFaults, stop.signal);

  const core: BmcCore = {
    clock,
    entropy,
    sessions,
    handshake,
    context,
    payloads: new Map(),
    requests,
    // Best effort, as a BMC's: a client that is gone is not the simulator's failure.
    send: (data, to) => outbound(data, (bytes) => void socket.send(bytes, to).catch(() => undefined)),
  };

  function receive(data: Buffer, from: UdpPeer): void {
    try {
      const datagram = decodeDatagram(data);
      if (datagram.format === 'v1.5') receiveSessionlessV15(core, datagram.session, from);
      else if (datagram.session.sessionId === 0) receiveSessionlessV20(core, datagram.session, from);
      else receiveInSession(core, datagram, from);
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
