import type { Machine } from './machine.ts';
import type { BootAttempt } from './ports/netboot.ts';

/** How an interface takes part: `proxy` beside another DHCP server, `full` as the DHCP server of its machines. */
export type InterfaceMode = 'off' | 'proxy' | 'full';

/** What a listener understood of one request. */
export type BootRequest = {
  /** `dhcp` is port 67, `proxy` the PXE boot server on 4011. */
  readonly channel: 'dhcp' | 'proxy';
  readonly messageType: 'discover' | 'request' | 'inform';
  /** `pxe` boot ROM, `http` UEFI HTTP boot, `other` an operating system's DHCP client. */
  readonly client: 'pxe' | 'http' | 'other';
  /** Option 93, the client's best first; empty when it sent none. */
  readonly architectures: readonly number[];
  /** Who asks: the firmware's own client, or iPXE once it runs (or is the ROM itself). */
  readonly loader: 'firmware' | 'ipxe';
  /** What the resident iPXE was built with; null when it did not say. */
  readonly features: { readonly http: boolean; readonly kernel: boolean } | null;
};

/** Which loader file a client architecture gets. */
export type LoaderNames = ReadonlyMap<number, string>;

export type IgnoreReason =
  | 'interface-off'
  | 'unknown-machine'
  | 'not-armed'
  | 'not-a-boot-request'
  | 'unsupported-architecture'
  | 'other-server-leads';

/** The one answer to a request, as data; listeners only encode it. */
export type BootAnswer =
  | { readonly kind: 'ignore'; readonly why: IgnoreReason }
  /** An address and nothing to boot; `why` when a boot client might have hoped for more. */
  | { readonly kind: 'lease'; readonly why: IgnoreReason | null }
  /** Fetch this loader by TFTP. */
  | { readonly kind: 'loader'; readonly name: string; readonly attempt: BootAttempt }
  /** Run the script of this attempt. */
  | { readonly kind: 'script'; readonly attempt: BootAttempt };

export type BootPolicyInput = {
  readonly mode: InterfaceMode;
  readonly machine: Machine | undefined;
  /** What is armed for the machine and not expired. */
  readonly attempt: BootAttempt | undefined;
  readonly request: BootRequest;
  readonly loaders: LoaderNames;
};

/** RFC 4578 §2.1: a client that names no architecture is a BIOS one; the first PXE ROMs sent no option 93. */
const ASSUMED_ARCHITECTURE = 0;

/**
 * Decides what a booting machine is told.
 *
 * Unknown machines are never answered. In `full` mode a known machine always gets its address, armed or not, boot
 * client or not: its initrd and its system ask again after the firmware did, each with a client id of its own. In
 * `proxy` mode, where another server leases, there is only something to say to an armed boot client.
 */
export function decideBoot(input: BootPolicyInput): BootAnswer {
  const { mode, machine, request } = input;
  if (mode === 'off') return { kind: 'ignore', why: 'interface-off' };
  if (machine === undefined) return { kind: 'ignore', why: 'unknown-machine' };
  // On port 67 a proxy only offers: the request that follows goes to the server that leases.
  if (mode === 'proxy' && request.channel === 'dhcp' && request.messageType !== 'discover') {
    return { kind: 'ignore', why: 'other-server-leads' };
  }
  const boot = bootAnswer(input);
  if (boot.kind !== 'ignore') return boot;
  // The boot server has no address to give, so without a file it has nothing to say.
  if (mode === 'proxy' || request.channel === 'proxy') return boot;
  return { kind: 'lease', why: boot.why === 'not-a-boot-request' ? null : boot.why };
}

function bootAnswer({ attempt, request, loaders }: BootPolicyInput): BootAnswer {
  if (request.client === 'other' && request.loader === 'firmware') return { kind: 'ignore', why: 'not-a-boot-request' };
  if (attempt === undefined) return { kind: 'ignore', why: 'not-armed' };
  // An iPXE that cannot fetch by HTTP or start a kernel is replaced by ours, once: ours can do both.
  const capable = request.features === null || (request.features.http && request.features.kernel);
  if (request.loader === 'ipxe' && capable) return { kind: 'script', attempt };
  // A UEFI HTTP boot client needs a URL and option 60 HTTPClient; it is told nothing rather than half of that.
  if (request.client === 'http') return { kind: 'ignore', why: 'unsupported-architecture' };
  const asked = request.architectures.length === 0 ? [ASSUMED_ARCHITECTURE] : request.architectures;
  const name = asked.map((value) => loaders.get(value)).find((found) => found !== undefined);
  if (name === undefined) return { kind: 'ignore', why: 'unsupported-architecture' };
  return { kind: 'loader', name, attempt };
}
