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

/**
 * Keeps all leases at hand, so that finding an address asks no database. A change shows in memory once it is on disk, and its promise
 * resolves then. Nothing is kept that the store has not: what could not be written is told to who asked for it. The store writes
 * changes of the same moment together, in their order.
 */
export function createLeaseTable({ leases }: { readonly leases: Leases }): LeaseTable {
  const byAddress = new Map<string, Lease>();
  const byMac = new Map<string, Lease>();

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

  async function put(lease: Lease): Promise<void> {
    await leases.put(lease);
    remember(lease);
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
    put,
    async putAll(all) {
      await leases.putAll(all);
      for (const lease of all) remember(lease);
    },
    async remove(address) {
      await leases.remove(address);
      forget(address);
    },
  };
}
