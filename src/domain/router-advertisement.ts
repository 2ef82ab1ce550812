/** What hosts of one segment are told by router advertisements. @see RFC 4861 §4.2, RFC 8106 §5.1 */
export type RouterAdvertisement = {
  /** The kernel's name of the interface. */
  readonly interface: string;
  /** The network itself, reached without a router: `fd00:77::/64`. */
  readonly prefix: string;
  /** M: addresses come by DHCPv6. */
  readonly managed: boolean;
  /** O: other things come by DHCPv6. */
  readonly otherConfiguration: boolean;
  /** A: hosts may make themselves addresses of the prefix. */
  readonly autonomous: boolean;
  /** For how long we are a default router, seconds; 0: we are none. */
  readonly routerLifetimeSeconds: number;
  /** Name servers, IPv6. */
  readonly nameServers: readonly string[];
};
