import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { formatMac, ipv4FromNumber, ipv4ToNumber } from './ipv4.ts';
import { u8Option } from './option-values.ts';
import {
  DHCP_OPTION,
  type DhcpOptions,
  decodeDhcpOptions,
  encodeDhcpOptions,
  encodedOptionsLength,
} from './options.ts';

export const BOOTREQUEST = 1;
export const BOOTREPLY = 2;

/** Values of option 53. @see RFC 2132 §9.6 */
export const MESSAGE_TYPE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;
export type MessageTypeName = keyof typeof MESSAGE_TYPE;

/** Flag bit B: the client cannot receive unicast before its address is set. @see RFC 2131 §2, figure 2 */
export const BROADCAST_FLAG = 0x8000;

const MAGIC_COOKIE = 0x6382_5363;
/** BOOTP messages are at least this long, and some relays and ROMs drop shorter ones. @see RFC 1542 §2.1 */
const SMALLEST_MESSAGE = 300;
/** An Ethernet payload without IPv4 and UDP headers; EDK2 drops longer ones. */
export const LARGEST_MESSAGE = 1472;
/** @see IANA "Hardware Types": Ethernet, IEEE 802, Infiniband */
const INFINIBAND = 32;
const HARDWARE_TYPES = [1, 6, INFINIBAND];
const GUID_BYTES = 8;
/** An address there, which chaddr does not hold whole; some firmware says its length all the same. */
const INFINIBAND_BYTES = 20;
/** Fixed fields and the magic cookie. */
const OPTIONS_OFFSET = 240;

export type DhcpMessage = {
  readonly op: number;
  readonly htype: number;
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: string;
  readonly yiaddr: string;
  readonly siaddr: string;
  readonly giaddr: string;
  /** All 16 bytes of the field. */
  readonly chaddr: Buffer;
  /** Up to the first NUL, Latin-1; empty when the field carries options (overload). */
  readonly sname: string;
  readonly file: string;
  readonly options: DhcpOptions;
};

/**
 * Reads a DHCP message.
 *   0 op  1 htype  2 hlen  3 hops  4 xid  8 secs  10 flags  12 ciaddr  16 yiaddr  20 siaddr  24 giaddr
 *   28 chaddr 16  44 sname 64  108 file 128  236 magic cookie  240 options
 * @param data views into it are kept
 * @throws DecodeError when short, without the magic cookie, or with an option that runs past the end
 * @see RFC 2131 §2, figure 1; RFC 2132 §9.3 for overload
 */
export function decodeDhcpMessage(data: Buffer): DhcpMessage {
  const r = new ByteReader(data);
  const [op, htype, hlen, hops] = [r.u8('op'), r.u8('htype'), r.u8('hlen'), r.u8('hops')];
  const [xid, secs, flags] = [r.u32be('xid'), r.u16be('secs'), r.u16be('flags')];
  const [ciaddr, yiaddr] = [ipv4FromNumber(r.u32be('ciaddr')), ipv4FromNumber(r.u32be('yiaddr'))];
  const [siaddr, giaddr] = [ipv4FromNumber(r.u32be('siaddr')), ipv4FromNumber(r.u32be('giaddr'))];
  const chaddr = r.bytes(16, 'chaddr');
  const sname = r.bytes(64, 'sname');
  const file = r.bytes(128, 'file');
  const cookie = r.u32be('magic cookie');
  if (cookie !== MAGIC_COOKIE) throw new DecodeError(`magic cookie: 0x${cookie.toString(16)} is not DHCP`);
  if (hlen > 16 && hlen !== INFINIBAND_BYTES) throw new DecodeError(`hlen: ${hlen} is more than chaddr holds`);
  const options = decodeDhcpOptions(r.rest());
  const overload = u8Option(options, DHCP_OPTION.overload) ?? 0;
  // RFC 3396 §5: file before sname when both carry options.
  if ((overload & 1) !== 0) decodeDhcpOptions(file, options);
  if ((overload & 2) !== 0) decodeDhcpOptions(sname, options);
  return {
    ...{ op, htype, hlen, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr },
    chaddr,
    sname: (overload & 2) !== 0 ? '' : untilNul(sname),
    file: (overload & 1) !== 0 ? '' : untilNul(file),
    options,
  };
}

/**
 * Writes a DHCP message, padded to 300 bytes. It never overloads sname and file: old ROMs misread that.
 * @throws BugError when a name does not fit its field or the whole exceeds 1472 bytes
 * @see RFC 2131 §2
 */
export function encodeDhcpMessage(message: DhcpMessage): Buffer {
  const w = new ByteWriter(Math.min(encodedDhcpLength(message.options), LARGEST_MESSAGE));
  w.u8(message.op).u8(message.htype).u8(message.hlen).u8(message.hops);
  w.u32be(message.xid).u16be(message.secs).u16be(message.flags);
  w.u32be(ipv4ToNumber(message.ciaddr)).u32be(ipv4ToNumber(message.yiaddr));
  w.u32be(ipv4ToNumber(message.siaddr)).u32be(ipv4ToNumber(message.giaddr));
  w.fixed(message.chaddr, 16);
  // One byte short of the field, so that the receiver always finds a NUL.
  w.fixed(latin1(message.sname), 63).u8(0);
  w.fixed(latin1(message.file), 127).u8(0);
  w.u32be(MAGIC_COOKIE);
  encodeDhcpOptions(message.options, w);
  if (w.length < SMALLEST_MESSAGE) w.zeros(SMALLEST_MESSAGE - w.length);
  return w.done();
}

/** Bytes that a message with these options has on the wire. */
export function encodedDhcpLength(options: DhcpOptions): number {
  return Math.max(SMALLEST_MESSAGE, OPTIONS_OFFSET + encodedOptionsLength(options));
}

/**
 * The client's address in the form of Ethernet's; undefined for hardware without one. A card for Infiniband is known by the middle
 * of its port's GUID left out, as makers print it beside the GUID: chaddr has room for the GUID, not for the 20 bytes of an
 * address there, so clients send eight bytes, or six that they made themselves, or none and the address in option 61.
 * @see RFC 2131 §2; RFC 4390 §2.1 (hlen 0 and option 61 over Infiniband)
 */
export function macOf({ htype, hlen, chaddr, options }: DhcpMessage): string | undefined {
  if (!HARDWARE_TYPES.includes(htype)) return undefined;
  if (hlen === 6) return formatMac(chaddr.subarray(0, 6));
  if (htype !== INFINIBAND) return undefined;
  if (hlen === GUID_BYTES) return macOfGuid(chaddr.subarray(0, GUID_BYTES));
  const identifier = options.get(DHCP_OPTION.clientIdentifier);
  if ((hlen !== 0 && hlen !== INFINIBAND_BYTES) || identifier === undefined) return undefined;
  // An address ends with the GUID: by itself behind the hardware type, or in a DUID (RFC 4361 §6.1).
  const named = identifier.length > GUID_BYTES && [INFINIBAND, 0xff].includes(identifier[0] ?? 0);
  return named ? macOfGuid(identifier.subarray(-GUID_BYTES)) : undefined;
}

function macOfGuid(guid: Buffer): string {
  return formatMac(Buffer.concat([guid.subarray(0, 3), guid.subarray(5)]));
}

/** The message type by name; undefined for plain BOOTP and for types that clients and servers do not exchange. */
export function messageTypeOf(message: DhcpMessage): MessageTypeName | undefined {
  const value = u8Option(message.options, DHCP_OPTION.messageType);
  return TYPE_NAMES.find((name) => MESSAGE_TYPE[name] === value);
}

const TYPE_NAMES: readonly MessageTypeName[] = [
  'discover',
  'offer',
  'request',
  'decline',
  'ack',
  'nak',
  'release',
  'inform',
];

/** One line for logs: `discover xid 0x1a2b 52:54:00:77:00:01 ciaddr 0.0.0.0 … options 53,55,60`. */
export function describeDhcpMessage(message: DhcpMessage): string {
  const type = messageTypeOf(message) ?? (message.op === BOOTREPLY ? 'bootp-reply' : 'bootp-request');
  const { ciaddr, yiaddr, siaddr, giaddr } = message;
  const file = message.file === '' ? '' : ` file ${JSON.stringify(message.file)}`;
  const mac = formatMac(message.chaddr.subarray(0, Math.min(message.hlen, 16)));
  const codes = [...message.options.keys()].join(',');
  return `${type} xid 0x${message.xid.toString(16)} ${mac} ciaddr ${ciaddr} yiaddr ${yiaddr} siaddr ${siaddr} giaddr ${giaddr}${file} options ${codes}`;
}

const NOTHING = Buffer.alloc(0);
const latin1 = (text: string): Buffer => (text === '' ? NOTHING : Buffer.from(text, 'latin1'));

function untilNul(field: Buffer): string {
  const end = field.indexOf(0);
  return end === 0 ? '' : field.toString('latin1', 0, end === -1 ? field.length : end);
}
