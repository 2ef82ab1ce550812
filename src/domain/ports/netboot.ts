import type { ArmedBoot } from '../armed-boot.ts';
import type { Machine } from '../machine.ts';

/** One permission to netboot, for one machine and one round of one run. */
export type BootAttempt = {
  /** Unguessable; part of every URL of this attempt. */
  readonly token: string;
  readonly machineId: string;
  readonly runId: string;
  readonly round: number;
  readonly boot: ArmedBoot;
  readonly createdAt: number;
  /** Epoch ms; after it the URLs are gone. */
  readonly expiresAt: number;
};

/** What steps ask of netboot. */
export type BootAttempts = {
  /** Arms the machine; the same run and round give the same attempt again. Earlier attempts of the machine end. */
  arm(order: Pick<BootAttempt, 'machineId' | 'runId' | 'round' | 'boot'>, lifetimeMs: number): Promise<BootAttempt>;
  /** Ends what is armed for this run; harmless when nothing is. */
  disarm(machineId: string, runId: string, why: string): Promise<void>;
  /** The attempt that is armed and not expired. */
  current(machineId: string): Promise<BootAttempt | undefined>;
  /** All attempts that are armed and not expired. */
  armed(): Promise<readonly BootAttempt[]>;
  /** By token, ended and expired ones too, so that a late request can be told why. */
  find(token: string): Promise<(BootAttempt & { readonly ended: boolean }) | undefined>;
};

export type Lease = {
  readonly address: string;
  readonly mac: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  readonly state: 'offered' | 'bound' | 'declined';
};

/** DHCP leases, on disk before the answer leaves. */
export type Leases = {
  ofMac(mac: string): Promise<Lease | undefined>;
  ofAddress(address: string): Promise<Lease | undefined>;
  /** All that have not expired. */
  list(): Promise<readonly Lease[]>;
  /** Writes the lease, replacing what the address had and, unless it is declined, what the MAC had. */
  put(lease: Lease): Promise<void>;
  /** The same for several at once, all or none; no address and no MAC is in two of them. */
  putAll(leases: readonly Lease[]): Promise<void>;
  remove(address: string): Promise<void>;
};

/** How listeners find out who asks. */
export type BootDirectory = {
  machineByMac(mac: string): Promise<Machine | undefined>;
  attemptOf(machineId: string): Promise<BootAttempt | undefined>;
};
