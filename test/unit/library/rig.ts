import type { IpmiAccount } from '../../../src/library/account.ts';
import type { IpmiClient } from '../../../src/library/client.ts';
import { type CreateIpmiOptions, createIpmi, type Ipmi } from '../../../src/library/create-ipmi.ts';
import { type Chassis, createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import {
  createSimulatedBmc,
  type SimulatedBmc,
  type SimulatedBmcOptions,
} from '../../../src/simulator/bmc/simulated-bmc.ts';
import { createManualClock, type ManualClock, settle } from '../../support/manual-clock.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../ipmi/memory-network.ts';
import { createSeededEntropy } from '../ipmi/seeded-entropy.ts';

export const PASSWORD = 'pass-word-under-test';
export const account = { host: '192.0.2.7', user: 'admin', password: PASSWORD, privilege: 'administrator' } as const;

/** The library against a simulated BMC, on a network in memory, under a clock that only the test moves. */
export type LibraryRig = AsyncDisposable & {
  readonly clock: ManualClock;
  readonly network: MemoryNetwork;
  readonly simulated: SimulatedBmc;
  readonly chassis: Chassis;
  readonly ipmi: Ipmi;
  open(account?: Partial<IpmiAccount>): Promise<IpmiClient>;
  /** The value of work, the clock being moved until it is over. */
  value<T>(work: PromiseLike<T>): Promise<T>;
  /** What the work was rejected with. */
  failure(work: PromiseLike<unknown>): Promise<unknown>;
};

export async function createLibraryRig(
  options: { readonly bmc?: Partial<SimulatedBmcOptions>; readonly ipmi?: CreateIpmiOptions } = {},
): Promise<LibraryRig> {
  const clock = createManualClock();
  const network = createMemoryNetwork();
  const deps = { udp: network, clock, entropy: createSeededEntropy('library') };
  const chassis = options.bmc?.chassis ?? createPlainChassis();
  const users = [{ name: 'admin', password: PASSWORD, privilege: 4 }];
  const simulated = await createSimulatedBmc(
    deps,
    { users, address: account.host, port: 623, ...options.bmc, chassis },
    new AbortController().signal,
  );
  const ipmi = createIpmi({ ...deps, ...options.ipmi });

  async function value<T>(work: PromiseLike<T>): Promise<T> {
    let over = false;
    const end = (): void => {
      over = true;
    };
    work.then(end, end);
    await settle();
    for (let step = 0; !over; step++) {
      if (step > 4_000) throw new Error('work does not end');
      await clock.advance(20);
    }
    return await work;
  }

  return {
    clock,
    network,
    simulated,
    chassis,
    ipmi,
    open: (other) => ipmi.open({ ...account, ...other }),
    value,
    failure: (work) =>
      value(
        work.then(
          () => new Error('the work ended well'),
          (error: unknown) => error,
        ),
      ),
    async [Symbol.asyncDispose]() {
      await value(ipmi[Symbol.asyncDispose]());
      await simulated[Symbol.asyncDispose]();
    },
  };
}
