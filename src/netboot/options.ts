import type { InterfaceMode } from '../domain/boot-policy.ts';
import type { RawDhcpOption } from '../domain/dhcp-options.ts';
import { ConfigError } from '../foundation/errors.ts';
import { ipv4FromNumber, ipv4ToNumber } from '../protocols/dhcp/ipv4.ts';
import type { Ipv6Options } from './dhcpv6/ipv6-options.ts';

/** Addresses given out for a while. */
export type PoolOptions = {
  readonly from: string;
  readonly to: string;
  /** Serve machines that nobody declared too, and not only further network cards of declared ones. Default false. */
  readonly anyone?: boolean;
};

/** What clients of one network are told. */
export type NetworkOptions = {
  /** Default none: only declared addresses are given out. */
  readonly pool?: PoolOptions;
  /** Default gateway. Default none. */
  readonly router?: string;
  /** Name servers. Default those of the interface. */
  readonly dns?: readonly string[];
  /** Life of a lease, seconds. Default that of the interface. */
  readonly leaseSeconds?: number;
  /** Further options, sent always. Default none. */
  readonly dhcpOptions?: readonly RawDhcpOption[];
};

/** A network behind a relay. */
export type SubnetOptions = NetworkOptions & {
  /** Any address of it, with the length of its prefix. */
  readonly network: { readonly address: string; readonly prefixLength: number };
};

/** One interface that machines boot from, as configured. */
export type InterfaceOptions = NetworkOptions & {
  /** The kernel's name of it. */
  readonly name: string;
  /** Our own address on it. */
  readonly address: { readonly address: string; readonly prefixLength: number };
  readonly mode: InterfaceMode;
  readonly leaseSeconds: number;
  /**
   * Longest lease of a boot ROM or boot loader, seconds: it is gone in minutes, and so many of them at once would empty
   * the pool. Default 240.
   */
  readonly bootLeaseSeconds?: number;
  readonly dns: readonly string[];
  /** Networks behind relays. Default none. */
  readonly subnets?: readonly SubnetOptions[];
  /** The second word for mode `full` on the interface that has the default route. Default false. */
  readonly defaultRoute?: boolean;
  /** Only clients behind relays are served: broadcasts are not even heard. Default false. */
  readonly relayedOnly?: boolean;
  /** A DISCOVER is answered once the client says that it has tried for so many seconds. Default 0. */
  readonly minimumSecs?: number;
  /** See whether anybody has a pool address before it is offered. Default false. */
  readonly conflictProbe?: boolean;
  /** How other DHCP servers are found. Default `off`. */
  readonly otherServers?: 'off' | 'listen' | 'probe';
  /** How it is served over IPv6. Default: not at all. */
  readonly ipv6?: Ipv6Options;
};

/** UDP ports. Firmware knows no others than the defaults; tests and the simulator do. */
export type NetbootPorts = {
  readonly dhcp: number;
  readonly dhcpClient: number;
  readonly proxy: number;
  readonly tftp: number;
  /** Default 547 and 546. */
  readonly dhcpv6?: number;
  readonly dhcpv6Client?: number;
};

export const DEFAULT_PORTS: NetbootPorts = { dhcp: 67, dhcpClient: 68, proxy: 4011, tftp: 69 };

/** Kinds of inherited sockets: datagram sockets for UDP, listening stream sockets for HTTP boot. */
type SocketKind = keyof NetbootPorts | 'http' | 'https';
/** Descriptors of one interface's sockets, bound to its device or address by who opened them. */
export type InterfaceSockets = Partial<Readonly<Record<SocketKind, number>>>;
/** By name of the interface, or {@link EVERYWHERE}. */
export type InheritedSockets = ReadonlyMap<string, InterfaceSockets>;

/** In place of an interface's name: sockets for all of them, which only HTTP and HTTPS have. */
export const EVERYWHERE = '';

const SOCKET_KINDS: readonly SocketKind[] = ['dhcp', 'dhcpClient', 'proxy', 'tftp', 'dhcpv6', 'http', 'https'];

/**
 * Sorts inherited descriptors by their names: `dhcp.eno1`, `proxy.eno1`, `tftp.eno1`, `dhcpClient.eno1`, `dhcpv6.eno1`, `http.eno1`, `https.eno1`;
 * `http` and `https` alone are for all interfaces.
 * @param sockets of others too, which are left out
 * @throws ConfigError when a name is there twice: only one of the two would be read
 */
export function netbootSockets(sockets: readonly { readonly fd: number; readonly name: string }[]): InheritedSockets {
  const found = new Map<string, Partial<Record<SocketKind, number>>>();
  for (const { fd, name } of sockets) {
    const whole = name === 'http' || name === 'https';
    const dot = whole ? name.length : name.indexOf('.');
    const kind = SOCKET_KINDS.find((each) => each === name.slice(0, dot));
    if (dot < 1 || kind === undefined) continue;
    const interfaceName = whole ? EVERYWHERE : name.slice(dot + 1);
    const known = found.get(interfaceName) ?? {};
    if (known[kind] !== undefined) throw new ConfigError(`two inherited sockets are named ${name}`);
    found.set(interfaceName, { ...known, [kind]: fd });
  }
  return found;
}

/**
 * The inherited sockets of HTTP boot, by the address that each is for; {@link EVERYWHERE} for all.
 * @param fixed `netboot.http.address`
 * @throws ConfigError when a socket is there that would not be listened to
 */
export function httpSockets(
  enabled: readonly InterfaceOptions[],
  sockets: InheritedSockets,
  fixed: string | undefined,
): ReadonlyMap<string, Pick<InterfaceSockets, 'http' | 'https'>> {
  const byAddress = new Map<string, Pick<InterfaceSockets, 'http' | 'https'>>();
  const everywhere = sockets.get(EVERYWHERE);
  if (everywhere !== undefined) byAddress.set(EVERYWHERE, everywhere);
  for (const { name, address } of enabled) {
    const own = sockets.get(name) ?? {};
    for (const kind of ['http', 'https'] as const) {
      if (own[kind] === undefined || (fixed === undefined && everywhere?.[kind] === undefined)) continue;
      const why = fixed === undefined ? `there is one named ${kind} too` : 'netboot.http.address is set';
      throw new ConfigError(
        `the inherited socket ${kind}.${name} would not be used, since ${why}: name one socket ${kind}, or one ${kind}.NAME for each interface`,
        { details: { socket: `${kind}.${name}` } },
      );
    }
    byAddress.set(address.address, own);
  }
  return byAddress;
}

/**
 * The interfaces to serve.
 * @throws ConfigError when two of them could not be told apart: a datagram for 255.255.255.255 reaches every socket that
 *   listens for broadcasts, and Node says of none by which interface it came (nodejs/node#59670). A socket that who started
 *   us has bound to a device hears that device alone, and one that hears no broadcasts has its address to tell it by.
 */
export function servedInterfaces(
  interfaces: readonly InterfaceOptions[],
  sockets: InheritedSockets = new Map(),
): readonly InterfaceOptions[] {
  const enabled = interfaces.filter(({ mode }) => mode !== 'off');
  const hearing = enabled.filter(({ relayedOnly }) => relayedOnly !== true);
  const unbound = hearing.filter(({ name }) => sockets.get(name)?.dhcp === undefined).map(({ name }) => name);
  if (hearing.length > 1 && unbound.length > 0) {
    const names = hearing.map(({ name }) => name);
    throw new ConfigError(
      `netboot.interfaces: ${names.join(', ')} are enabled, but without a socket of its own from systemd one cannot be told from the other (by which one a DHCP broadcast came in): ${unbound.join(', ')}. Give each a socket unit with BindToDevice= and FileDescriptorName=dhcp.NAME (src/netboot/README.md), set relayedOnly: true where only relays ask, or set mode: off for all but one.`,
      { details: { interfaces: names, withoutSocket: unbound } },
    );
  }
  for (const own of enabled) {
    checkPool(`netboot interface ${own.name}`, own.pool, own.address);
    for (const { pool, network } of own.subnets ?? []) checkPool(`netboot interface ${own.name}`, pool, network);
  }
  return enabled;
}

/** What is served over IPv6, where that is not off. */
export function servedIpv6(
  interfaces: readonly InterfaceOptions[],
): readonly { readonly name: string; readonly own: Ipv6Options & { readonly mode: 'proxy' | 'full' } }[] {
  return interfaces.flatMap(({ name, ipv6 }) =>
    ipv6 === undefined || ipv6.mode === 'off' ? [] : [{ name, own: { ...ipv6, mode: ipv6.mode } }],
  );
}

/**
 * Refuses `full` on an interface that has the default route: its segment most likely has a DHCP server already.
 * @param withDefaultRoute names of interfaces
 * @throws ConfigError
 */
export function checkDefaultRoutes(enabled: readonly InterfaceOptions[], withDefaultRoute: readonly string[]): void {
  const refused = enabled.find(
    ({ name, mode, defaultRoute }) => mode === 'full' && defaultRoute !== true && withDefaultRoute.includes(name),
  );
  if (refused === undefined) return;
  throw new ConfigError(
    `netboot interface ${refused.name} has the default route, so its network most likely has a DHCP server already: set mode: proxy or reservations, or say defaultRoute: true beside mode: full`,
    { details: { interface: refused.name } },
  );
}

/** The subnet mask of a prefix length. */
export function subnetMask(prefixLength: number): string {
  return ipv4FromNumber(maskOf(prefixLength));
}

/** Whether the address is on the network. */
export function onNetwork(address: string, own: InterfaceOptions['address']): boolean {
  const mask = maskOf(own.prefixLength);
  return (ipv4ToNumber(address) & mask) >>> 0 === (ipv4ToNumber(own.address) & mask) >>> 0;
}

const maskOf = (prefixLength: number): number => (prefixLength === 0 ? 0 : (0xffff_ffff << (32 - prefixLength)) >>> 0);

/** Large enough for any segment, small enough to be searched. */
const LARGEST_POOL = 65_536;

function checkPool(what: string, pool: PoolOptions | undefined, address: InterfaceOptions['address']): void {
  if (pool === undefined) return;
  const size = ipv4ToNumber(pool.to) - ipv4ToNumber(pool.from) + 1;
  const wrong = size < 1 || size > LARGEST_POOL || !onNetwork(pool.from, address) || !onNetwork(pool.to, address);
  if (wrong) {
    throw new ConfigError(
      `${what}: pool ${pool.from} to ${pool.to} must lie in the network of ${address.address}/${address.prefixLength} and hold 1 to ${LARGEST_POOL} addresses`,
    );
  }
}
