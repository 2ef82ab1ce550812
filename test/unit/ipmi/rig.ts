import type { Bmc } from '../../../src/domain/ports/bmc.ts';
import { createIpmiBmcs, type IpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import type { SuitePins } from '../../../src/drivers/bmc/ipmi/link/suite-pins.ts';
import type { IpmiOptions, IpmiTarget } from '../../../src/drivers/bmc/ipmi/options.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import type { UdpPeer } from '../../../src/foundation/udp.ts';
import { type Chassis, createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import {
  createSimulatedBmc,
  type SimulatedBmc,
  type SimulatedBmcOptions,
} from '../../../src/simulator/bmc/simulated-bmc.ts';
import { createManualClock, type ManualClock, settle } from '../../support/manual-clock.ts';
import { createMemoryNetwork, type MemoryNetwork } from './memory-network.ts';
import { createSeededEntropy } from './seeded-entropy.ts';

export const BMC_ADDRESS: UdpPeer = { address: '192.0.2.7', port: 623 };
export const never = new AbortController().signal;

export type Timed<T> = { readonly ms: number } & (
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'error'; readonly error: unknown }
);

/** A client and a simulated BMC on a network in memory, and a clock that only the test moves. */
export type Rig = AsyncDisposable & {
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  readonly bmcs: IpmiBmcs;
  readonly simulated: SimulatedBmc;
  readonly chassis: Chassis;
  readonly bmc: Bmc;
  open(target?: Partial<IpmiTarget>): Promise<Bmc>;
  /** How many datagrams the client has dropped for this reason. */
  dropped(reason: string): number;
  /** Moves the clock until the work is over; tells how it ended and how long that took. */
  finish<T>(work: PromiseLike<T>): Promise<Timed<T>>;
  /** The value of work that ends well. */
  value<T>(work: Promise<T>): Promise<T>;
};

export const admin = { name: 'admin', password: 'secret', privilege: 4 } as const;

export async function createRig(
  options: {
    readonly bmc?: Partial<SimulatedBmcOptions>;
    readonly client?: IpmiOptions;
    readonly target?: Partial<IpmiTarget>;
    readonly pins?: SuitePins;
  } = {},
): Promise<Rig> {
  const clock = createManualClock();
  const network = createMemoryNetwork();
  const meter = createMeter();
  const deps = { udp: network, clock, entropy: createSeededEntropy('rig') };
  const chassis = options.bmc?.chassis ?? createPlainChassis();
  const simulated = await createSimulatedBmc(deps, { users: [admin], ...BMC_ADDRESS, ...options.bmc, chassis }, never);
  const pins = options.pins === undefined ? {} : { pins: options.pins };
  const bmcs = createIpmiBmcs({ ...deps, ...pins, log: silentLog, meter }, options.client);
  const open: Rig['open'] = (target) =>
    bmcs.open(
      { host: BMC_ADDRESS.address, user: 'admin', password: Secret.fromText('secret'), ...options.target, ...target },
      never,
    );

  async function finish<T>(work: PromiseLike<T>): Promise<Timed<T>> {
    const start = clock.elapsed();
    let result: Timed<T> | undefined;
    work.then(
      (value) => {
        result = { kind: 'value', value, ms: clock.elapsed() - start };
      },
      (error: unknown) => {
        result = { kind: 'error', error, ms: clock.elapsed() - start };
      },
    );
    await settle();
    for (let step = 0; result === undefined; step++) {
      if (step > 4_000) throw new Error('work does not end');
      await clock.advance(20);
    }
    return result;
  }

  return {
    clock,
    network,
    bmcs,
    simulated,
    chassis,
    bmc: await open(),
    open,
    dropped: (reason) => meter.value('ipmi_dropped', { reason }),
    finish,
    async value(work) {
      const result = await finish(work);
      if (result.kind === 'error') throw result.error;
      return result.value;
    },
    async [Symbol.asyncDispose]() {
      await finish(bmcs[Symbol.asyncDispose]());
      await simulated[Symbol.asyncDispose]();
    },
  };
}
