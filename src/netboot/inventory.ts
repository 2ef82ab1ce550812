import type { Machine } from '../domain/machine.ts';
import type { Machines } from '../domain/ports/machines.ts';
import type { Clock } from '../foundation/clock.ts';

/** The machines as listeners need them: by MAC, and which addresses are declared. */
export type Inventory = {
  machineByMac(mac: string): Promise<Machine | undefined>;
  /** Addresses that belong to a declared machine. */
  reserved(): Promise<ReadonlySet<string>>;
};

/** A change of the inventory shows after this at the latest. */
const FRESH_MS = 1000;
/** Reading everything again may take this share of the time: one part of so many. */
const MOST_SHARE = 20;
const MOST_REMEMBERED = 8192;

type Remembered = { readonly until: number; readonly machine: Promise<Machine | undefined> };

/** Remembers answers for a second, so that a segment that powers on at once does not ask the store for each datagram. */
export function createInventory(deps: {
  readonly machines: Pick<Machines, 'list' | 'findByMac'>;
  readonly clock: Clock;
}): Inventory {
  const { machines, clock } = deps;
  const byMac = new Map<string, Remembered>();
  let addresses: { until: number; readonly read: Promise<ReadonlySet<string>> } | undefined;
  /** All MAC addresses, as of a reading of everything. */
  let macs: { readonly until: number; readonly known: ReadonlySet<string> } | undefined;

  async function readAddresses(): Promise<ReadonlySet<string>> {
    const begun = clock.elapsed();
    const all = await machines.list();
    const tookMs = clock.elapsed() - begun;
    if (addresses !== undefined) addresses.until = clock.elapsed() + Math.max(FRESH_MS, MOST_SHARE * tookMs);
    // Counted from before the reading, so that a machine declared meanwhile is not taken for a stranger for longer.
    macs = { until: begun + FRESH_MS, known: new Set(all.flatMap(({ spec }) => spec.macs)) };
    return new Set(all.map(({ spec }) => spec.address));
  }

  return {
    machineByMac(mac) {
      const now = clock.elapsed();
      if (macs !== undefined && macs.until > now && !macs.known.has(mac)) return Promise.resolve(undefined);
      const known = byMac.get(mac);
      if (known !== undefined && known.until > now) return known.machine;
      byMac.delete(mac);
      if (byMac.size >= MOST_REMEMBERED) {
        // Maps keep the order of insertion, so the first was asked for longest ago.
        const [oldest] = byMac.keys();
        if (oldest !== undefined) byMac.delete(oldest);
      }
      const machine = machines.findByMac(mac);
      const remembered = { until: now + FRESH_MS, machine };
      byMac.set(mac, remembered);
      machine.catch(() => {
        if (byMac.get(mac) === remembered) byMac.delete(mac);
      });
      return machine;
    },
    reserved() {
      if (addresses !== undefined && addresses.until > clock.elapsed()) return addresses.read;
      const read = readAddresses();
      // Until it has been read, whoever asks waits for the same reading.
      addresses = { until: Number.POSITIVE_INFINITY, read };
      read.catch(() => {
        addresses = undefined;
      });
      return read;
    },
  };
}
