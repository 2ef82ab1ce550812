import { MOST_HOPS } from './boot/boot-trail.ts';
import {
  chooseLoader,
  type LoaderExperience,
  type LoaderNames,
  loadersFor,
  orderedLoader,
} from './boot/loader-names.ts';
import type { Machine } from './machine.ts';
import type { BootAttempt } from './ports/netboot.ts';

/**
 * How an interface takes part: `proxy` beside another DHCP server; `reservations` as the DHCP server of declared machines,
 * each with its declared address; `full` with a pool besides.
 */
export type InterfaceMode = 'off' | 'proxy' | 'reservations' | 'full';

/** What a listener understood of one request. */
export type BootRequest = {
  /** `dhcp` is port 67, `proxy` the PXE boot server on 4011, `dhcpv6` port 547. */
  readonly channel: 'dhcp' | 'proxy' | 'dhcpv6';
  /** `discover` begins an exchange, in DHCPv6 by Solicit or Information-request. */
  readonly messageType: 'discover' | 'request' | 'inform';
  /** `pxe` boot ROM, `http` UEFI HTTP boot, `other` an operating system's DHCP client. */
  readonly client: 'pxe' | 'http' | 'other';
  /** Option 93, the client's best first; empty when it sent none. */
  readonly architectures: readonly number[];
  /** A board whose boot ROM says that it is something else. */
  readonly board: 'raspberry-pi' | null;
  /** Who asks: the firmware's own client, or iPXE once it runs (or is the ROM itself). */
  readonly loader: 'firmware' | 'ipxe';
  /** What the resident iPXE was built with; null when it did not say. */
  readonly features: { readonly http: boolean; readonly kernel: boolean } | null;
};

/** What was seen of this network card before. */
export type BootHistory = {
  /** Times it came back in this attempt after it had fetched what it was given. */
  readonly hops: number;
  /** Its iPXE was given ours in this attempt, and fetched it. */
  readonly replaced: boolean;
  experience(architecture: number): LoaderExperience;
};

export type IgnoreReason =
  | 'interface-off'
  | 'unknown-machine'
  | 'not-armed'
  | 'not-a-boot-request'
  | 'unsupported-architecture'
  | 'other-server-leads'
  | 'pxe-over-ipv6';

/** Why a machine is given a message instead of a boot file. */
export type StopReason = 'hop-limit' | 'ipxe-cannot-boot';

/** The one answer to a request, as data; listeners only encode it. */
export type BootAnswer =
  | { readonly kind: 'ignore'; readonly why: IgnoreReason; readonly detail?: string }
  /** An address and nothing to boot; `why` when a boot client might have hoped for more. */
  | { readonly kind: 'lease'; readonly why: IgnoreReason | null; readonly detail?: string }
  | LoaderAnswer
  /** Run the script of this attempt. */
  | { readonly kind: 'script'; readonly attempt: BootAttempt }
  /** Show the reason on the screen and boot nothing. */
  | { readonly kind: 'stop'; readonly why: StopReason; readonly attempt: BootAttempt };

export type LoaderAnswer = {
  readonly kind: 'loader';
  readonly name: string;
  /** `http`: by URL, to a client that says it is one for UEFI HTTP boot, and over IPv6. */
  readonly by: 'tftp' | 'http';
  /** The one of the client's architectures that this loader is for. */
  readonly architecture: number;
  /** It takes the place of an iPXE that lacks what is needed. */
  readonly replaces: boolean;
  /** The loader that would have come first, had it not hung. */
  readonly insteadOf: string | null;
  readonly attempt: BootAttempt;
};

export type BootPolicyInput = {
  readonly mode: InterfaceMode;
  readonly machine: Machine | undefined;
  /** What is armed for the machine and not expired. */
  readonly attempt: BootAttempt | undefined;
  readonly request: BootRequest;
  readonly loaders: LoaderNames;
  readonly history: BootHistory;
};

/**
 * Decides what a booting machine is told.
 *
 * Unknown machines are told of no boot. Where we are the DHCP server a known machine always gets its address, armed or not, boot
 * client or not: its initrd and its system ask again after the firmware did, each with a client id of its own. In
 * `proxy` mode, where another server leases, there is only something to say to an armed boot client.
 */
export function decideBoot(input: BootPolicyInput): BootAnswer {
  const { mode, machine, request } = input;
  if (mode === 'off') return { kind: 'ignore', why: 'interface-off' };
  if (machine === undefined) return { kind: 'ignore', why: 'unknown-machine' };
  // But for its boot server a proxy only offers: the request that follows goes to the server that leases.
  if (mode === 'proxy' && request.channel !== 'proxy' && request.messageType !== 'discover') {
    return { kind: 'ignore', why: 'other-server-leads' };
  }
  const boot = bootAnswer(input, machine);
  if (boot.kind !== 'ignore') return boot;
  // The boot server has no address to give, so without a file it has nothing to say.
  if (mode === 'proxy' || request.channel === 'proxy') return boot;
  const detail = boot.detail === undefined ? {} : { detail: boot.detail };
  return { kind: 'lease', why: boot.why === 'not-a-boot-request' ? null : boot.why, ...detail };
}

/** Whether the request is one for something to boot, by any sign. */
export function wantsBoot({ client, loader }: Pick<BootRequest, 'client' | 'loader'>): boolean {
  return client !== 'other' || loader === 'ipxe';
}

function bootAnswer(input: BootPolicyInput, machine: Machine): BootAnswer {
  const { attempt, request, history } = input;
  if (!wantsBoot(request)) return { kind: 'ignore', why: 'not-a-boot-request' };
  if (attempt === undefined) return { kind: 'ignore', why: 'not-armed' };
  // Firmware does TFTP over IPv6 too seldom to be relied on; UEFI HTTP boot, which it has beside it, asks by itself.
  if (request.channel === 'dhcpv6' && request.client === 'pxe' && request.loader === 'firmware')
    return { kind: 'ignore', why: 'pxe-over-ipv6' };
  if (history.hops >= MOST_HOPS) return { kind: 'stop', why: 'hop-limit', attempt };
  if (request.loader === 'firmware') return loaderAnswer(input, machine, attempt, false);
  // An iPXE that cannot fetch by HTTP or start a kernel is replaced by ours, once: ours can do both.
  const capable = request.features === null || (request.features.http && request.features.kernel);
  if (capable) return { kind: 'script', attempt };
  if (history.replaced) return { kind: 'stop', why: 'ipxe-cannot-boot', attempt };
  return loaderAnswer(input, machine, attempt, true);
}

function loaderAnswer(
  { request, loaders, history }: BootPolicyInput,
  machine: Machine,
  attempt: BootAttempt,
  replaces: boolean,
): BootAnswer {
  const choices = loadersFor(request, loaders);
  if (choices.kind === 'unsupported') {
    return { kind: 'ignore', why: 'unsupported-architecture', detail: choices.why };
  }
  const { architecture, names } = choices;
  const ordered = orderedLoader(machine.spec.firmware?.loader, names, loaders);
  const experience = history.experience(architecture);
  const name = chooseLoader(names, experience, ordered);
  if (name === undefined)
    return { kind: 'ignore', why: 'unsupported-architecture', detail: 'its list of loaders is empty' };
  const first = chooseLoader(names, { ...experience, failed: [] }, undefined);
  const insteadOf = experience.failed.length > 0 && first !== undefined && first !== name ? first : null;
  // DHCPv6 has URLs only, and over IPv6 we serve no TFTP.
  const by = request.client === 'http' || request.channel === 'dhcpv6' ? 'http' : 'tftp';
  return { kind: 'loader', name, by, architecture, replaces, insteadOf, attempt };
}
