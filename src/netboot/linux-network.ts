import { readFile } from 'node:fs/promises';

/** A host of a segment that has answered ARP. */
export type Neighbour = { readonly address: string; readonly mac: string; readonly interface: string };

/** What the kernel tells of its network. */
export type LinuxNetwork = {
  neighbours(): Promise<readonly Neighbour[]>;
  /** Names of interfaces that a default route leaves by. */
  defaultRouteInterfaces(): Promise<readonly string[]>;
};

/** Empty on systems without these files, which are then not asked again. */
export const linuxNetwork: LinuxNetwork = {
  neighbours: async () => parseArpTable(await textOf('/proc/net/arp')),
  defaultRouteInterfaces: async () => parseDefaultRoutes(await textOf('/proc/net/route')),
};

/** ATF_COM: the entry is complete. @see linux/if_arp.h */
const COMPLETE = 0x02;

/**
 * Reads the kernel's ARP table.
 *   IP address  HW type  Flags  HW address  Mask  Device, after a line of headings
 * @see proc(5), /proc/net/arp
 */
export function parseArpTable(text: string): readonly Neighbour[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [address, , flags, mac, , device] = line.trim().split(/\s+/);
      if (address === undefined || mac === undefined || device === undefined) return [];
      const complete = (Number(flags) & COMPLETE) !== 0 && mac !== '00:00:00:00:00:00';
      return complete ? [{ address, mac: mac.toLowerCase(), interface: device }] : [];
    });
}

/** RTF_UP. @see linux/route.h */
const UP = 0x1;

/**
 * Reads which interfaces have a default route.
 *   Iface  Destination  Gateway  Flags  RefCnt  Use  Metric  Mask …, numbers in hexadecimal
 * @see proc(5), /proc/net/route
 */
export function parseDefaultRoutes(text: string): readonly string[] {
  const names = text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [name, destination, , flags, , , , mask] = line.trim().split(/\s+/);
      const isDefault = destination === '00000000' && mask === '00000000';
      return name !== undefined && isDefault && (Number.parseInt(flags ?? '0', 16) & UP) !== 0 ? [name] : [];
    });
  return [...new Set(names)];
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
