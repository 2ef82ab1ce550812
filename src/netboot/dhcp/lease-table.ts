import type { Lease, Leases } from '../../domain/ports/netboot.ts';

/** The leases in memory, written through to the store. */
export type LeaseTable = Leases & {
  /** Reads the store; before it, the table is empty. */
  load(): Promise<void>;
  /** Expired ones too, until the address is given to another. */
  at(address: string): Lease | undefined;
  /** What the MAC has; an address that it declined is not it. */
  of(mac: string): Lease | undefined;
};

type Change = ({ readonly put: Lease } | { readonly remove: string }) & {
  resolve(): void;
  reject(error: unknown): void;
};

/** A turn brings some 30 datagrams of a socket; so many turns are a few milliseconds. */
const MOST_TURNS = 16;

/**
 * Keeps all leases at hand, so that finding an address asks no database, and writes changes of the same moment in one
 * transaction: while one is on its way to the disk, the next gathers. A change shows in memory once it is on disk, and its promise
 * resolves then. Nothing is kept that the store has not: what could not be written is told to who asked for it.
 */
export function createLeaseTable({ leases }: { readonly leases: Leases }): LeaseTable {
  const byAddress = new Map<string, Lease>();
  const byMac = new Map<string, Lease>();
  const queue: Change[] = [];
  let writing = false;

  function forget(address: string): void {
    const lease = byAddress.get(address);
    if (lease === undefined) return;
    byAddress.delete(address);
    if (byMac.get(lease.mac) === lease) byMac.delete(lease.mac);
  }

  function remember(lease: Lease): void {
    forget(lease.address);
    if (lease.state !== 'declined') {
      const earlier = byMac.get(lease.mac);
      if (earlier !== undefined) forget(earlier.address);
      byMac.set(lease.mac, lease);
    }
    byAddress.set(lease.address, lease);
  }

  /** From the front of the queue: one removal, or as many writes as do not touch each other's address or MAC. */
  function takeBatch(): readonly Change[] {
    const touched = new Set<string>();
    let end = 0;
    for (const change of queue) {
      if ('remove' in change) break;
      const { address, mac } = change.put;
      if (touched.has(address) || touched.has(mac)) break;
      touched.add(address).add(mac);
      end += 1;
    }
    return queue.splice(0, Math.max(1, end));
  }

  async function write(batch: readonly Change[]): Promise<void> {
    const [first] = batch;
    if (first !== undefined && 'remove' in first) {
      await leases.remove(first.remove);
      forget(first.remove);
      return;
    }
    const puts = batch.flatMap((change) => ('put' in change ? [change.put] : []));
    await leases.putAll(puts);
    for (const lease of puts) remember(lease);
  }

  /** Lets the datagrams that are there already come first, as long as each turn brings more: their leases go to disk together. */
  async function gather(): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const before = queue.length;
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (queue.length === before) return;
    }
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      await gather();
      const batch = takeBatch();
      try {
        await write(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    writing = false;
  }

  function change(what: { readonly put: Lease } | { readonly remove: string }): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    queue.push({ ...what, resolve, reject });
    if (!writing) {
      writing = true;
      void drain();
    }
    return promise;
  }

  return {
    async load() {
      for (const lease of await leases.list()) remember(lease);
    },
    at: (address) => byAddress.get(address),
    of: (mac) => byMac.get(mac),
    ofMac: async (mac) => byMac.get(mac),
    ofAddress: async (address) => byAddress.get(address),
    list: () => leases.list(),
    put: (lease) => change({ put: lease }),
    async putAll(all) {
      await Promise.all(all.map((lease) => change({ put: lease })));
    },
    remove: (address) => change({ remove: address }),
  };
}
