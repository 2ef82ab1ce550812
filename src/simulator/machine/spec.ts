import type { SimulatedDisk } from '../ssh/encrypted-disks.ts';
import type { SimulatedFlavour } from '../ssh/initrd-shell.ts';
import type { RebuildBehaviour } from '../ssh/rebuild-jobs.ts';

/** How long a simulated machine takes for what, milliseconds. */
export type MachineTimings = {
  /** Power on to the boot device. */
  readonly postMs: number;
  /** Boot loader and kernel, to the initrd's SSH. */
  readonly kernelMs: number;
  /** The initrd's SSH to the question for a passphrase. */
  readonly promptMs: number;
  /** Trying a passphrase. */
  readonly kdfMs: number;
  /** Disks open to the end of the initrd's SSH: for that long it still answers. */
  readonly lingerMs: number;
  /** No SSH at all. */
  readonly stage2Ms: number;
  /** Stage-3 SSH to `is-system-running`. */
  readonly servicesMs: number;
  /** `running` to the user manager. */
  readonly sessionMs: number;
  /** Order to reboot, or ACPI button, to the reset. */
  readonly shutdownMs: number;
  /** Power off and on again in a cycle. */
  readonly cycleMs: number;
};

export const FAST_TIMINGS: MachineTimings = {
  postMs: 200,
  kernelMs: 200,
  promptMs: 100,
  kdfMs: 100,
  lingerMs: 100,
  stage2Ms: 200,
  servicesMs: 200,
  sessionMs: 100,
  shutdownMs: 100,
  cycleMs: 100,
};

/** What a machine netbooted, as its PXE client got it. */
export type NetbootResult = {
  readonly commandLine: string;
  /** Of the initrd that was fetched; null when it is one without SSH and disks. */
  readonly flavour: SimulatedFlavour;
};

/** Gone into by a generation when it boots. */
export type GenerationFate = 'comes-up' | 'never-comes-up' | 'comes-up-degraded';

export type SimulatedMachineSpec = {
  readonly name: string;
  /** Loopback address of its SSH servers, its own. */
  readonly address: string;
  /** Ports of the SSH servers; may be the same. */
  readonly ports: { readonly stage1: number; readonly stage3: number };
  /** Private host keys, OpenSSH format. */
  readonly hostKeys: { readonly stage1: string; readonly stage3: string };
  /** Public key lines that may log in. */
  readonly authorizedKeys: readonly string[];
  readonly disks: readonly SimulatedDisk[];
  /** Of the initrd on the machine's own disk. */
  readonly diskFlavour: SimulatedFlavour;
  /** systemd initrds only: they have systemd-reply-password. Default true. */
  readonly replyTool?: boolean;
  /** What is tried first without a boot override. Default disk. */
  readonly bootFirst?: 'disk' | 'network';
  /** Whose user manager starts. Default: nobody's. */
  readonly sessionUser?: string;
  /** What a rebuild of an attribute does; others build in `rebuildMs`. */
  readonly rebuilds?: Readonly<Record<string, RebuildBehaviour>>;
  /** Default 300. */
  readonly rebuildMs?: number;
  /** What becomes of a generation built from that attribute when it boots. Default comes-up. */
  readonly fates?: Readonly<Record<string, GenerationFate>>;
  /** Options its nixos-rebuild knows. Default: those of 26.05. */
  readonly rebuildFlags?: readonly string[];
  /** Files of its Nix store by path, `boot.json` of systems among them. Default none. */
  readonly fileAt?: (path: string) => Buffer | undefined;
  readonly timings?: Partial<MachineTimings>;
};
