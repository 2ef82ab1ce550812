import type { Machine } from '../../domain/machine.ts';
import type { Clock } from '../../foundation/clock.ts';
import { formatIpv6, inIpv6Prefix, parseIpv6 } from '../../protocols/dhcpv6/ipv6.ts';
import { derivedAddresses, type Link } from './links.ts';

/** Which address is whose; the same whenever it is asked, but for addresses that other hosts were found to have. */
export type AddressPlan = {
  /** The address of this network card of the machine on this link; undefined when there is none to give. */
  addressOf(machine: Machine, mac: string, link: Link): string | undefined;
  /** Another host has it, says its client: it is not given for a while, unless it was declared. */
  declined(address: string): void;
};

/** What the IPv4 side sets aside is set aside for as long; by then somebody has looked. */
const DECLINED_MS = 3_600_000;
/** Only addresses of declared machines come here, but each may decline all of its own. */
const MOST_REMEMBERED = 4096;

/**
 * Plans addresses without a table: a machine's first card has its declared address, every other one an address made of its MAC. There is
 * nothing to run out of, so nothing to lease, and all servers of a site agree without asking each other.
 * @param own our own address, which is nobody else's
 */
export function createAddressPlan({ clock }: { readonly clock: Clock }, own: string): AddressPlan {
  const declinedUntil = new Map<string, number>();
  const isFree = (address: string): boolean => address !== own && (declinedUntil.get(address) ?? 0) <= clock.now();
  return {
    addressOf({ spec }, mac, link) {
      const { address6, macs } = spec;
      if (address6 !== undefined && macs[0] === mac && inIpv6Prefix(address6, link.prefix))
        return formatIpv6(parseIpv6(address6));
      return derivedAddresses(link, mac).find(isFree);
    },
    declined(address) {
      declinedUntil.delete(address);
      declinedUntil.set(address, clock.now() + DECLINED_MS);
      // Maps keep the order of insertion, so the first was declined longest ago.
      const [oldest] = declinedUntil.size > MOST_REMEMBERED ? declinedUntil.keys() : [];
      if (oldest !== undefined) declinedUntil.delete(oldest);
    },
  };
}
