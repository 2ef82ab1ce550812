import type { InterfaceMode } from '../../boot-policy.ts';

/** Which program of the machine speaks; `system` is any DHCP client that asks for nothing to boot. */
export type Speaker = 'firmware' | 'ipxe' | 'system';

/** A DHCP message of the machine. Times are epoch milliseconds. */
export type Asked = {
  readonly kind: 'asked';
  readonly at: number;
  /** `dhcp` is port 67, `proxy` the boot server's 4011. */
  readonly channel: 'dhcp' | 'proxy';
  readonly type: 'discover' | 'request' | 'inform' | 'decline' | 'release';
  readonly speaker: Speaker;
  readonly mac: string;
  readonly interface: string;
  readonly mode: InterfaceMode;
  /** The relay that passed it on, by its address (giaddr). */
  readonly relay: string | null;
  readonly architecture: number | null;
  /** The server whose offer it takes (option 54). */
  readonly chosen: string | null;
  /** That server is none of ours. */
  readonly foreign: boolean;
  /** It has an address already (ciaddr): a lease is renewed, or port 4011 asked. */
  readonly configured: boolean;
  /** What iPXE says of the offers it has heard; null where somebody else speaks. */
  readonly heardOffers: 'none' | 'some' | null;
};

/** A DHCP message of ours to the machine. */
export type Answered = {
  readonly kind: 'answered';
  readonly at: number;
  readonly channel: 'dhcp' | 'proxy';
  readonly type: 'offer' | 'ack' | 'nak';
  readonly mac: string;
  /** Our name in it (option 54). */
  readonly server: string | null;
  /** `boot-server`: no file, ask port 4011. */
  readonly names: 'nothing' | 'loader' | 'script' | 'boot-server';
  /** The loader's name; never a URL. */
  readonly file: string | null;
};

/** What became of a TFTP transfer, told when it changes and not for each packet. */
export type Transferred = {
  readonly kind: 'tftp';
  readonly at: number;
  readonly what:
    | 'asked'
    /** The client has acknowledged the options, or the first block. */
    | 'answered'
    /** The client has acknowledged another block after something had to be sent again. */
    | 'moved'
    /** Something had to be sent again. */
    | 'repeated'
    /** It wanted the size and ended it. */
    | 'probed'
    | 'served'
    /** It ended it in the middle. */
    | 'aborted'
    | 'refused';
  readonly file: string;
  /** Of an ERROR packet. */
  readonly why?: string;
  /** Bytes a block, where agreed. */
  readonly blksize?: number;
  /** Blocks acknowledged so far. */
  readonly blocks?: number;
};

export type FetchedKind = 'loader' | 'script' | 'kernel' | 'initrd' | 'file';

/** An HTTP request of the machine, or what became of it. */
export type Fetched = {
  readonly kind: 'http';
  readonly at: number;
  /** `put-off`: told to come again later. */
  readonly what: 'asked' | 'put-off' | 'served' | 'refused';
  readonly of: FetchedKind;
  readonly file: string;
  readonly why?: string;
};

export type BootObservation =
  | Asked
  | Answered
  | Transferred
  | Fetched
  /** Something of the machine that is not looked into: DHCPv6. */
  | { readonly kind: 'heard'; readonly at: number }
  /** The policy or the address book had nothing for the machine. */
  | { readonly kind: 'unanswered'; readonly at: number; readonly why: string; readonly detail?: string }
  /** It was given a message in place of something to boot. */
  | { readonly kind: 'stopped'; readonly at: number; readonly why: string }
  /** The run waits for the machine to netboot: it has power. */
  | { readonly kind: 'awaited'; readonly at: number; readonly deadlineMs: number }
  /** Other DHCP servers on the segment. */
  | { readonly kind: 'others'; readonly at: number; readonly servers: readonly OtherServerSeen[] };

export type OtherServerSeen = {
  readonly address: string;
  readonly mac: string | null;
  /** It gives no addresses, but something to boot. */
  readonly proxy: boolean;
};
