import type { BootCase } from './boot-case.ts';

/** Whose packets are whose: the cases by machine, by MAC address, and by the addresses their machines have. */
export type Roster = {
  readonly size: number;
  all(): Iterable<BootCase>;
  ofMachine(machineId: string): BootCase | undefined;
  ofMac(mac: string): BootCase | undefined;
  ofAddress(address: string): BootCase | undefined;
  add(found: BootCase, macs: readonly string[], address: string): void;
  remove(found: BootCase): void;
  /** The machine has this address by a DHCP message. An address of another machine stays that one's. */
  claim(found: BootCase, address: string): void;
};

/** A machine with several cards, each under several servers. */
const MOST_ADDRESSES = 16;

export function createRoster(): Roster {
  const byMachine = new Map<string, BootCase>();
  const byMac = new Map<string, BootCase>();
  const byAddress = new Map<string, BootCase>();
  const keys = new Map<BootCase, { readonly macs: readonly string[]; readonly addresses: Set<string> }>();

  return {
    get size() {
      return byMachine.size;
    },
    all: () => byMachine.values(),
    ofMachine: (machineId) => byMachine.get(machineId),
    ofMac: (mac) => byMac.get(mac),
    ofAddress: (address) => byAddress.get(address),
    add(found, macs, address) {
      byMachine.set(found.attempt.machineId, found);
      for (const mac of macs) byMac.set(mac, found);
      byAddress.set(address, found);
      keys.set(found, { macs, addresses: new Set([address]) });
    },
    remove(found) {
      const { macs, addresses } = keys.get(found) ?? { macs: [], addresses: new Set<string>() };
      keys.delete(found);
      const { machineId } = found.attempt;
      if (byMachine.get(machineId) === found) byMachine.delete(machineId);
      for (const mac of macs) if (byMac.get(mac) === found) byMac.delete(mac);
      for (const address of addresses) if (byAddress.get(address) === found) byAddress.delete(address);
    },
    claim(found, address) {
      const own = keys.get(found)?.addresses;
      if (own === undefined || own.size >= MOST_ADDRESSES || byAddress.has(address)) return;
      own.add(address);
      byAddress.set(address, found);
    },
  };
}
