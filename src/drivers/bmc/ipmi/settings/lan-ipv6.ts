import { formatIpv6 } from '../../../../protocols/ipmi/commands/transport/addresses.ts';
import * as parameters from '../../../../protocols/ipmi/commands/transport/lan-ipv6-parameters.ts';
import type { LanParameter } from '../../../../protocols/ipmi/commands/transport/lan-parameters.ts';
import type { ReadLanParameter } from './lan-parameter-reader.ts';

export type Ipv6AddressReport = {
  /** "2001:db8::7". */
  readonly address: string;
  readonly prefixLength: number;
  readonly source: 'static' | 'slaac' | 'dhcpv6' | 'other';
  readonly status: 'active' | 'disabled' | 'pending' | 'failed' | 'deprecated' | 'invalid' | 'unknown';
};

/** IPv6 of one channel. */
export type Ipv6Report = {
  readonly mode: 'ipv4-only' | 'ipv6-only' | 'both' | 'unknown';
  readonly dhcpv6Supported: boolean | null;
  readonly slaacSupported: boolean | null;
  /** Static ones that are enabled and dynamic ones; unused places of the controller's lists are left out. */
  readonly addresses: readonly Ipv6AddressReport[];
};

/** Most addresses that are asked for, whatever number the controller gives: each is a round trip. */
const MAXIMUM_ADDRESSES = 16;

const modes: Readonly<Record<number, Ipv6Report['mode']>> = {
  [parameters.Ipv6Enables.ipv6Disabled]: 'ipv4-only',
  [parameters.Ipv6Enables.ipv6Only]: 'ipv6-only',
  [parameters.Ipv6Enables.ipv6AndIpv4]: 'both',
};

const sources: Readonly<Record<number, Ipv6AddressReport['source']>> = {
  [parameters.Ipv6AddressSource.static]: 'static',
  [parameters.Ipv6AddressSource.slaac]: 'slaac',
  [parameters.Ipv6AddressSource.dhcpv6]: 'dhcpv6',
};

const statuses: Readonly<Record<number, Ipv6AddressReport['status']>> = {
  [parameters.Ipv6AddressStatus.active]: 'active',
  [parameters.Ipv6AddressStatus.disabled]: 'disabled',
  [parameters.Ipv6AddressStatus.pending]: 'pending',
  [parameters.Ipv6AddressStatus.failed]: 'failed',
  [parameters.Ipv6AddressStatus.deprecated]: 'deprecated',
  [parameters.Ipv6AddressStatus.invalid]: 'invalid',
};

/** @returns null on controllers made before IPv6 came into the specification @see IPMI v2.0 rev. 1.1 Table 23-4 */
export async function readIpv6(read: ReadLanParameter): Promise<Ipv6Report | null> {
  const enables = await read(parameters.ipv6Enables);
  if (enables === null) return null;
  const status = enables === parameters.Ipv6Enables.ipv6Disabled ? null : await read(parameters.ipv6Status);
  const fixed = await readAddresses(read, parameters.ipv6StaticAddress, status?.staticAddressMaximum ?? 0);
  const dynamic = await readAddresses(read, parameters.ipv6DynamicAddress, status?.dynamicAddressMaximum ?? 0);
  return {
    mode: modes[enables] ?? 'unknown',
    dhcpv6Supported: status?.dhcpv6Supported ?? null,
    slaacSupported: status?.slaacSupported ?? null,
    addresses: [...fixed.filter(({ enabled }) => enabled), ...dynamic].map(addressReport),
  };
}

async function readAddresses(
  read: ReadLanParameter,
  parameter: LanParameter<parameters.Ipv6Address>,
  count: number,
): Promise<readonly parameters.Ipv6Address[]> {
  const addresses: parameters.Ipv6Address[] = [];
  for (let at = 0; at < Math.min(count, MAXIMUM_ADDRESSES); at++) {
    const address = await read(parameter, at);
    if (address === null) break;
    if (address.address.some((byte) => byte !== 0)) addresses.push(address);
  }
  return addresses;
}

function addressReport({ address, prefixLength, source, status }: parameters.Ipv6Address): Ipv6AddressReport {
  return {
    address: formatIpv6(address),
    prefixLength,
    source: sources[source] ?? 'other',
    status: statuses[status] ?? 'unknown',
  };
}
