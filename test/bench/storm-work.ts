import { ipv4FromNumber, ipv4ToNumber } from '../../src/protocols/dhcp/ipv4.ts';

// What the processes of the storm agree on.

/** Machines that are powered on at once. */
export const STORM_MACHINES = 500;
/** Further ones that boot before, so that nobody is measured while it warms up. */
export const WARM_UP_MACHINES = 40;
export const ALL_MACHINES = STORM_MACHINES + WARM_UP_MACHINES;

export const STORM_SERVER = '10.82.0.1';
export const STORM_PREFIX = 16;
export const STORM_HTTP_PORT = 8480;
/** The store's file. */
export const STORM_STORE = 'storm.db';
/** Where the machines' addresses are; all of it is the client namespace's. */
export const STORM_CLIENTS = '10.82.128.0/17';
/** Smaller than a real initrd, so that a storm is over within a minute: 500 machines fetch 10 GB, and they share two processors with the server. */
export const KERNEL_BYTES = 10_000_000;
export const INITRD_BYTES = 10_000_000;
/** As large as iPXE's snponly.efi. */
export const LOADER_BYTES = 200_000;
export const LOADER = 'ipxe.efi';

export const machineAddress = (n: number): string => ipv4FromNumber(ipv4ToNumber('10.82.129.0') + n);
export const machineMac = (n: number): string =>
  `52:54:00:82:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;

/** A file as it must arrive. */
export type StormFile = { readonly bytes: number; readonly crc32: number };

/** What one process of clients is to do: machines `from` up to `to`, without it. Its standard input has this as the first line; the second starts it. */
export type StormOrder = {
  readonly from: number;
  readonly to: number;
  readonly loaderSha256: string;
  readonly kernel: StormFile;
  readonly initrd: StormFile;
  /** Who has not booted by then has failed. */
  readonly limitMs: number;
};

/** One machine's boot, in milliseconds from power-on; what did not come is absent. */
export type StormBoot = {
  readonly scriptMs?: number;
  readonly kernelMs?: number;
  readonly allMs?: number;
  /** How often it was told to come again. */
  readonly turnedAway: number;
  readonly failure?: string;
  /** It got something else than what is served: nothing of the run counts then. */
  readonly wrong?: string;
};
