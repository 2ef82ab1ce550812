import type { Clock } from '../foundation/clock.ts';
import type { Entropy } from '../foundation/entropy.ts';
import { BugError } from '../foundation/errors.ts';
import type { Udp } from '../foundation/udp.ts';
import { RMCP_PORT } from '../protocols/ipmi/rmcp.ts';
import { type Chassis, createPlainChassis } from './bmc/chassis.ts';
import { createSimulatedBmc, type SimulatedBmc, type SimulatedBmcOptions } from './bmc/simulated-bmc.ts';

/**
 * Where the BMCs of a fleet listen: each on a loopback address of its own, counting up from `first` and leaving out those
 * that end in 0 or 255, all on one port; or all on one address, each on a port that the kernel chooses.
 */
export type FleetAddresses =
  | { readonly kind: 'addresses'; readonly first: string /** Default 623. */; readonly port?: number }
  | { readonly kind: 'ports'; readonly address: string };

export type BmcFleetOptions = {
  readonly count: number;
  readonly addresses: FleetAddresses;
  /** What one of them has of its own, by its place from 0. Default: "admin" with password "secret", nothing special. */
  readonly each?: (index: number) => Partial<Omit<SimulatedBmcOptions, 'address' | 'port'>>;
};

export type FleetMember = { readonly bmc: SimulatedBmc; readonly chassis: Chassis };
export type BmcFleet = AsyncDisposable & { readonly members: readonly FleetMember[] };

const USERS = [{ name: 'admin', password: 'secret', privilege: 4 }];

/**
 * Many simulated BMCs in one process; an idle one has a socket and no timer.
 * @throws UnreachableError when an address cannot be bound; those bound before are closed again
 */
export async function createBmcFleet(
  deps: { readonly udp: Udp; readonly clock: Clock; readonly entropy: Entropy },
  options: BmcFleetOptions,
  signal: AbortSignal,
): Promise<BmcFleet> {
  const members: FleetMember[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(members.map(({ bmc }) => bmc[Symbol.asyncDispose]()));
  };
  const places = addressesOf(options);
  try {
    for (const [index, place] of places.entries()) {
      const own = options.each?.(index) ?? {};
      const chassis = own.chassis ?? createPlainChassis();
      const bmc = await createSimulatedBmc(
        deps,
        { users: USERS, guid: guidOf(index), ...own, chassis, ...place },
        signal,
      );
      members.push({ bmc, chassis });
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { members, [Symbol.asyncDispose]: dispose };
}

function addressesOf({ count, addresses }: BmcFleetOptions): { readonly address: string; readonly port: number }[] {
  if (addresses.kind === 'ports') {
    const { address } = addresses;
    return Array.from({ length: count }, () => ({ address, port: 0 }));
  }
  const { first, port = RMCP_PORT } = addresses;
  const places: { address: string; port: number }[] = [];
  for (let number = numberOf(first); places.length < count; number++) {
    const lastByte = number & 0xff;
    if (lastByte !== 0 && lastByte !== 0xff) places.push({ address: addressOf(number), port });
  }
  return places;
}

function numberOf(address: string): number {
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4 || bytes[0] !== 127) throw new BugError(`${address} is not an IPv4 loopback address`);
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function addressOf(number: number): string {
  if (number >>> 24 !== 127) throw new BugError('there are not so many loopback addresses');
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

/** A GUID for each, so that they are told apart. */
function guidOf(index: number): Buffer {
  const guid = Buffer.alloc(16, 0xa5);
  guid.writeUInt32BE(index, 12);
  return guid;
}
