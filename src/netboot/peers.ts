import type { Machine } from '../domain/machine.ts';
import type { Machines } from '../domain/ports/machines.ts';
import type { Leases } from '../domain/ports/netboot.ts';
import type { Clock } from '../foundation/clock.ts';

export type Peers = {
  /** The machine behind an address, by its lease or by the address it was declared with. */
  machineAt(address: string): Promise<Machine | undefined>;
  /** Whether the address is one of this machine's: declared, or leased to one of its network cards. */
  belongsTo(address: string, machine: Machine): Promise<boolean>;
};

export type PeersDeps = {
  readonly leases: Pick<Leases, 'ofAddress'>;
  readonly machines: Pick<Machines, 'list' | 'findByMac'>;
  readonly clock: Clock;
};

/** The declared addresses are read again after this, so that strangers' requests cost one read of the inventory a second. */
const INVENTORY_MS = 1000;

/** Tells whose address it is that asks over TFTP or HTTP, where no MAC is seen. */
export function createPeers({ leases, machines, clock }: PeersDeps): Peers {
  let inventory: { readonly until: number; readonly byAddress: Promise<ReadonlyMap<string, Machine>> } | undefined;

  async function readInventory(): Promise<ReadonlyMap<string, Machine>> {
    return new Map((await machines.list()).map((machine) => [machine.spec.address, machine]));
  }

  async function macAt(address: string): Promise<string | undefined> {
    const lease = await leases.ofAddress(address);
    return lease !== undefined && lease.state === 'bound' && lease.expiresAt > clock.now() ? lease.mac : undefined;
  }

  return {
    async machineAt(address) {
      const mac = await macAt(address);
      const leased = mac === undefined ? undefined : await machines.findByMac(mac);
      if (leased !== undefined) return leased;
      const now = clock.elapsed();
      if (inventory === undefined || inventory.until <= now) {
        inventory = { until: now + INVENTORY_MS, byAddress: readInventory() };
        inventory.byAddress.catch(() => {
          inventory = undefined;
        });
      }
      return (await inventory.byAddress).get(address);
    },
    async belongsTo(address, machine) {
      if (machine.spec.address === address) return true;
      const mac = await macAt(address);
      return mac !== undefined && machine.spec.macs.includes(mac);
    },
  };
}
