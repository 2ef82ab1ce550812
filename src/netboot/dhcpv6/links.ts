import { type Ipv6Prefix, inIpv6Prefix, ipv6WithPrefix, macOfEui64, parseIpv6 } from '../../protocols/dhcpv6/ipv6.ts';
import type { Ipv6Options } from './ipv6-options.ts';

/** A network that machines boot in. */
export type Link = {
  readonly prefix: Ipv6Prefix;
  readonly pool: Ipv6Prefix;
  readonly dns: readonly string[];
  /** The interface's own: its clients are neighbours of ours. */
  readonly onLink: boolean;
};

/** Addresses of one MAC, of which the next is given when another host has the one before. */
export const MOST_CANDIDATES = 4;
/** The MAC is the lower 48 bits. */
const LONGEST_POOL_PREFIX = 80;

/** The interface's own network first, then those behind relays. */
export function linksOf({ address, pool, dns = [], subnets = [] }: Ipv6Options): readonly Link[] {
  const behind = subnets.map(
    (subnet): Link => ({
      prefix: subnet.network,
      pool: subnet.pool ?? subnet.network,
      dns: subnet.dns ?? dns,
      onLink: false,
    }),
  );
  return [{ prefix: address, pool: pool ?? address, dns, onLink: true }, ...behind];
}

/**
 * The addresses that are a network card's without being declared, the one to give first at the head: the pool's prefix, the number of
 * the candidate, and the MAC as it is. So no two cards share one, the same card has the same after every restart and on every
 * server, and whose an address is can be read from it.
 * @param mac `52:54:00:77:00:01`
 */
export function derivedAddresses({ pool }: Pick<Link, 'pool'>, mac: string): readonly string[] {
  const room = 2 ** Math.min(16, LONGEST_POOL_PREFIX - pool.prefixLength);
  const hex = mac.replaceAll(':', '');
  return Array.from({ length: Math.min(MOST_CANDIDATES, room) }, (_, index) => {
    const bytes = Buffer.from(`${'00'.repeat(10)}${hex}`, 'hex');
    bytes.writeUInt16BE(index, 8);
    return ipv6WithPrefix(bytes, pool);
  });
}

/**
 * The network card whose address this is in one of our networks: made of its MAC by us or by itself (SLAAC), or of the link and made of its
 * MAC. Elsewhere anybody can have an address with such a lower half, while answers to these go to nobody but a neighbour or
 * a network of ours.
 * @param address IPv6, without a zone
 */
export function macBehind(address: string, links: readonly Link[]): string | undefined {
  if (inIpv6Prefix(address, LINK_LOCAL)) return macOfEui64(address);
  const link = links.find(({ prefix }) => inIpv6Prefix(address, prefix));
  if (link === undefined) return undefined;
  const mac = parseIpv6(address)
    .toString('hex', 10)
    .replace(/..(?!$)/g, '$&:');
  return derivedAddresses(link, mac).includes(address) ? mac : macOfEui64(address);
}

const LINK_LOCAL: Ipv6Prefix = { address: 'fe80::', prefixLength: 64 };
