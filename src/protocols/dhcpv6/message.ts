import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { formatIpv6, parseIpv6 } from './ipv6.ts';
import {
  DHCPV6_OPTION,
  type Dhcpv6Options,
  decodeDhcpv6Options,
  dhcpv6Option,
  encodeDhcpv6Options,
  encodedDhcpv6OptionsLength,
} from './options.ts';

/** @see RFC 8415 §7.3 */
export const DHCPV6_MESSAGE_TYPE = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  rebind: 6,
  reply: 7,
  release: 8,
  decline: 9,
  reconfigure: 10,
  'information-request': 11,
  'relay-forward': 12,
  'relay-reply': 13,
} as const;
export type Dhcpv6MessageTypeName = keyof typeof DHCPV6_MESSAGE_TYPE;
export type Dhcpv6RelayTypeName = 'relay-forward' | 'relay-reply';

/** A link's relays and servers. @see RFC 8415 §7.1 */
export const ALL_DHCP_RELAY_AGENTS_AND_SERVERS = 'ff02::1:2';

/** Between a client and a server. */
export type Dhcpv6ClientMessage = {
  readonly type: Exclude<Dhcpv6MessageTypeName, Dhcpv6RelayTypeName>;
  /** 24 bits. */
  readonly transactionId: number;
  readonly options: Dhcpv6Options;
};

/** Between relay agents, or a relay agent and a server; the message of the client is in its option 9. */
export type Dhcpv6RelayMessage = {
  readonly type: Dhcpv6RelayTypeName;
  readonly hopCount: number;
  /** An address of the link that the client is on; `::` when a relay nearer to the client has told, or option 18 tells. */
  readonly linkAddress: string;
  /** Who the relay had the message from: the client, or the relay before. */
  readonly peerAddress: string;
  readonly options: Dhcpv6Options;
};

export type Dhcpv6Message = Dhcpv6ClientMessage | Dhcpv6RelayMessage;

/** What an Ethernet frame carries less IPv6 and UDP headers. */
export const LARGEST_DHCPV6_MESSAGE = 1452;

const TYPE_NAMES = new Map(
  Object.entries(DHCPV6_MESSAGE_TYPE).map(([name, value]) => [value as number, name as Dhcpv6MessageTypeName]),
);

/** Whether the message is one of a relay agent's. */
export function isRelayMessage(message: Dhcpv6Message): message is Dhcpv6RelayMessage {
  return isRelayType(message.type);
}

const isRelayType = (type: Dhcpv6MessageTypeName): type is Dhcpv6RelayTypeName =>
  type === 'relay-forward' || type === 'relay-reply';

/**
 * Reads a message.
 *   0 msg-type  1 transaction-id 3  4 options
 *   0 msg-type  1 hop-count  2 link-address 16  18 peer-address 16  34 options, of relay agents
 * @param data views into it are kept
 * @throws DecodeError when short, of an unknown type, or with an option that runs past the end
 * @see RFC 8415 §8 and §9
 */
export function decodeDhcpv6Message(data: Buffer): Dhcpv6Message {
  const r = new ByteReader(data);
  const value = r.u8('msg-type');
  const type = TYPE_NAMES.get(value);
  // RFC 8415 §16: a message of a type that is not known is discarded.
  if (type === undefined) throw new DecodeError(`msg-type: ${value} is not known`);
  if (!isRelayType(type)) {
    const transactionId = r.u8('transaction-id') * 0x1_0000 + r.u16be('transaction-id');
    return { type, transactionId, options: decodeDhcpv6Options(r.rest()) };
  }
  const hopCount = r.u8('hop-count');
  const linkAddress = formatIpv6(r.bytes(16, 'link-address'));
  const peerAddress = formatIpv6(r.bytes(16, 'peer-address'));
  return { type, hopCount, linkAddress, peerAddress, options: decodeDhcpv6Options(r.rest()) };
}

/** Writes a message of any length; how long one may be is for who sends it to know. @see RFC 8415 §8 and §9 */
export function encodeDhcpv6Message(message: Dhcpv6Message): Buffer {
  const w = new ByteWriter(encodedDhcpv6Length(message));
  w.u8(DHCPV6_MESSAGE_TYPE[message.type]);
  if (isRelayMessage(message)) {
    w.u8(message.hopCount).bytes(parseIpv6(message.linkAddress)).bytes(parseIpv6(message.peerAddress));
  } else {
    w.u8(message.transactionId >>> 16).u16be(message.transactionId & 0xffff);
  }
  encodeDhcpv6Options(message.options, w);
  return w.done();
}

/** Bytes of a message on the wire. */
export function encodedDhcpv6Length(message: Dhcpv6Message): number {
  return (isRelayMessage(message) ? 34 : 4) + encodedDhcpv6OptionsLength(message.options);
}

/**
 * The message inside a relay agent's.
 * @throws DecodeError when there is none, or it cannot be read
 * @see RFC 8415 §21.10
 */
export function relayedMessage(message: Dhcpv6RelayMessage): Dhcpv6Message {
  const inner = dhcpv6Option(message.options, DHCPV6_OPTION.relayMessage);
  if (inner === undefined) throw new DecodeError(`${message.type}: there is no message in it (option 9)`);
  return decodeDhcpv6Message(inner);
}

/** One line for logs: `solicit xid 0x1a2b3c options 1,3,6,8`. */
export function describeDhcpv6Message(message: Dhcpv6Message): string {
  const codes = message.options.map(({ code }) => code).join(',');
  if (!isRelayMessage(message)) return `${message.type} xid 0x${message.transactionId.toString(16)} options ${codes}`;
  const { type, hopCount, linkAddress, peerAddress } = message;
  return `${type} hop ${hopCount} link ${linkAddress} peer ${peerAddress} options ${codes}`;
}
