import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import { DecodeError } from '../../foundation/errors.ts';
import type { Udp, UdpPeer } from '../../foundation/udp.ts';
import type { GetDeviceIdResponse } from '../../protocols/ipmi/commands/application/get-device-id.ts';
import { decodeDatagram } from '../../protocols/ipmi/datagram.ts';
import { createBootOptions } from './boot-options.ts';
import type { Chassis, ChassisAction } from './chassis.ts';
import { logChassisAction } from './chassis-events.ts';
import type { CommandContext } from './command-handler.ts';
import type { BmcCore, PayloadHandler } from './core.ts';
import { createEventLog, type EventLog, type EventLogOptions } from './event-log.ts';
import { createFaultyPath, type FaultHook, type FaultyPath } from './faults.ts';
import { forgetfulChassis } from './forgetful-chassis.ts';
import { createDefaultFruDevices, type FruDevices } from './fru.ts';
import { type Personality, strict } from './personality.ts';
import { answerPresencePing, isAsfMessage } from './presence-ping.ts';
import { createSensorBank, type SensorBank } from './sensors/sensor-bank.ts';
import { createSessionTable, DEFAULT_LIMITS, type SessionLimits } from './session-table.ts';
import { receiveInSessionV15 } from './session-v15.ts';
import { receiveInSession } from './session-v20.ts';
import { receiveSessionlessV15, receiveSessionlessV20 } from './sessionless.ts';
import type { Ipmi15 } from './sessions.ts';
import { type BmcSettingsOptions, createBmcSettings } from './settings.ts';
import { attachSol } from './sol/attach-sol.ts';
import type { SolBehaviour } from './sol/sol-behaviour.ts';
import type { SolServer } from './sol/sol-server.ts';
import type { SimulatedUser } from './users.ts';

export type SimulatedBmcOptions = {
  readonly users: readonly SimulatedUser[];
  /** Local address to listen on. */
  readonly address: string;
  /** Local port; 0 lets the kernel choose. */
  readonly port: number;
  readonly chassis: Chassis;
  /** Suites it agrees to. Default: the personality's, which are 3 and 17 where it says nothing. */
  readonly cipherSuites?: readonly number[];
  /** The highest level that a session of a suite may have, by the suite's id. Default: administrator. */
  readonly suitePrivileges?: Readonly<Record<number, number>>;
  /** v1.5 sessions with MD5. Default: off. */
  readonly ipmi15?: Ipmi15;
  /** What this controller does otherwise than the book. Default: nothing. */
  readonly personality?: Partial<Personality>;
  /** K_G for two-key login, at most 20 bytes. Default: none. */
  readonly kg?: Buffer;
  /** 16 bytes. Default: all A5h. */
  readonly guid?: Buffer;
  /** Default: 15 sessions, 60 s idle, 3 s for a handshake. */
  readonly limits?: Partial<SessionLimits>;
  readonly device?: Partial<GetDeviceIdResponse>;
  readonly eventLog?: EventLogOptions;
  /** Inventories by FRU device id. Default: device 0, its serial numbers made from the GUID. */
  readonly fruDevices?: FruDevices;
  /** Its sensors. Default: those of a small server. */
  readonly sensors?: SensorBank;
  /** Watts drawn while the machine is on; null for a machine without a meter. Default 180. */
  readonly powerWatts?: number | null;
  /** What it keeps of chassis, LAN and itself. Default: a plain controller that has never been touched. */
  readonly settings?: BmcSettingsOptions;
  /** How its serial over LAN works, where the chassis has a serial line. Default: by the book. */
  readonly sol?: Partial<SolBehaviour>;
  /** Default: none. */
  readonly faults?: FaultHook;
};

/** A chassis verb that reached the BMC in an authentic request, whether or not the chassis could follow it. */
export type PowerLogEntry = { readonly action: ChassisAction; readonly at: number; readonly sessionId: number };

export type SimulatedBmc = AsyncDisposable & {
  readonly local: UdpPeer;
  /** The event log behind the commands, for tests to add to and look at. */
  readonly eventLog: EventLog;
  /** The sensors behind the commands, for tests to change. */
  readonly sensors: SensorBank;
  /** Every chassis verb received, in order: what exactly-once tests count. */
  readonly powerLog: readonly PowerLogEntry[];
  /** How often each command was received, by its name in the specification. */
  readonly requests: ReadonlyMap<string, number>;
  /** Datagrams not understood or not authentic. */
  readonly dropped: number;
  /** Sessions there now, half-open ones included. */
  readonly sessions: number;
  /** Sessions that are up. */
  readonly activeSessions: number;
  /** The serial console, where there is one. */
  readonly sol: SolServer | undefined;
  /** Loses all sessions, as a controller that restarts. */
  forgetSessions(): void;
  /** Restarts the controller: it says nothing for so long, and its sessions are gone. */
  restart(silentMs: number): void;
};

const FAULTLESS: FaultyPath = (data, deliver) => deliver(data);
const DEFAULT_GUID = Buffer.alloc(16, 0xa5);

const DEFAULT_DEVICE: GetDeviceIdResponse = {
  deviceId: 0x20,
  deviceRevision: 1,
  providesDeviceSdrs: false,
  updateInProgress: false,
  firmwareMajor: 1,
  firmwareMinor: 0x07,
  ipmiVersion: 0x02,
  // Chassis, FRU inventory, event log, sensor data repository, sensors.
  additionalDeviceSupport: 0x8f,
  manufacturerId: 0,
  productId: 0x0b00,
};

/**
 * A BMC that really speaks IPMI over LAN: RMCP+ with every suite but RC4's, IPMI 1.5 with MD5, over UDP. Packets that
 * are not protected as their session says, were there before, or come from elsewhere are dropped.
 * @see IPMI v2.0 rev. 1.1 §13
 */
export async function createSimulatedBmc(
  deps: { readonly udp: Udp; readonly clock: Clock; readonly entropy: Entropy },
  options: SimulatedBmcOptions,
  signal: AbortSignal,
): Promise<SimulatedBmc> {
  const { udp, clock, entropy } = deps;
  const stop = new AbortController();
  const personality: Personality = options.personality ? { ...strict, ...options.personality } : strict;
  const payloads = new Map<number, PayloadHandler>();
  const limits = { ...DEFAULT_LIMITS, ...personality.limits, ...options.limits };
  const sessions = createSessionTable(clock, entropy, limits, (session) => {
    for (const handler of payloads.values()) handler.ended(session);
  });
  const chassis = forgetfulChassis(clock, options.chassis, personality, stop.signal);
  const powerLog: PowerLogEntry[] = [];
  const requests = new Map<string, number>();
  let dropped = 0;
  let silentUntil = Number.NEGATIVE_INFINITY;
  const restart = (silentMs: number): void => {
    sessions.clear();
    silentUntil = clock.elapsed() + silentMs;
  };
  const guid = options.guid ?? DEFAULT_GUID;
  let eventLog: EventLog | undefined;
  let fruDevices = options.fruDevices;
  let { sensors } = options;
  const context: CommandContext = {
    clock,
    entropy,
    personality,
    guid,
    chassis,
    bootOptions: createBootOptions(clock, chassis, stop.signal),
    sessions,
    users: [...options.users],
    cipherSuites: options.cipherSuites ?? personality.cipherSuites,
    suitePrivileges: { ...options.suitePrivileges },
    ipmi15: options.ipmi15 ?? 'off',
    kgSet: options.kg !== undefined,
    device: options.device ? { ...DEFAULT_DEVICE, ...options.device } : DEFAULT_DEVICE,
    settings: createBmcSettings(clock, chassis, options.address, options.settings),
    // Made when first needed: a BMC that is never asked for them does without.
    get eventLog() {
      eventLog ??= createEventLog(clock, options.eventLog);
      return eventLog;
    },
    get fruDevices() {
      fruDevices ??= createDefaultFruDevices(guid.toString('hex').slice(-8).toUpperCase());
      return fruDevices;
    },
    get sensors() {
      sensors ??= createSensorBank();
      return sensors;
    },
    powerWatts: options.powerWatts === undefined ? 180 : options.powerWatts,
    acted(action, session) {
      powerLog.push({ action, at: clock.now(), sessionId: session.id });
      logChassisAction(context.eventLog, action, chassis.poweredOn());
    },
    restart,
  };
  const { faults } = options;
  const inbound = faults ? createFaultyPath(clock, 'to-bmc', faults, stop.signal) : FAULTLESS;
  const outbound = faults ? createFaultyPath(clock, 'from-bmc', faults, stop.signal) : FAULTLESS;
  const { kg } = options;
  const { ipmi15 } = context;
  const core: BmcCore = { clock, entropy, personality, sessions, context, kg, ipmi15, payloads, requests, send };

  // Best effort, as a BMC's: a client that is gone is not the simulator's failure.
  function send(data: Buffer, to: UdpPeer): void {
    const deliver = (bytes: Buffer): void => void socket.send(bytes, to).catch(() => undefined);
    const stopped = (): void => undefined;
    if (personality.answerDelayMs === 0) outbound(data, deliver);
    else clock.sleep(personality.answerDelayMs, stop.signal).then(() => outbound(data, deliver), stopped);
  }

  function receive(data: Buffer, from: UdpPeer): void {
    if (clock.elapsed() < silentUntil) return;
    try {
      dispatch(core, data, from);
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
  if (options.chassis.serial) {
    attachSol(core, options.chassis.serial, options.sol ?? {}, () => socket.local.port, stop.signal);
  }
  return {
    local: socket.local,
    get sol() {
      return context.sol;
    },
    get eventLog() {
      return context.eventLog;
    },
    get sensors() {
      return context.sensors;
    },
    powerLog,
    requests,
    get dropped() {
      return dropped;
    },
    get sessions() {
      return sessions.count();
    },
    get activeSessions() {
      return sessions.active().length;
    },
    forgetSessions: () => sessions.clear(),
    restart,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await socket[Symbol.asyncDispose]();
    },
  };
}

/** @throws DecodeError for what is dropped */
function dispatch(core: BmcCore, data: Buffer, from: UdpPeer): void {
  if (isAsfMessage(data)) {
    const pong = answerPresencePing(data);
    if (core.personality.presencePing === 'answered') core.send(pong, from);
    return;
  }
  const datagram = decodeDatagram(data);
  if (datagram.format === 'v1.5') {
    if (datagram.session.sessionId === 0) receiveSessionlessV15(core, datagram.session, from);
    else receiveInSessionV15(core, datagram.session, from);
    return;
  }
  if (core.personality.rmcpPlus === 'unknown') throw new DecodeError('RMCP+ is not spoken here');
  if (datagram.session.sessionId === 0) receiveSessionlessV20(core, datagram.session, from);
  else receiveInSession(core, datagram, from);
}
