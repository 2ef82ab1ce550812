import type { ChassisReport, FruInventory, LogEntry, RawAnswer, SensorReading } from '../../src/domain/hardware.ts';
import type { Bmc, BootOverride, BootOverrideReport, PowerState } from '../../src/domain/ports/bmc.ts';
import type { Bmcs } from '../../src/domain/ports/bmcs.ts';
import { ConflictError, InvalidRequestError } from '../../src/foundation/errors.ts';

/** What a fake controller has and does; tests change it at will. */
export type FakeBmc = {
  power: PowerState;
  chassis: ChassisReport;
  sensors: readonly SensorReading[];
  log: LogEntry[];
  clockAt: number | null;
  inventory: readonly FruInventory[];
  override: BootOverrideReport;
  /** As some controllers do: the device is kept, the rest is not. */
  losesFlags: boolean;
  rawAnswer: RawAnswer;
  takesRaw: boolean;
  /** Every call in order: `identify {"seconds":15}`. */
  readonly calls: string[];
  /** Sessions open now, and the most that ever were at once. */
  open: number;
  mostOpen: number;
  /** Thrown by every call, or by opening, until it is taken away. */
  failure: Error | undefined;
  openFailure: Error | undefined;
  /** Every call waits for it. */
  gate: Promise<void> | undefined;
  /** Called before the log is erased, when it was read already. */
  beforeClear: (() => void) | undefined;
};

export type FakeBmcs = Pick<Bmcs, 'open' | 'resetAuthentication'> & {
  /** The controller of a machine, by its name. */
  of(name: string): FakeBmc;
  /** Whether each reset of a login was told to unpin. */
  readonly resets: readonly boolean[];
};

/** Controllers of machines without any device behind them: each keeps what it is told and tells it again. */
export function createFakeBmcs(): FakeBmcs {
  const all = new Map<string, FakeBmc>();
  const of = (name: string): FakeBmc => {
    const known = all.get(name);
    if (known !== undefined) return known;
    const made = newFakeBmc();
    all.set(name, made);
    return made;
  };
  const resets: boolean[] = [];
  return {
    of,
    resets,
    async open({ spec }, signal) {
      signal.throwIfAborted();
      if (spec.bmcs.length === 0) throw new InvalidRequestError(`${spec.name} has no BMC`);
      const fake = of(spec.name);
      if (fake.openFailure !== undefined) throw fake.openFailure;
      return openFake(fake, spec.name);
    },
    async resetAuthentication(_machine, { unpin }) {
      resets.push(unpin);
    },
  };
}

function newFakeBmc(): FakeBmc {
  return {
    power: 'on',
    chassis: fakeChassis,
    sensors: [fakeSensor({ name: 'CPU Temp', value: 42.5 })],
    log: [1, 2, 3].map((id) => fakeEntry(id)),
    clockAt: 1_700_000_000_000,
    inventory: [],
    override: { device: 'none', valid: false, persistent: false, efi: false },
    losesFlags: false,
    rawAnswer: {
      kind: 'answered',
      completionCode: 0,
      meaning: '00h completed normally',
      data: Buffer.from('2001', 'hex'),
    },
    takesRaw: true,
    calls: [],
    open: 0,
    mostOpen: 0,
    failure: undefined,
    openFailure: undefined,
    gate: undefined,
    beforeClear: undefined,
  };
}

function openFake(fake: FakeBmc, name: string): Bmc {
  fake.open++;
  fake.mostOpen = Math.max(fake.mostOpen, fake.open);
  async function call<T>(what: string, signal: AbortSignal, work: () => T): Promise<T> {
    signal.throwIfAborted();
    fake.calls.push(what);
    if (fake.gate !== undefined) await Promise.race([fake.gate, rejected(signal)]);
    if (fake.failure !== undefined) throw fake.failure;
    return work();
  }
  const set = (override: BootOverride): BootOverrideReport => {
    const { device } = override;
    const flags = fake.losesFlags ? { persistent: false, efi: false } : override;
    fake.override = { device, valid: device !== 'none', persistent: flags.persistent, efi: flags.efi };
    return fake.override;
  };
  return {
    describe: `fake BMC of ${name}`,
    identity: (signal) =>
      call('identity', signal, () => ({ manufacturerId: 1, productId: 2, firmware: '1.0', ipmiVersion: '2.0' })),
    powerState: (signal) => call('powerState', signal, () => fake.power),
    power: (verb, signal) => call(`power ${verb}`, signal, () => ({ kind: 'accepted' })),
    setBootOverride: (override, signal) =>
      call(`setBootOverride ${JSON.stringify(override)}`, signal, () => set(override)),
    bootOverride: (signal) => call('bootOverride', signal, () => fake.override),
    chassis: (signal) => call('chassis', signal, () => ({ ...fake.chassis, power: fake.power })),
    identify: (light, signal) => call(`identify ${JSON.stringify(light)}`, signal, () => undefined),
    setPowerRestorePolicy: (policy, signal) =>
      call(`setPowerRestorePolicy ${policy}`, signal, () => {
        fake.chassis = { ...fake.chassis, restorePolicy: policy };
      }),
    sensors: (signal) => call('sensors', signal, () => fake.sensors),
    eventLog: (signal) =>
      call('eventLog', signal, () => ({
        entries: [...fake.log],
        freeBytes: 1024,
        overflow: false,
        clockAt: fake.clockAt,
      })),
    clearEventLog: (newest, signal) =>
      call(`clearEventLog ${newest}`, signal, () => {
        fake.beforeClear?.();
        if (newest !== null && fake.log.at(-1)?.id !== newest)
          throw new ConflictError(`an entry came into the event log of ${name} meanwhile`);
        fake.log = [];
      }),
    setClock: (at, signal) =>
      call(`setClock ${at}`, signal, () => {
        fake.clockAt = at;
      }),
    inventory: (signal) => call('inventory', signal, () => fake.inventory),
    ...(fake.takesRaw
      ? {
          raw: ({ netFn, lun, command, data }, signal) =>
            call(`raw ${netFn} ${lun} ${command} ${data.toString('hex')}`, signal, () => fake.rawAnswer),
        }
      : {}),
    async [Symbol.asyncDispose]() {
      fake.open--;
    },
  };
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

const fakeChassis: ChassisReport = {
  power: 'on',
  powerFault: false,
  powerControlFault: false,
  powerOverload: false,
  interlock: false,
  restorePolicy: 'restore',
  lastPowerEvents: ['by-command'],
  intrusion: false,
  frontPanelLocked: false,
  driveFault: false,
  coolingFault: false,
  identify: 'off',
  restartCause: 'power-up by power button',
  powerOnHours: 1234,
  powerWatts: 187,
};

export function fakeSensor(change: Partial<SensorReading> = {}): SensorReading {
  return {
    name: 'CPU Temp',
    number: 0x30,
    owner: 0x20,
    lun: 0,
    type: 'Temperature',
    entity: 'processor 1',
    kind: 'threshold',
    value: 42,
    unit: 'degrees C',
    states: [],
    health: 'ok',
    thresholds: {
      lowerNonRecoverable: null,
      lowerCritical: null,
      lowerNonCritical: 5,
      upperNonCritical: 80,
      upperCritical: 90,
      upperNonRecoverable: null,
    },
    unavailable: null,
    ...change,
  };
}

export function fakeEntry(id: number, change: Partial<LogEntry> = {}): LogEntry {
  return {
    id,
    at: 1_700_000_000_000 + id * 1000,
    source: 'CPU Temp',
    text: `entry ${id}`,
    health: 'ok',
    raw: id.toString(16).padStart(32, '0'),
    ...change,
  };
}
