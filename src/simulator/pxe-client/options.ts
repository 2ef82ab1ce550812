/** A simulated machine's network boot: its identity, its firmware, and the network it stands in. */
export type PxeClientOptions = {
  /** Lower case with colons. */
  readonly mac: string;
  readonly uuid: string;
  /**
   * `bios-ipxe`: a ROM that is iPXE itself, as QEMU's cards have it. `bios`: a PXE ROM that loads its network boot program by TFTP.
   * `uefi`: EDK2, which asks for the size first where option 13 does not tell it. `uefi-http`: EDK2's HTTP boot.
   * `raspberry-pi`: the boot ROM of a Raspberry Pi with UEFI as what it loads; it needs such a board's MAC address.
   */
  readonly firmware: FirmwareKind;
  readonly link: PxeLink;
  /** Ports of the server. Default: 4011 and 69; TFTP may be elsewhere in tests. */
  readonly ports?: { readonly proxy?: number; readonly tftp?: number };
  /** Where addresses come from when the boot answers come from a proxy. Default `server`: the same server gives both. */
  readonly addressFrom?: 'server' | { readonly fixed: string };
  /** Option 93, where it is another than the firmware's usual one; a list as some firmware sends it. */
  readonly architectures?: readonly number[];
  /** First word of option 60, where a maker has its own. Default `PXEClient`. */
  readonly vendorClass?: string;
  /** With `bios-ipxe`: the ROM's iPXE lacks HTTP, as old ones do. Default false. */
  readonly oldIpxe?: boolean;
  /** Loaders that hang on this machine's card once they are started. Default none. */
  readonly hangsIn?: readonly string[];
  /** Ignores an answer that has both option 60 and a file (Ampere eMAG). Default false. */
  readonly ignoresVendorClass?: boolean;
  /** Asks the boot server on port 4011 even where the offer names the file, as some firmware does. Default false. */
  readonly asksBootServer?: boolean;
  readonly faults?: PxeFaults;
  /** First wait for an answer, milliseconds; doubled each time. Default 1000. */
  readonly patienceMs?: number;
  /** Tries for each answer. Default 4. */
  readonly tries?: number;
  /** Told of what happens on the way, when it happens. Default: nobody is. */
  readonly watch?: (moment: PxeMoment, name: string) => void;
  /** What is taken of kernel and initrds: `crc32` is for hundreds of clients on one processor, at a third of the cost. Default `sha256`. */
  readonly check?: 'sha256' | 'crc32';
};

/**
 * `whole`: the loader, kernel or initrd of that name is here. `first-byte`: of the script's, a kernel's or an initrd's body.
 * `turned-away`: the server asked iPXE to come again.
 */
export type PxeMoment = 'first-byte' | 'whole' | 'turned-away';

export type FirmwareKind = 'bios-ipxe' | 'bios' | 'uefi' | 'uefi-http' | 'raspberry-pi';

/**
 * How DHCP reaches the server. `relay`: on loopback or across networks, as a relay agent would pass it on, with answers
 * coming back to the relay's address and the server's port. `broadcast`: on a real segment.
 */
export type PxeLink =
  | { readonly kind: 'relay'; readonly server: string; readonly serverPort: number; readonly relay: string }
  | { readonly kind: 'broadcast'; readonly serverPort?: number; readonly clientPort?: number };

/** What goes wrong on the way. */
export type PxeFaults = {
  /** Share of sent DHCP and TFTP datagrams that are lost, 0 to 1. */
  readonly loss?: number;
  /** A malformed datagram is sent before each good one. */
  readonly malformed?: boolean;
};

/** What came of a boot: proof of all that was fetched. */
export type NetbootResult = {
  readonly address: string;
  readonly server: string;
  /** The loader fetched by TFTP or HTTP; null when the firmware is iPXE already. */
  readonly loader: FetchedFile | null;
  /** The script's text. */
  readonly script: string;
  readonly kernel: FetchedFile;
  readonly initrds: readonly FetchedFile[];
  /** As the kernel sees it. */
  readonly commandLine: string;
};

/** Loaders have their SHA-256 always, kernels and initrds what `check` asks for. */
export type FetchedFile = {
  readonly name: string;
  readonly bytes: number;
  readonly sha256?: string;
  readonly crc32?: number;
};

export type LeaseResult = { readonly address: string; readonly server: string; readonly leaseSeconds: number };
