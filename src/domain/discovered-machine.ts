/** What the requests of a machine that nobody declared tell about it. All texts come from a remote: printable, and cut. */
export type StrangerFacts = {
  /** SMBIOS UUID in both byte orders, the specified one first, since firmware differs; empty when none or a fake was sent. */
  readonly uuids: readonly string[];
  /** Option 93 in its order, the client's best first. */
  readonly architectures: readonly { readonly value: number; readonly name: string }[];
  /** `pxe` boot ROM, `http` UEFI HTTP boot, `other` an operating system's DHCP client. */
  readonly client: 'pxe' | 'http' | 'other';
  /** Who asked last: the firmware's own client, or an iPXE. */
  readonly loader: 'firmware' | 'ipxe';
  readonly board: 'raspberry-pi' | null;
  /** Option 60, all of it. */
  readonly vendorClass: string | null;
  /** Option 77. */
  readonly userClasses: readonly string[];
  /** Option 12. */
  readonly hostname: string | null;
  /** Our interface that heard it. */
  readonly interface: string;
  /** The relay it asked through, and what that says about the port it is behind (option 82). */
  readonly relay: {
    readonly address: string;
    readonly circuitId: string | null;
    readonly remoteId: string | null;
  } | null;
  /** The address it wanted (option 50), or already uses. */
  readonly askedAddress: string | null;
};

/** How often and when something was seen; times are epoch ms. */
export type SeenOften = {
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** Requests heard. */
  readonly requests: number;
  /** Boots, that is, requests that came after a silence. */
  readonly boots: number;
};

/** A machine that asked and that nobody declared. */
export type DiscoveredMachine = StrangerFacts &
  SeenOften & {
    /** Lower case with colons. */
    readonly mac: string;
    /** Since when somebody does not want to see it, epoch ms; null: it is shown. */
    readonly ignoredAt: number | null;
  };

/** A machine that is silent for so long and asks again has been started again: boot ROMs repeat for a minute with pauses of 32 s. */
export const NEW_BOOT_AFTER_MS = 60_000;
/** The first repeat of a boot ROM comes after 4 s (PXE 2.1 §2.2.4), so a real one is heard over more than this. */
export const STAYED_MS = 3000;

/**
 * How surely there is a machine: 0 heard once, 1 heard over some seconds, 2 booted again. Of lists that are full, the lowest
 * goes first, so that addresses invented by the thousand push out each other and no machine that was there before.
 */
export function standingOf({ firstSeenAt, lastSeenAt, boots }: SeenOften): 0 | 1 | 2 {
  if (boots > 1) return 2;
  return lastSeenAt - firstSeenAt >= STAYED_MS ? 1 : 0;
}

/** Whether both are network cards of one machine: an SMBIOS UUID in common, in whichever byte order each of them sends it. */
export function isSameMachine(a: Pick<StrangerFacts, 'uuids'>, b: Pick<StrangerFacts, 'uuids'>): boolean {
  return a.uuids.some((uuid) => b.uuids.includes(uuid));
}
