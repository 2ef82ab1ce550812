import type { Ipv6Prefix } from '../../protocols/dhcpv6/ipv6.ts';

/**
 * `proxy`: boot answers beside another DHCPv6 server or where addresses are made from router advertisements; `full`: addresses for
 * declared machines too. Machines that nobody declared are never answered.
 */
export type Ipv6Mode = 'off' | 'proxy' | 'full';

/** What clients of one network are given. */
export type Ipv6NetworkOptions = {
  /** Where the addresses of machines without a declared one lie: 80 bits of prefix at most. Default: the network. */
  readonly pool?: Ipv6Prefix;
  /** Name servers. Default none; behind a relay those of the interface. */
  readonly dns?: readonly string[];
};

/** A network behind a relay. */
export type Ipv6SubnetOptions = Ipv6NetworkOptions & { readonly network: Ipv6Prefix };

/** What routers tell on the interface, by radvd. */
export type RouterAdvertisementOptions = {
  /** Hosts may make themselves addresses of our prefix (SLAAC). Default false. */
  readonly autonomous?: boolean;
  /** For how long we are a default router, seconds. Default 0: we are none. */
  readonly routerLifetimeSeconds?: number;
};

/** How an interface is served over IPv6. */
export type Ipv6Options = Ipv6NetworkOptions & {
  /** Our own address on it, none of the link (fe80::), with the length of its network's prefix. */
  readonly address: Ipv6Prefix;
  readonly mode: Ipv6Mode;
  /** Life of a lease, seconds. Default 3600. */
  readonly leaseSeconds?: number;
  /** Networks behind relays. Default none. */
  readonly subnets?: readonly Ipv6SubnetOptions[];
  /** Default none: another router sends them. */
  readonly routerAdvertisements?: RouterAdvertisementOptions;
};
