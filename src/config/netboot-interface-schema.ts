import { z } from 'zod';
import { type InterfaceAddress, inNetwork, interfaceAddress, ipv4, ipv4Number, networkAddress } from './addresses.ts';
import { dhcpOptionsSchema } from './dhcp-options-schema.ts';
import { documentedObject } from './documented.ts';
import { netbootIpv6 } from './netboot-ipv6-schema.ts';

const pool = documentedObject({
  from: ipv4.describe('First address of the pool.'),
  to: ipv4.describe('Last address of the pool.'),
  anyone: z
    .exactOptional(z.boolean())
    .describe(
      'Also for machines that nobody declared. Default false: only for further network cards of declared machines.',
    ),
}).describe('Addresses given out for a while, in mode full. Absent: only declared addresses are given out.');

/** RFC 2131 counts in 32 bits; a lease of more than a year is a typing error. */
const leaseSeconds = z.int().min(60).max(31_536_000);
const router = ipv4.describe('Default gateway told to machines. Default none.');
const nameServers = z.array(ipv4).max(8);

const subnet = documentedObject({
  network: networkAddress.describe('The network behind a relay: 10.78.0.0/24.'),
  pool: z.exactOptional(pool),
  leaseSeconds: z.exactOptional(leaseSeconds).describe("Life of a lease in seconds. Default: the interface's."),
  router: z.exactOptional(router),
  dns: z.exactOptional(nameServers).describe("Name servers told to machines. Default: the interface's."),
  dhcpOptions: z.exactOptional(dhcpOptionsSchema),
}).describe('A network behind a relay.');

type Report = (path: (string | number)[], message: string) => void;
type Network = {
  readonly pool?: { readonly from: string; readonly to: string };
  readonly router?: string;
};

/** One interface that machines boot from. */
export const netbootInterface = documentedObject({
  name: z
    .string()
    // IFNAMSIZ is 16 with the closing NUL (linux/if.h).
    .regex(/^[^\s/:]{1,15}$/, { error: 'is not the name of a network interface (15 characters at most)' })
    .describe('Network interface: eno1.'),
  address: interfaceAddress.describe('Our IPv4 address on it with prefix length: 10.77.0.1/24.'),
  mode: z
    .enum(['off', 'proxy', 'reservations', 'full'])
    .default('off')
    .describe(
      'off: silent. proxy: boot answers beside another DHCP server. reservations: declared machines get their declared address, others are left to another server. full: a pool besides, and no other server. Default off.',
    ),
  defaultRoute: z
    .exactOptional(z.boolean())
    .describe('Confirms mode full on the interface that has the default route. Default false.'),
  pool: z.exactOptional(pool),
  leaseSeconds: leaseSeconds.default(3600).describe('Life of a lease in seconds. Default 3600.'),
  bootLeaseSeconds: z
    .exactOptional(z.int().min(30).max(86_400))
    .describe('Longest lease of boot ROMs and boot loaders, which are gone in minutes, in seconds. Default 240.'),
  router: z.exactOptional(router),
  dns: nameServers.default([]).describe('Name servers told to machines. Default none.'),
  dhcpOptions: z.exactOptional(dhcpOptionsSchema),
  subnets: z.exactOptional(z.array(subnet).max(256)).describe('Networks behind relays. Default none.'),
  relayedOnly: z
    .exactOptional(z.boolean())
    .describe('Hear relays only, and no broadcasts: several such interfaces need no socket units. Default false.'),
  minimumSecs: z
    .exactOptional(z.int().min(0).max(255))
    .describe('Answer a client only when it says that it has tried for so many seconds. Default 0.'),
  conflictProbe: z
    .boolean()
    .default(true)
    .describe('See by ARP whether somebody has a pool address before it is offered. Default true.'),
  otherServers: z
    .enum(['off', 'listen', 'probe'])
    .default('probe')
    .describe(
      'How other DHCP servers on the network are noticed: not at all, by their answers, or by asking every five minutes (in modes reservations and full). Default probe.',
    ),
  ipv6: z.exactOptional(netbootIpv6),
})
  .superRefine((value, context) => {
    const add: Report = (path, message) => {
      context.addIssue({ code: 'custom', path, message });
    };
    checkNetwork(value, value.address, value.mode, add);
    const networks = [value.address];
    for (const [index, each] of (value.subnets ?? []).entries()) {
      const { network } = each;
      const addHere: Report = (path, message) => add(['subnets', index, ...path], message);
      checkNetwork(each, network, value.mode, addHere);
      const overlaps = networks.some((other) => inNetwork(network.address, other) || inNetwork(other.address, network));
      if (overlaps) addHere(['network'], 'overlaps with the network of the interface or of another subnet');
      networks.push(network);
    }
  })
  .describe('One interface that machines boot from.');

function checkNetwork({ pool, router }: Network, of: InterfaceAddress, mode: string, add: Report): void {
  const network = `${of.address}/${of.prefixLength}`;
  if (mode !== 'full' && pool !== undefined) add(['pool'], 'is used in mode full only: remove it, or set mode: full');
  for (const end of ['from', 'to'] as const) {
    const address = pool?.[end];
    if (address !== undefined && !inNetwork(address, of)) add(['pool', end], `is not in the network of ${network}`);
  }
  if (pool !== undefined && ipv4Number(pool.from) > ipv4Number(pool.to)) add(['pool'], 'ends before it begins');
  if (router !== undefined && !inNetwork(router, of)) add(['router'], `is not in the network of ${network}`);
}
