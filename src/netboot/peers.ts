import { isIPv6, SocketAddress } from 'node:net';
import type { Machine } from '../domain/machine.ts';
import type { Machines } from '../domain/ports/machines.ts';
import type { Leases } from '../domain/ports/netboot.ts';
import type { Clock } from '../foundation/clock.ts';
import type { HeardAddresses } from './dhcpv6/heard-addresses.ts';
import { type Link, macBehind } from './dhcpv6/links.ts';
import type { Neighbour } from './linux-network.ts';

export type Peers = {
  /** The machine behind an address, by its lease or by the address it was declared with. */
  machineAt(address: string): Promise<Machine | undefined>;
  /**
   * Whether the address is one of this machine's: declared, leased to one of its network cards, IPv6 of the link or a network that we
   * serve and made of its MAC or asked for by it, or nobody's that we know and held by one of its cards on our own segment, as
   * where another server gave it.
   */
  belongsTo(address: string, machine: Machine): Promise<boolean>;
};

export type PeersDeps = {
  readonly leases: Pick<Leases, 'ofAddress'>;
  readonly machines: Pick<Machines, 'list' | 'findByMac'>;
  readonly clock: Clock;
  /** Who answered ARP on the served segments. Default: nobody. */
  readonly neighbours?: () => Promise<readonly Neighbour[]>;
  /** Networks that machines boot in over IPv6. Default none. */
  readonly links?: readonly Link[];
  /** What DHCPv6 servers of others gave to machines. Default nothing. */
  readonly heard?: Pick<HeardAddresses, 'macOf'>;
};

/** The declared addresses are read again after this, so that strangers' requests cost one read of the inventory a second. */
const INVENTORY_MS = 1000;

/**
 * An address still counts as its last holder's for so long, unless another has it: boot loaders have short leases and renew none, however
 * long they load an initrd.
 */
const AFTER_LEASE_MS = 3_600_000;

/** An address as we write it everywhere: IPv4 as IPv4, IPv6 in its shortest form (RFC 5952) and without a zone. */
export function plainAddress(address: string | undefined): string {
  const text = (address ?? '').replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  return isIPv6(text) ? new SocketAddress({ address: text, family: 'ipv6' }).address : text;
}

/** Written the one way. */
function declaredAddresses({ spec: { address, address6 } }: Machine): readonly string[] {
  return [address, ...(address6 === undefined ? [] : [address6])].map(plainAddress);
}

/** Tells whose address it is that asks over TFTP or HTTP, where no MAC is seen. */
export function createPeers(deps: PeersDeps): Peers {
  const { leases, machines, clock, links = [], heard } = deps;
  const declared = remembered(clock, INVENTORY_MS, async () => {
    const all = await machines.list();
    return new Map(all.flatMap((machine) => declaredAddresses(machine).map((address) => [address, machine] as const)));
  });
  // Never an old table: who has just come is in it, since the kernel had to know where to answer.
  const neighbours = shared(async () => {
    return new Map(((await deps.neighbours?.()) ?? []).map(({ address, mac }) => [address, mac]));
  });

  async function macAt(address: string): Promise<string | undefined> {
    const made = isIPv6(address) ? (heard?.macOf(address) ?? macBehind(address, links)) : undefined;
    if (made !== undefined) return made;
    const lease = await leases.ofAddress(address);
    const still = lease !== undefined && lease.expiresAt + AFTER_LEASE_MS > clock.now();
    return still && lease.state === 'bound' ? lease.mac : undefined;
  }

  return {
    async machineAt(from) {
      const address = plainAddress(from);
      const mac = await macAt(address);
      const leased = mac === undefined ? undefined : await machines.findByMac(mac);
      if (leased !== undefined) return leased;
      const named = (await declared()).get(address);
      if (named !== undefined) return named;
      const near = mac === undefined ? (await neighbours()).get(address) : undefined;
      return near === undefined ? undefined : machines.findByMac(near);
    },
    async belongsTo(from, machine) {
      const address = plainAddress(from);
      if (declaredAddresses(machine).includes(address)) return true;
      const mac = await macAt(address);
      if (mac !== undefined) return machine.spec.macs.includes(mac);
      if ((await declared()).has(address)) return false;
      const near = (await neighbours()).get(address);
      return near !== undefined && machine.spec.macs.includes(near);
    },
  };
}

/** One reading at a time, for all who ask meanwhile. */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}

/** Reads again when what was read last is older than that. */
function remembered<T>(clock: Clock, forMs: number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly until: number; readonly value: Promise<T> } | undefined;
  return () => {
    const now = clock.elapsed();
    if (last === undefined || last.until <= now) {
      const value = read();
      last = { until: now + forMs, value };
      value.catch(() => {
        last = undefined;
      });
    }
    return last.value;
  };
}
