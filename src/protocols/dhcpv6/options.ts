import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../foundation/bytes/byte-writer.ts';

/** Option codes this service reads or writes. Others are kept by number. */
export const DHCPV6_OPTION = {
  clientIdentifier: 1, // RFC 8415 §21.2
  serverIdentifier: 2, // RFC 8415 §21.3
  iaNa: 3, // RFC 8415 §21.4
  iaTa: 4, // RFC 8415 §21.5
  iaAddress: 5, // RFC 8415 §21.6
  optionRequest: 6, // RFC 8415 §21.7
  preference: 7, // RFC 8415 §21.8
  elapsedTime: 8, // RFC 8415 §21.9
  relayMessage: 9, // RFC 8415 §21.10
  statusCode: 13, // RFC 8415 §21.13
  rapidCommit: 14, // RFC 8415 §21.14
  userClass: 15, // RFC 8415 §21.15
  vendorClass: 16, // RFC 8415 §21.16
  interfaceId: 18, // RFC 8415 §21.18
  dnsServers: 23, // RFC 3646 §3
  iaPd: 25, // RFC 8415 §21.21
  bootFileUrl: 59, // RFC 5970 §3.1
  bootFileParameters: 60, // RFC 5970 §3.2
  clientArchitecture: 61, // RFC 5970 §3.3
  clientNetworkInterface: 62, // RFC 5970 §3.4
  clientLinkLayerAddress: 79, // RFC 6939 §4
} as const;

export type Dhcpv6Option = { readonly code: number; readonly data: Buffer };

/** In the order of the message. Unlike in DHCPv4 several of one code are several: a client may ask for two IAs. */
export type Dhcpv6Options = readonly Dhcpv6Option[];

/**
 * Reads a field of options up to its end.
 *   0 code 2  2 length 2  4 data
 * @param field views into it are kept
 * @throws DecodeError when a length runs past the field
 * @see RFC 8415 §21.1
 */
export function decodeDhcpv6Options(field: Buffer): Dhcpv6Options {
  const reader = new ByteReader(field);
  const options: Dhcpv6Option[] = [];
  while (reader.left > 0) {
    const code = reader.u16be('option code');
    options.push({ code, data: reader.bytes(reader.u16be(`length of option ${code}`), `option ${code}`) });
  }
  return options;
}

/** Writes options in their order. */
export function encodeDhcpv6Options(options: Dhcpv6Options, writer: ByteWriter): void {
  for (const { code, data } of options) writer.u16be(code).u16be(data.length).bytes(data);
}

/** Bytes that {@link encodeDhcpv6Options} writes. */
export function encodedDhcpv6OptionsLength(options: Dhcpv6Options): number {
  return options.reduce((sum, { data }) => sum + 4 + data.length, 0);
}

/** The first option of a code. */
export function dhcpv6Option(options: Dhcpv6Options, code: number): Buffer | undefined {
  return options.find((option) => option.code === code)?.data;
}

/** All options of a code. */
export function dhcpv6OptionsOf(options: Dhcpv6Options, code: number): readonly Buffer[] {
  return options.filter((option) => option.code === code).map(({ data }) => data);
}
