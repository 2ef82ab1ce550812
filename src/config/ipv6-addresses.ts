import { BlockList, isIPv6, SocketAddress } from 'node:net';
import { z } from 'zod';
import type { InterfaceAddress } from './addresses.ts';

/** What no host of a network can be declared with, and what it is. */
const SPECIAL = [
  ['::', 96, 'is not an address of a network (unspecified, loopback or IPv4 in disguise)'],
  ['::ffff:0:0', 96, 'is an IPv4 address in disguise'],
  ['fe80::', 10, 'is an address of the link (fe80::/10), which every interface has: give one of a network'],
  ['ff00::', 8, 'is a group (multicast) address'],
] as const;

/** An address of a network, in the one spelling of RFC 5952. */
export const ipv6 = z
  .string()
  .superRefine((text, context) => {
    const problem = ipv6Problem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  })
  .transform(plain)
  .meta({ format: 'ipv6' });

/** `fd00:77::1/64`, the address of the interface itself. */
export const ipv6InterfaceAddress = prefixed(
  'is not an IPv6 address with prefix length like fd00:77::1/64 (32 to 80)',
).refine(({ address, prefixLength }) => !isNetworkItself(address, prefixLength), {
  error: 'is the network itself, not an address of an interface',
});

/** `fd00:78::/64`, a network, by any address of it. */
export const ipv6Network = prefixed('is not an IPv6 network like fd00:78::/64 (32 to 80)');

/** Whether `address` lies in the network of `of`. */
export function inIpv6Network(address: string, of: InterfaceAddress): boolean {
  const network = new BlockList();
  network.addSubnet(of.address, of.prefixLength, 'ipv6');
  return network.check(address, 'ipv6');
}

/** A host's part of zeros means all routers of the network (RFC 4291 §2.6.1). */
function isNetworkItself(address: string, prefixLength: number): boolean {
  return numberOf(address) % 2n ** BigInt(128 - prefixLength) === 0n;
}

function prefixed(error: string) {
  return z
    .string()
    .superRefine((text, context) => {
      const split = splitPrefixed(text);
      const problem = split === undefined ? error : ipv6Problem(split.address);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .transform((text): InterfaceAddress => {
      const { address, prefixLength } = splitPrefixed(text) ?? { address: text, prefixLength: 128 };
      return { address: plain(address), prefixLength };
    });
}

/** The lower 48 bits are for a MAC (src/netboot/dhcpv6/links.ts). */
function splitPrefixed(text: string): InterfaceAddress | undefined {
  const match = /^([0-9A-Fa-f:.]+)\/(\d{2})$/.exec(text);
  const address = match?.[1] ?? '';
  const prefixLength = Number(match?.[2] ?? '0');
  return isIPv6(address) && prefixLength >= 32 && prefixLength <= 80 ? { address, prefixLength } : undefined;
}

function ipv6Problem(text: string): string | undefined {
  if (!isIPv6(text) || text.includes('%')) return 'is not an IPv6 address like fd00:77::11';
  return SPECIAL.find(([address, prefixLength]) => inIpv6Network(text, { address, prefixLength }))?.[2];
}

function plain(text: string): string {
  return isIPv6(text) ? new SocketAddress({ address: text, family: 'ipv6' }).address : text;
}

function numberOf(address: string): bigint {
  const [head = '', tail] = plain(address).split('::');
  const groups = (part: string): readonly string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const hex = [...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join('');
  return BigInt(`0x${hex}`);
}
