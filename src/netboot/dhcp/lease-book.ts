import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { ipv4FromNumber, ipv4ToNumber } from '../../protocols/dhcp/ipv4.ts';
import type { Inventory } from '../inventory.ts';
import { type InterfaceOptions, onNetwork } from '../options.ts';
import type { AddressProbe } from './address-probe.ts';
import type { LeaseTable } from './lease-table.ts';
import type { Subnet } from './subnets.ts';

/** Who an address is for. */
export type LeaseClient = {
  readonly mac: string;
  /** The address that the inventory has for this network card. */
  readonly reserved?: string;
  /** May have an address of the pool. */
  readonly pooled: boolean;
};

export type LeaseBook = {
  /** What the client has or was offered on this network and could still have: reserved, held or leased. */
  recorded(client: LeaseClient, subnet: Subnet): Promise<string | undefined>;
  /** An address to offer, held for the client for a minute; undefined when there is none to give. */
  offer(
    client: LeaseClient,
    subnet: Subnet,
    wanted: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Whether an address of the pool could be given to this client now. */
  isFree(client: LeaseClient, subnet: Subnet, address: string): Promise<boolean>;
  /** Whether the address is given out by us: of the pool, or reserved. */
  isOurs(subnet: Subnet, address: string): Promise<boolean>;
  /**
   * Puts the lease on disk; the acknowledgement may leave when this has resolved.
   * @returns false when the address went to another in the meantime
   */
  grant(client: LeaseClient, address: string, seconds: number): Promise<boolean>;
  /** The client gave its address back. Only the holder can. */
  release(mac: string, address: string): Promise<void>;
  /** The client found the address in use: a pool address is set aside. @returns whether it was one */
  decline(mac: string, address: string): Promise<boolean>;
};

/** RFC 2131 §3.1: an offered address is kept free for the client for a while. */
const OFFER_MS = 60_000;
/** How long an address that somebody else uses is left alone. */
const DECLINED_MS = 600_000;
/** After a search through the whole pool in vain, no other for this long: what ends in time is found late, at no cost. */
const EMPTY_MS = 1000;
/** Addresses found in use before a client is left to ask again. */
const MOST_CONFLICTS = 4;

export type LeaseBookDeps = {
  readonly leases: LeaseTable;
  readonly inventory: Pick<Inventory, 'reserved'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Looks whether somebody has the address; absent: nobody looks. */
  readonly probe?: AddressProbe;
};

type Pool = { readonly first: number; readonly size: number; next: number; emptyUntil: number };

/** Gives out addresses of the networks of one interface: reserved ones by the inventory, others from the pools. */
export function createLeaseBook(deps: LeaseBookDeps, own: InterfaceOptions, subnets: readonly Subnet[]): LeaseBook {
  const { leases, inventory, clock, log, probe } = deps;
  const pools = new Map(subnets.map((subnet) => [subnet, poolOf(subnet)]));
  /** By address and by MAC; never more entries than the pools have addresses. */
  const held = new Map<string, { readonly mac: string; readonly until: number }>();
  const heldBy = new Map<string, string>();

  const inPool = (subnet: Subnet, address: string): boolean => {
    const pool = pools.get(subnet);
    if (pool === undefined) return false;
    const index = ipv4ToNumber(address) - pool.first;
    return index >= 0 && index < pool.size;
  };

  function freeFor(mac: string, subnet: Subnet, address: string, reserved: ReadonlySet<string>, now: number): boolean {
    if (reserved.has(address) || address === own.address.address || address === subnet.network.router) return false;
    return untaken(mac, address, now);
  }

  /** Whether nobody else holds or leases it. */
  function untaken(mac: string, address: string, now: number): boolean {
    const hold = held.get(address);
    if (hold !== undefined && hold.mac !== mac && hold.until > now) return false;
    const lease = leases.at(address);
    if (lease === undefined || lease.expiresAt <= now) return true;
    return lease.mac === mac && lease.state !== 'declined';
  }

  function hold(mac: string, address: string, until: number): void {
    const earlier = heldBy.get(mac);
    if (earlier !== undefined) drop(mac, earlier);
    const other = held.get(address);
    if (other !== undefined) heldBy.delete(other.mac);
    held.set(address, { mac, until });
    heldBy.set(mac, address);
  }

  function drop(mac: string, address: string): void {
    if (heldBy.get(mac) === address) heldBy.delete(mac);
    if (held.get(address)?.mac === mac) held.delete(address);
  }

  /** The client's own earlier address when it can still have it. */
  function earlierOf({ mac, pooled }: LeaseClient, subnet: Subnet, reserved: ReadonlySet<string>): string | undefined {
    if (!pooled) return undefined;
    const now = clock.now();
    const known = [heldBy.get(mac), leases.of(mac)?.address];
    return known.find(
      (address) => address !== undefined && inPool(subnet, address) && freeFor(mac, subnet, address, reserved, now),
    );
  }

  /** From where the last search ended, so that an address rests as long as it can before it is given to another. */
  function search(mac: string, subnet: Subnet, reserved: ReadonlySet<string>): string | undefined {
    const pool = pools.get(subnet);
    const now = clock.now();
    if (pool === undefined || pool.size === 0 || pool.emptyUntil > now) return undefined;
    for (let tried = 0; tried < pool.size; tried++) {
      const address = ipv4FromNumber(pool.first + ((pool.next + tried) % pool.size));
      if (!freeFor(mac, subnet, address, reserved, now)) continue;
      pool.next = (pool.next + tried + 1) % pool.size;
      return address;
    }
    pool.emptyUntil = now + EMPTY_MS;
    return undefined;
  }

  const openAgain = (): void => {
    for (const pool of pools.values()) if (pool !== undefined) pool.emptyUntil = 0;
  };

  async function setAside(address: string, mac: string): Promise<void> {
    await leases.put({ address, mac, expiresAt: clock.now() + DECLINED_MS, state: 'declined' });
  }

  async function fromPool(
    client: LeaseClient,
    subnet: Subnet,
    wanted: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { mac } = client;
    const reserved = await inventory.reserved();
    const earlier = earlierOf(client, subnet, reserved);
    if (earlier !== undefined) {
      hold(mac, earlier, clock.now() + OFFER_MS);
      return earlier;
    }
    const asked = wanted !== undefined && inPool(subnet, wanted) ? wanted : undefined;
    for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts++) {
      const first = conflicts === 0 && asked !== undefined && freeFor(mac, subnet, asked, reserved, clock.now());
      const address = first ? asked : search(mac, subnet, reserved);
      if (address === undefined) return undefined;
      hold(mac, address, clock.now() + OFFER_MS);
      const holder = probe === undefined || !subnet.onLink ? undefined : await probe.holderOf(address, signal);
      // The kernel remembers for a while who had an address last: whose lease for it has run out is not in the way.
      if (holder === undefined || holder === mac || leases.at(address)?.mac === holder) return address;
      drop(mac, address);
      await setAside(address, holder);
      log.warn({ address, holder, interface: own.name }, 'pool address is in use by a host that has no lease for it');
    }
    return undefined;
  }

  return {
    async recorded(client, subnet) {
      const { reserved } = client;
      if (reserved !== undefined) return onNetwork(reserved, subnet.network.address) ? reserved : undefined;
      return earlierOf(client, subnet, await inventory.reserved());
    },
    async offer(client, subnet, wanted, signal) {
      const { reserved } = client;
      if (reserved !== undefined) return onNetwork(reserved, subnet.network.address) ? reserved : undefined;
      return client.pooled ? fromPool(client, subnet, wanted, signal) : undefined;
    },
    async isFree({ mac, pooled, reserved }, subnet, address) {
      if (!pooled || reserved !== undefined || !inPool(subnet, address)) return false;
      return freeFor(mac, subnet, address, await inventory.reserved(), clock.now());
    },
    async isOurs(subnet, address) {
      return inPool(subnet, address) || address === own.address.address || (await inventory.reserved()).has(address);
    },
    async grant({ mac, reserved }, address, seconds) {
      const now = clock.now();
      if (subnets.some((subnet) => inPool(subnet, address))) {
        if (reserved !== address && !untaken(mac, address, now)) return false;
        // Nobody else is offered it while the lease is on its way to the disk.
        hold(mac, address, now + OFFER_MS);
      }
      await leases.put({ address, mac, expiresAt: now + seconds * 1000, state: 'bound' });
      drop(mac, address);
      return true;
    },
    async release(mac, address) {
      drop(mac, address);
      const lease = leases.at(address);
      if (lease?.mac !== mac || lease.state !== 'bound') return;
      await leases.remove(address);
      openAgain();
    },
    async decline(mac, address) {
      const had = heldBy.get(mac) === address || leases.of(mac)?.address === address;
      drop(mac, address);
      if (!had || !subnets.some((subnet) => inPool(subnet, address))) return false;
      if ((await inventory.reserved()).has(address)) return false;
      await setAside(address, mac);
      return true;
    },
  };
}

function poolOf({ network: { pool, mode } }: Subnet): Pool | undefined {
  if (pool === undefined || mode !== 'full') return undefined;
  const first = ipv4ToNumber(pool.from);
  return { first, size: ipv4ToNumber(pool.to) - first + 1, next: 0, emptyUntil: 0 };
}
