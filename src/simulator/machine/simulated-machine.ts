import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { BootDeviceSelector, type BootFlags } from '../../protocols/ipmi/commands/chassis/boot-flags.ts';
import { type Chassis, NO_BOOT_OVERRIDE } from '../bmc/chassis.ts';
import type { ReceivedPassphrase } from '../ssh/encrypted-disks.ts';
import type { RebuildJobs, StartedRebuild } from '../ssh/rebuild-jobs.ts';
import type { SshServer } from '../ssh/ssh-server.ts';
import { liveBoot, type MachinePhase } from './boot-life.ts';
import { createMachineConsole } from './console.ts';
import { createGenerations, type Generations } from './generations.ts';
import { FAST_TIMINGS, type NetbootResult, type SimulatedMachineSpec } from './spec.ts';

export type SimulatedMachineParts = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  /**
   * Boots over the network, as the firmware's PXE client does; rejects when nobody answers, and the disk comes next. Absent:
   * the machine has no network boot.
   */
  readonly netboot?: (signal: AbortSignal) => Promise<NetbootResult>;
};

export type PhaseChange = { readonly phase: MachinePhase; readonly detail: string; readonly at: number };

export type SimulatedMachine = AsyncDisposable & {
  readonly spec: SimulatedMachineSpec;
  /** What its BMC sits on. */
  readonly chassis: Chassis;
  readonly generations: Generations;
  phase(): MachinePhase;
  /** Resolves when the machine is in that phase. */
  reached(phase: MachinePhase, signal: AbortSignal): Promise<void>;
  /** The latest phase changes, oldest first. */
  readonly history: readonly PhaseChange[];
  /** Every passphrase that arrived, in any boot. */
  readonly passphrases: readonly ReceivedPassphrase[];
  readonly rebuilds: readonly StartedRebuild[];
  /** Whether a token is still lying about in a job's folder. */
  holdsTokens(): boolean;
  /** Of the present boot, as they came up: to count what clients did. */
  readonly servers: ReadonlyMap<1 | 3, SshServer>;
  /** Cuts all SSH connections; the servers stay. */
  dropConnections(): void;
};

/** Enough for days of tests; older ones go. */
const HISTORY = 10_000;

/**
 * A machine with power, firmware, an encrypted system on its disk and SSH servers in stages 1 and 3, off at first. It
 * runs by itself in the background; disposing pulls the plug and waits until all is closed.
 */
export function createSimulatedMachine(parts: SimulatedMachineParts, spec: SimulatedMachineSpec): SimulatedMachine {
  const { clock, entropy, log, netboot } = parts;
  const timings = { ...FAST_TIMINGS, ...spec.timings };
  const generations = createGenerations(spec.name, spec.fates ?? {});
  const history: PhaseChange[] = [];
  const passphrases: ReceivedPassphrase[] = [];
  const rebuilds: StartedRebuild[] = [];
  const servers = new Map<1 | 3, SshServer>();
  const watchers = new Set<() => void>();
  const serial = createMachineConsole(spec.name);
  let phase: MachinePhase = 'off';
  let flags: BootFlags = NO_BOOT_OVERRIDE;
  let jobs: RebuildJobs | undefined;
  let power: AbortController | undefined;
  /** The lives so far, one after the other: a new one begins when the one before has closed its ports. */
  let life: Promise<void> = Promise.resolve();

  const enter = (next: MachinePhase, detail: string): void => {
    phase = next;
    serial.enter(next, detail);
    history.push({ phase: next, detail, at: clock.now() });
    if (history.length > HISTORY) history.shift();
    for (const wake of watchers) wake();
  };

  const powerOff = (): void => {
    power?.abort(new Error('power off'));
    power = undefined;
    enter('off', '');
  };

  const powerOn = (delayMs: number): void => {
    const own = new AbortController();
    power = own;
    const before = life;
    life = before
      .then(() => live(own.signal, delayMs))
      .catch((error: unknown) => {
        if (own.signal.aborted) return;
        log.error({ machine: spec.name, error }, 'simulated machine failed');
        enter('hung', errorText(error));
      });
  };

  async function live(signal: AbortSignal, delayMs: number): Promise<void> {
    servers.clear();
    jobs = undefined;
    await clock.sleep(delayMs, signal);
    enter('firmware', '');
    await clock.sleep(timings.postMs, signal);
    await liveBoot(
      {
        clock,
        entropy,
        log,
        spec,
        timings,
        generations,
        enter,
        onReceived: (received) => void passphrases.push(received),
        onRebuild: (rebuild) => void rebuilds.push(rebuild),
        onServer: (stage, server) => void servers.set(stage, server),
        onJobs: (started) => {
          jobs = started;
        },
        reboot: () => shutDown(signal, () => powerOn(0)),
      },
      takeBootDevice() === 'network' ? await tryNetwork(signal) : undefined,
      signal,
    );
  }

  /** An orderly end of this life, unless the power goes first. */
  function shutDown(signal: AbortSignal, then: () => void): void {
    clock.sleep(timings.shutdownMs, signal).then(
      () => {
        powerOff();
        then();
      },
      () => undefined,
    );
  }

  /** The override counts for one boot, unless it is persistent. */
  function takeBootDevice(): 'disk' | 'network' {
    const { valid, persistent, device } = flags;
    if (valid && !persistent) flags = NO_BOOT_OVERRIDE;
    if (valid && device === BootDeviceSelector.pxe) return 'network';
    if (valid && device === BootDeviceSelector.hardDrive) return 'disk';
    return spec.bootFirst ?? 'disk';
  }

  async function tryNetwork(signal: AbortSignal): Promise<NetbootResult | undefined> {
    if (netboot === undefined) return undefined;
    enter('netboot', '');
    try {
      return await netboot(signal);
    } catch (error) {
      signal.throwIfAborted();
      log.info({ machine: spec.name, error }, 'simulated machine found no network boot, disk is next');
      return undefined;
    }
  }

  const chassis: Chassis = {
    serial,
    poweredOn: () => power !== undefined,
    control(action) {
      const signal = power?.signal;
      if (signal === undefined) {
        if (action === 'on') powerOn(0);
        else if (action !== 'off') return 'not-possible';
        return 'done';
      }
      switch (action) {
        case 'on':
        case 'diag':
          return 'done';
        case 'off':
          powerOff();
          return 'done';
        case 'cycle':
        case 'reset':
          powerOff();
          powerOn(action === 'cycle' ? timings.cycleMs : 0);
          return 'done';
        case 'soft-off':
          // Nobody listens to the button before the system's own login manager does.
          if (phase === 'stage-3') shutDown(signal, () => undefined);
          return 'done';
        default:
          return action satisfies never;
      }
    },
    bootFlags: () => flags,
    setBootFlags(next) {
      flags = next;
    },
  };

  return {
    spec,
    chassis,
    generations,
    history,
    passphrases,
    rebuilds,
    servers,
    phase: () => phase,
    holdsTokens: () => jobs?.holdsTokens() ?? false,
    dropConnections() {
      for (const server of servers.values()) server.dropConnections();
    },
    reached(wanted, signal) {
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (phase !== wanted) return;
          finish();
          resolve();
        };
        const onAbort = (): void => {
          finish();
          reject(signal.reason);
        };
        const finish = (): void => {
          watchers.delete(look);
          signal.removeEventListener('abort', onAbort);
        };
        watchers.add(look);
        signal.addEventListener('abort', onAbort, { once: true });
        look();
      });
    },
    async [Symbol.asyncDispose]() {
      powerOff();
      await life;
    },
  };
}
