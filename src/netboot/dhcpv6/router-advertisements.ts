import type { RouterAdvertisement } from '../../domain/router-advertisement.ts';
import { formatIpv6Prefix } from '../../protocols/dhcpv6/ipv6.ts';
import type { InterfaceOptions } from '../options.ts';

/**
 * What is to be advertised. Without M iPXE asks for no address, without O for nothing at all (src/net/ndp.c), so they follow the
 * mode; with neither, where IPv6 is not served, an advertisement only ends its wait for one.
 */
export function routerAdvertisementsOf(interfaces: readonly InterfaceOptions[]): readonly RouterAdvertisement[] {
  return interfaces.flatMap(({ name, ipv6 }) => {
    if (ipv6?.routerAdvertisements === undefined) return [];
    const { address, mode, dns = [], routerAdvertisements } = ipv6;
    const { autonomous = false, routerLifetimeSeconds = 0 } = routerAdvertisements;
    return [
      {
        interface: name,
        prefix: formatIpv6Prefix(address),
        managed: mode === 'full',
        otherConfiguration: mode !== 'off',
        autonomous,
        routerLifetimeSeconds,
        nameServers: dns,
      },
    ];
  });
}
