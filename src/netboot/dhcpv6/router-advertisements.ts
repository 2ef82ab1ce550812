import type { RouterAdvertisement } from '../../domain/router-advertisement.ts';
import { formatIpv6Prefix } from '../../protocols/dhcpv6/ipv6.ts';
import { type InterfaceOptions, servedIpv6 } from '../options.ts';

/**
 * What is to be advertised on the served interfaces. Without M iPXE asks for no address, without O for nothing at all
 * (src/net/ndp.c), so they follow the mode.
 */
export function routerAdvertisementsOf(interfaces: readonly InterfaceOptions[]): readonly RouterAdvertisement[] {
  return servedIpv6(interfaces).flatMap(({ name, own: { address, mode, dns = [], routerAdvertisements } }) => {
    if (routerAdvertisements === undefined) return [];
    const { autonomous = false, routerLifetimeSeconds = 0 } = routerAdvertisements;
    return [
      {
        interface: name,
        prefix: formatIpv6Prefix(address),
        managed: mode === 'full',
        otherConfiguration: true,
        autonomous,
        routerLifetimeSeconds,
        nameServers: dns,
      },
    ];
  });
}
