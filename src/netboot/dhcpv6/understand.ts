import { DecodeError } from '../../foundation/errors.ts';
import { decodeDuid, linkLayerMac, macOfDuid } from '../../protocols/dhcpv6/duid.ts';
import { inIpv6Prefix, macOfEui64 } from '../../protocols/dhcpv6/ipv6.ts';
import {
  type Dhcpv6ClientMessage,
  type Dhcpv6RelayMessage,
  decodeDhcpv6Message,
  describeDhcpv6Message,
  isRelayMessage,
  relayedMessage,
} from '../../protocols/dhcpv6/message.ts';
import {
  decodeClientLinkLayerAddress,
  decodeLengthPrefixed,
  decodeU16s,
  decodeVendorClass,
} from '../../protocols/dhcpv6/option-values.ts';
import { DHCPV6_OPTION, type Dhcpv6Options, dhcpv6Option } from '../../protocols/dhcpv6/options.ts';
import { bootClientOf } from '../../protocols/pxe/client.ts';
import { machineIdentifiersOf } from '../../protocols/pxe/machine-identifier.ts';
import type { BootQuestion } from '../dhcp/boot-question.ts';

const CLIENT_TYPES = [
  'solicit',
  'request',
  'confirm',
  'renew',
  'rebind',
  'release',
  'decline',
  'information-request',
] as const;
/** Messages that clients send. */
export type Dhcpv6ClientType = (typeof CLIENT_TYPES)[number];

/** A request as the policy asks about it; which of the MACs is the machine's is for the inventory to say. */
export type Dhcpv6Request = Omit<BootQuestion, 'mac'> & {
  readonly type: Dhcpv6ClientType;
  readonly message: Dhcpv6ClientMessage;
  /** The relay agents' messages around it, the one next to us first. */
  readonly relays: readonly Dhcpv6RelayMessage[];
  /** Options 1 and 2 as they came. */
  readonly clientId: Buffer | undefined;
  readonly serverId: Buffer | undefined;
  /** Network cards that it may have come from, the likeliest first; one at least. */
  readonly macs: readonly [string, ...string[]];
  /** By whose numbers the client's vendor class speaks; undefined when it sent none. */
  readonly enterpriseNumber: number | undefined;
  /** Codes of the options that the client asks for (option 6). */
  readonly requested: readonly number[];
};

/** Why a datagram is dropped without an answer; the counter's label. */
export type Dhcpv6DropReason =
  | 'oversized'
  | 'malformed'
  | 'not-a-request'
  | 'hops'
  | 'no-client-id'
  | 'no-server-id'
  | 'server-id'
  | 'identity-association'
  | 'not-ethernet';

/** An Ethernet frame's payload. */
const LARGEST_REQUEST = 1500;
/** HOP_COUNT_LIMIT. @see RFC 8415 §7.6 */
const MOST_RELAYS = 8;

/**
 * Decodes a datagram into what the policy asks about, or says why it is dropped. Never throws for a remote's bytes.
 * @param source the address it came from, without a zone
 */
export function understandDhcpv6(data: Buffer, source: string): Dhcpv6Request | Dhcpv6DropReason {
  if (data.length > LARGEST_REQUEST) return 'oversized';
  try {
    const relays: Dhcpv6RelayMessage[] = [];
    let message = decodeDhcpv6Message(data);
    while (isRelayMessage(message)) {
      if (message.type !== 'relay-forward') return 'not-a-request';
      if (relays.length === MOST_RELAYS) return 'hops';
      relays.push(message);
      message = relayedMessage(message);
    }
    const { type } = message;
    if (!isClientType(type)) return 'not-a-request';
    const clientId = dhcpv6Option(message.options, DHCPV6_OPTION.clientIdentifier);
    const serverId = dhcpv6Option(message.options, DHCPV6_OPTION.serverIdentifier);
    const invalid = whyInvalid(type, clientId, serverId, message.options);
    if (invalid !== undefined) return invalid;
    const duid = clientId === undefined ? undefined : decodeDuid(clientId);
    const heard = relays.at(-1)?.peerAddress ?? source;
    const found = [
      relayedMac(relays),
      inIpv6Prefix(heard, { address: 'fe80::', prefixLength: 10 }) ? macOfEui64(heard) : undefined,
      duid === undefined ? undefined : macOfDuid(duid),
    ];
    const [mac, ...more] = new Set(found.filter((each) => each !== undefined));
    if (mac === undefined) return 'not-ethernet';
    const spoken = message;
    const about = clientOf(message.options);
    const uuids = duid?.kind === 'uuid' ? machineIdentifiersOf(Buffer.from(duid.uuid.replaceAll('-', ''), 'hex')) : [];
    return {
      ...{ type, message, relays, clientId, serverId, macs: [mac, ...more] },
      ...about,
      // EDK2 writes it as SMBIOS has it, iPXE as RFC 6355 §4 wants it: in the order of the network.
      uuids: about.client.loader === 'ipxe' ? uuids.toReversed() : uuids,
      requested: u16s(message.options, DHCPV6_OPTION.optionRequest) ?? [],
      describe: () => describeDhcpv6Message(spoken),
    };
  } catch (error) {
    if (error instanceof DecodeError) return 'malformed';
    throw error;
  }
}

/** @see RFC 8415 §16: what makes a server discard a message */
function whyInvalid(
  type: Dhcpv6ClientType,
  clientId: Buffer | undefined,
  serverId: Buffer | undefined,
  options: Dhcpv6Options,
): Dhcpv6DropReason | undefined {
  if (type === 'information-request') {
    const associations = [DHCPV6_OPTION.iaNa, DHCPV6_OPTION.iaTa, DHCPV6_OPTION.iaPd];
    return associations.some((code) => dhcpv6Option(options, code) !== undefined) ? 'identity-association' : undefined;
  }
  if (clientId === undefined) return 'no-client-id';
  const toAnyServer = type === 'solicit' || type === 'confirm' || type === 'rebind';
  if (toAnyServer) return serverId === undefined ? undefined : 'server-id';
  return serverId === undefined ? 'no-server-id' : undefined;
}

/** What the relay next to the client saw of it. @see RFC 6939 §5 */
function relayedMac(relays: readonly Dhcpv6RelayMessage[]): string | undefined {
  const data = dhcpv6Option(relays.at(-1)?.options ?? [], DHCPV6_OPTION.clientLinkLayerAddress);
  if (data === undefined) return undefined;
  const { hardwareType, address } = decodeClientLinkLayerAddress(data);
  return linkLayerMac(hardwareType, address);
}

function clientOf(options: Dhcpv6Options): Pick<Dhcpv6Request, 'client' | 'vendorClass' | 'enterpriseNumber'> {
  const data = dhcpv6Option(options, DHCPV6_OPTION.vendorClass);
  const vendor = data === undefined ? undefined : decodeVendorClass(data);
  const text = vendor?.classes[0]?.toString('latin1') ?? '';
  const { kind, vendorClass, architectures, userClasses } = bootClientOf(
    text,
    u16s(options, DHCPV6_OPTION.clientArchitecture),
    userClassesOf(options),
  );
  return {
    client: {
      client: kind,
      architectures,
      board: null,
      loader: userClasses.includes('iPXE') ? 'ipxe' : 'firmware',
      // iPXE has no such option in DHCPv6 (src/net/udp/dhcpv6.c).
      features: null,
    },
    vendorClass,
    enterpriseNumber: vendor?.enterpriseNumber,
  };
}

/** Some clients send the bare text, as iPXE does in DHCPv4. */
function userClassesOf(options: Dhcpv6Options): readonly string[] {
  const data = dhcpv6Option(options, DHCPV6_OPTION.userClass);
  if (data === undefined) return [];
  try {
    return decodeLengthPrefixed(data, 'user-class-data').map((part) => part.toString('latin1'));
  } catch (error) {
    if (error instanceof DecodeError) return [data.toString('latin1')];
    throw error;
  }
}

function u16s(options: Dhcpv6Options, code: number): readonly number[] | undefined {
  const data = dhcpv6Option(options, code);
  return data === undefined ? undefined : decodeU16s(data, `option ${code}`);
}

function isClientType(type: Dhcpv6ClientMessage['type']): type is Dhcpv6ClientType {
  return CLIENT_TYPES.some((each) => each === type);
}
