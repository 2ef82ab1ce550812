import { z } from 'zod';
import type { InterfaceAddress } from './addresses.ts';
import { documentedObject } from './documented.ts';
import { inIpv6Network, ipv6, ipv6InterfaceAddress, ipv6Network } from './ipv6-addresses.ts';

const pool = ipv6Network.describe(
  "Part of the network that the addresses of machines without an address6 are of, each made of the machine's MAC: fd00:77:0:0:1::/80. Default: the network.",
);
/** radvd wants a router's lifetime to be 0 or at least the longest interval between advertisements; RFC 4861 §6.2.1 has the most. */
const routerLifetime = z
  .int()
  .min(0)
  .max(9000)
  .refine((seconds) => seconds === 0 || seconds >= 60, { error: 'must be 0, or 60 to 9000 seconds' });

const subnet = documentedObject({
  network: ipv6Network.describe('The network behind a relay: fd00:78::/64.'),
  pool: z.exactOptional(pool),
  dns: z.exactOptional(z.array(ipv6).max(8)).describe("Name servers told to machines. Default: the interface's."),
}).describe('A network behind a relay.');

/** How an interface is served over IPv6. */
export const netbootIpv6 = documentedObject({
  address: ipv6InterfaceAddress.describe('Our IPv6 address on it with prefix length: fd00:77::1/64.'),
  mode: z
    .enum(['off', 'proxy', 'full'])
    .default('off')
    .describe(
      'off: silent. proxy: boot URLs beside another DHCPv6 server, or where machines make their addresses themselves. full: addresses for declared machines too. Nobody else is ever answered. Default off.',
    ),
  pool: z.exactOptional(pool),
  leaseSeconds: z
    .exactOptional(z.int().min(60).max(31_536_000))
    .describe('Life of a lease in seconds, in mode full. Default 3600.'),
  dns: z.exactOptional(z.array(ipv6).max(8)).describe('IPv6 name servers told to machines. Default none.'),
  subnets: z.exactOptional(z.array(subnet).max(256)).describe('Networks behind relays. Default none.'),
  routerAdvertisements: z
    .exactOptional(
      documentedObject({
        autonomous: z
          .exactOptional(z.boolean())
          .describe('Hosts may make themselves addresses of our prefix, which then has to be a /64. Default false.'),
        routerLifetimeSeconds: z
          .exactOptional(routerLifetime)
          .describe('For how long hosts take us for their default router, in seconds. Default 0: we are none.'),
      }),
    )
    .describe(
      'Send router advertisements, by the program radvd. Firmware needs them to reach its network over IPv6; with mode off they only spare iPXE its wait for a router, 4 to 19 seconds a boot where no other sends any. Absent: none are sent by us.',
    ),
})
  .superRefine(({ address, mode, pool, subnets = [], routerAdvertisements }, context) => {
    const add = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    if (pool !== undefined && mode === 'proxy')
      add(['pool'], 'is used in mode full only: remove it, or set mode: full');
    if (pool !== undefined && !within(pool, address)) add(['pool'], `is not in the network of ${text(address)}`);
    const networks = [address];
    for (const [index, { network, pool: of }] of subnets.entries()) {
      const at = ['subnets', index];
      if (of !== undefined && !within(of, network)) add([...at, 'pool'], `is not in the network of ${text(network)}`);
      if (networks.some((other) => within(network, other) || within(other, network)))
        add([...at, 'network'], 'overlaps with the network of the interface or of another subnet');
      networks.push(network);
    }
    // RFC 4862 §5.5.3: prefix and interface identifier make 128 bits, and the latter has 64 on Ethernet (RFC 2464 §4).
    if (routerAdvertisements?.autonomous === true && address.prefixLength !== 64)
      add(['routerAdvertisements', 'autonomous'], 'needs a network with a prefix of 64 bits');
  })
  .describe('IPv6 on this interface: DHCPv6 and HTTP boot. Absent: none.');

const text = ({ address, prefixLength }: InterfaceAddress): string => `${address}/${prefixLength}`;

function within(inner: InterfaceAddress, outer: InterfaceAddress): boolean {
  return inner.prefixLength >= outer.prefixLength && inIpv6Network(inner.address, outer);
}
