import type { Machine } from '../../domain/machine.ts';
import type { Machines } from '../../domain/ports/machines.ts';
import type { Leases } from '../../domain/ports/netboot.ts';
import type { Clock } from '../../foundation/clock.ts';
import { ipv4FromNumber, ipv4ToNumber } from '../../protocols/dhcp/ipv4.ts';
import { type InterfaceOptions, onNetwork } from '../options.ts';

export type LeaseBook = {
  /**
   * The address this network card gets, held for it for a minute; undefined when there is none to give.
   * A machine's first card gets the machine's own address, further ones get one of the pool.
   */
  assign(machine: Machine, mac: string): Promise<string | undefined>;
  /** Puts the lease on disk; the acknowledgement may leave when this has resolved. */
  grant(mac: string, address: string): Promise<void>;
  /** The client gave its address back. Only the holder can. */
  release(mac: string, address: string): Promise<void>;
  /** The client found the address in use: a pool address is set aside. @returns whether it was one */
  decline(mac: string, address: string): Promise<boolean>;
};

/** RFC 2131 §3.1: an offered address is kept free for the client for a while. */
const OFFER_MS = 60_000;
/** How long an address that somebody else uses is left alone. */
const DECLINED_MS = 600_000;

export type LeaseBookDeps = {
  readonly leases: Leases;
  readonly machines: Pick<Machines, 'list'>;
  readonly clock: Clock;
};

/** Gives out addresses of one interface: reserved ones by the inventory, others from the pool. */
export function createLeaseBook({ leases, machines, clock }: LeaseBookDeps, options: InterfaceOptions): LeaseBook {
  const { pool, address: own, router } = options;
  const [first, last] = pool === undefined ? [1, 0] : [ipv4ToNumber(pool.from), ipv4ToNumber(pool.to)];
  /** By MAC; never more entries than the pool has addresses. */
  const offered = new Map<string, { readonly address: string; readonly until: number }>();
  // Searching the pool spans several reads of the store; two searches at once could find the same address.
  let searching: Promise<unknown> = Promise.resolve();

  const inPool = (address: string): boolean => {
    const value = ipv4ToNumber(address);
    return value >= first && value <= last;
  };

  async function fromPool(mac: string): Promise<string | undefined> {
    const now = clock.now();
    for (const [holder, { until }] of offered) if (until <= now) offered.delete(holder);
    const held = offered.get(mac)?.address ?? (await leases.ofMac(mac))?.address;
    const inUse = await taken(mac);
    if (held !== undefined && inPool(held) && !inUse.has(held)) return hold(mac, held, now);
    for (let value = first; value <= last; value++) {
      const address = ipv4FromNumber(value);
      if (!inUse.has(address)) return hold(mac, address, now);
    }
    return undefined;
  }

  /** Addresses that others have: leased, set aside, offered, reserved, the router's and our own. */
  async function taken(mac: string): Promise<ReadonlySet<string>> {
    const [all, known] = await Promise.all([leases.list(), machines.list()]);
    const addresses = new Set([own.address, ...(router === undefined ? [] : [router])]);
    for (const lease of all) if (lease.mac !== mac || lease.state === 'declined') addresses.add(lease.address);
    for (const machine of known) addresses.add(machine.spec.address);
    for (const [holder, { address }] of offered) if (holder !== mac) addresses.add(address);
    return addresses;
  }

  function hold(mac: string, address: string, now: number): string {
    offered.set(mac, { address, until: now + OFFER_MS });
    return address;
  }

  return {
    assign(machine, mac) {
      if (machine.spec.macs[0] === mac) {
        return Promise.resolve(onNetwork(machine.spec.address, own) ? machine.spec.address : undefined);
      }
      const found = searching.then(() => fromPool(mac));
      searching = found.catch(() => undefined);
      return found;
    },
    async grant(mac, address) {
      await leases.put({ address, mac, expiresAt: clock.now() + options.leaseSeconds * 1000, state: 'bound' });
      offered.delete(mac);
    },
    async release(mac, address) {
      const lease = await leases.ofAddress(address);
      if (lease?.mac === mac && lease.state === 'bound') await leases.remove(address);
    },
    async decline(mac, address) {
      offered.delete(mac);
      const lease = await leases.ofAddress(address);
      if (lease?.mac !== mac || !inPool(address)) return false;
      await leases.put({ address, mac, expiresAt: clock.now() + DECLINED_MS, state: 'declined' });
      return true;
    },
  };
}
