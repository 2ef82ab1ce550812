import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { formatIpv6, parseIpv6 } from './ipv6.ts';
import { DHCPV6_OPTION, type Dhcpv6Option } from './options.ts';

/** Values of option 13. @see RFC 8415 §21.13 */
export const DHCPV6_STATUS = {
  success: 0,
  unspecFail: 1,
  noAddrsAvail: 2,
  noBinding: 3,
  notOnLink: 4,
  useMulticast: 5,
  noPrefixAvail: 6,
} as const;
export type Dhcpv6StatusName = keyof typeof DHCPV6_STATUS;

/** Option 13: a status and a text for people, UTF-8. @see RFC 8415 §21.13 */
export type StatusCode = { readonly status: number; readonly message: string };

/** Reads the value of option 13. @throws DecodeError when shorter than 2 bytes */
export function decodeStatusCode(data: Buffer): StatusCode {
  const r = new ByteReader(data);
  return { status: r.u16be('status-code'), message: r.rest().toString('utf8') };
}

export function encodeStatusCode({ status, message }: StatusCode): Buffer {
  return Buffer.concat([u16sValue([status]), Buffer.from(message, 'utf8')]);
}

/**
 * Reads a list of 16-bit values: options asked for (6), architectures of the client, its best first (61).
 * @throws DecodeError when it is odd
 * @see RFC 8415 §21.7, RFC 5970 §3.3
 */
export function decodeU16s(data: Buffer, what: string): readonly number[] {
  if (data.length % 2 !== 0) throw new DecodeError(`${what}: ${data.length} bytes, expected a multiple of 2`);
  return Array.from({ length: data.length / 2 }, (_, index) => data.readUInt16BE(index * 2));
}

export function u16sValue(values: readonly number[]): Buffer {
  const data = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) data.writeUInt16BE(value, index * 2);
  return data;
}

/** Reads a list of addresses (option 23). @throws DecodeError when not a multiple of 16 bytes @see RFC 3646 §3 */
export function decodeAddresses(data: Buffer, what: string): readonly string[] {
  if (data.length % 16 !== 0) throw new DecodeError(`${what}: ${data.length} bytes, expected a multiple of 16`);
  return Array.from({ length: data.length / 16 }, (_, index) => formatIpv6(data.subarray(index * 16, index * 16 + 16)));
}

export const ipv6AddressesValue = (addresses: readonly string[]): Buffer => Buffer.concat(addresses.map(parseIpv6));

/**
 * Reads texts with two bytes of length before each: classes of option 15, the parameters of option 60.
 * @throws DecodeError when a length runs past the end
 * @see RFC 8415 §21.15, RFC 5970 §3.2
 */
export function decodeLengthPrefixed(data: Buffer, what: string): readonly Buffer[] {
  const r = new ByteReader(data);
  const parts: Buffer[] = [];
  while (r.left > 0) parts.push(r.bytes(r.u16be(`length of ${what}`), what));
  return parts;
}

export function encodeLengthPrefixed(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts.flatMap((part) => [u16sValue([part.length]), part]));
}

/** Option 16: what the hardware is, in words of the enterprise that the number names. @see RFC 8415 §21.16 */
export type VendorClass = { readonly enterpriseNumber: number; readonly classes: readonly Buffer[] };

/** Reads the value of option 16. @throws DecodeError when short, or a length runs past the end */
export function decodeVendorClass(data: Buffer): VendorClass {
  const r = new ByteReader(data);
  return {
    enterpriseNumber: r.u32be('enterprise-number'),
    classes: decodeLengthPrefixed(r.rest(), 'vendor-class-data'),
  };
}

export function encodeVendorClass({ enterpriseNumber, classes }: VendorClass): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(enterpriseNumber);
  return Buffer.concat([head, encodeLengthPrefixed(classes)]);
}

/** Option 79: the client's address on its link, as its relay agent saw it. @see RFC 6939 §4 */
export type ClientLinkLayerAddress = { readonly hardwareType: number; readonly address: Buffer };

/** Reads the value of option 79. @throws DecodeError when shorter than 2 bytes */
export function decodeClientLinkLayerAddress(data: Buffer): ClientLinkLayerAddress {
  const r = new ByteReader(data);
  return { hardwareType: r.u16be('link-layer type'), address: r.rest() };
}

export function encodeClientLinkLayerAddress({ hardwareType, address }: ClientLinkLayerAddress): Buffer {
  return Buffer.concat([u16sValue([hardwareType]), address]);
}

/** Option 62: the kind and version of the client's network interface. @see RFC 5970 §3.4 */
export type NetworkInterfaceIdentifier = { readonly type: number; readonly major: number; readonly minor: number };

/** Reads the value of option 62. @throws DecodeError when it has not 3 bytes */
export function decodeNetworkInterfaceIdentifier(data: Buffer): NetworkInterfaceIdentifier {
  const r = new ByteReader(data);
  const value = { type: r.u8('NII type'), major: r.u8('NII major'), minor: r.u8('NII minor') };
  r.end('network interface identifier');
  return value;
}

export const encodeNetworkInterfaceIdentifier = (value: NetworkInterfaceIdentifier): Buffer =>
  Buffer.from([value.type, value.major, value.minor]);

/** Hundredths of a second since the client began, up to 655.35 s (option 8). @throws DecodeError @see RFC 8415 §21.9 */
export function decodeElapsedTime(data: Buffer): number {
  const r = new ByteReader(data);
  const elapsed = r.u16be('elapsed-time');
  r.end('elapsed-time');
  return elapsed;
}

/** A status as an option. */
export function statusOption(name: Dhcpv6StatusName, message: string): Dhcpv6Option {
  return { code: DHCPV6_OPTION.statusCode, data: encodeStatusCode({ status: DHCPV6_STATUS[name], message }) };
}
