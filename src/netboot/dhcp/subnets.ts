import type { RawDhcpOption } from '../../domain/dhcp-options.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { NO_ADDRESS, parseIpv4 } from '../../protocols/dhcp/ipv4.ts';
import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import { addressOption } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION, type DhcpOptions } from '../../protocols/dhcp/options.ts';
import {
  decodeRelayAgentInformation,
  type RelayAgentInformation,
} from '../../protocols/dhcp/relay-agent-information.ts';
import { type InterfaceOptions, type NetworkOptions, onNetwork } from '../options.ts';

/** A network that addresses are given out of, with everything its clients are told. */
export type Subnet = {
  /** As replies need it; `address` is one of the network, with its prefix. */
  readonly network: InterfaceOptions;
  readonly raw: DhcpOptions;
  /** The interface's own: its clients are neighbours of ours. */
  readonly onLink: boolean;
};

/** The interface's own network first, then those behind relays. */
export function subnetsOf(own: InterfaceOptions): readonly Subnet[] {
  const behind = (own.subnets ?? []).map((subnet): Subnet => {
    const { pool: _pool, router: _router, dhcpOptions: _options, ...shared } = own;
    const { network, ...told } = subnet;
    return { network: { ...shared, ...told, address: network }, raw: rawOptions(subnet), onLink: false };
  });
  return [{ network: own, raw: rawOptions(own), onLink: true }, ...behind];
}

/** Where a request came from, in words of the network. */
export type Origin = {
  /** Undefined: of a network that we do not know, so there is nothing to give. */
  readonly subnet: Subnet | undefined;
  readonly relay: RelayAgentInformation;
};

/**
 * Finds the network of a request: the relay's link selection, the client's or relay's subnet selection, the relay's own
 * address, the address the client has, else the interface's own.
 * @throws DecodeError when option 118 has a wrong length
 * @see RFC 3527 §3, RFC 3011 §2, RFC 2131 §4.3.1
 */
export function originOf(message: DhcpMessage, subnets: readonly Subnet[]): Origin {
  const relay = relayInformation(message);
  const { giaddr, ciaddr } = message;
  const selected = relay.linkSelection ?? addressOption(message.options, DHCP_OPTION.subnetSelection);
  const named = selected ?? (giaddr === NO_ADDRESS ? undefined : giaddr);
  const holding = (address: string): Subnet | undefined =>
    subnets.find(({ network }) => onNetwork(address, network.address));
  if (named !== undefined) return { subnet: holding(named), relay };
  // A client behind a relay renews by unicast, without the relay's address in its message (RFC 2131 §4.3.6).
  const subnet = (ciaddr === NO_ADDRESS ? undefined : holding(ciaddr)) ?? subnets.find(({ onLink }) => onLink);
  return { subnet, relay };
}

/** Option 82 belongs to the relay, and is sent back whatever it holds: one that cannot be read says nothing. */
function relayInformation(message: DhcpMessage): RelayAgentInformation {
  const data = message.options.get(DHCP_OPTION.relayAgentInformation);
  if (data === undefined) return {};
  try {
    return decodeRelayAgentInformation(data);
  } catch (error) {
    if (error instanceof DecodeError) return {};
    throw error;
  }
}

/** Raw options as bytes by code; the last one of a code counts. */
export function encodeRawOptions(options: readonly RawDhcpOption[]): DhcpOptions {
  return new Map(options.map((option) => [option.code, rawValue(option)]));
}

const rawOptions = ({ dhcpOptions = [] }: NetworkOptions): DhcpOptions => encodeRawOptions(dhcpOptions);

function rawValue(option: RawDhcpOption): Buffer {
  if ('hex' in option) return Buffer.from(option.hex, 'hex');
  if ('text' in option) return Buffer.from(option.text, 'latin1');
  return Buffer.concat(option.addresses.map(parseIpv4));
}
