import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { formatIpv6, parseIpv6 } from './ipv6.ts';
import {
  DHCPV6_OPTION,
  type Dhcpv6Options,
  decodeDhcpv6Options,
  dhcpv6OptionsOf,
  encodeDhcpv6Options,
  encodedDhcpv6OptionsLength,
} from './options.ts';

/** Option 3: what a client has one set of addresses for, usually a network card. */
export type IaNa = {
  /** The client's own number for it. */
  readonly iaid: number;
  /** When to renew and when to rebind, seconds; 0 leaves it to the client. */
  readonly t1: number;
  readonly t2: number;
  /** Addresses (option 5) and a status (option 13). */
  readonly options: Dhcpv6Options;
};

/** Option 5: an address in an identity association, with its lifetimes in seconds; 0xffffffff is for ever. */
export type IaAddress = {
  readonly address: string;
  readonly preferredLifetime: number;
  readonly validLifetime: number;
  readonly options: Dhcpv6Options;
};

/**
 * Reads the value of option 3.
 *   0 IAID 4  4 T1 4  8 T2 4  12 options
 * @param data views into it are kept
 * @throws DecodeError when short, or with an option that runs past the end
 * @see RFC 8415 §21.4
 */
export function decodeIaNa(data: Buffer): IaNa {
  const r = new ByteReader(data);
  const head = { iaid: r.u32be('IAID'), t1: r.u32be('T1'), t2: r.u32be('T2') };
  return { ...head, options: decodeDhcpv6Options(r.rest()) };
}

/** Writes the value of option 3. */
export function encodeIaNa({ iaid, t1, t2, options }: IaNa): Buffer {
  const w = new ByteWriter(12 + encodedDhcpv6OptionsLength(options));
  w.u32be(iaid).u32be(t1).u32be(t2);
  encodeDhcpv6Options(options, w);
  return w.done();
}

/**
 * Reads the value of option 5.
 *   0 address 16  16 preferred lifetime 4  20 valid lifetime 4  24 options
 * @param data views into it are kept
 * @throws DecodeError when short, or with an option that runs past the end
 * @see RFC 8415 §21.6
 */
export function decodeIaAddress(data: Buffer): IaAddress {
  const r = new ByteReader(data);
  const address = formatIpv6(r.bytes(16, 'IPv6 address'));
  const times = { preferredLifetime: r.u32be('preferred lifetime'), validLifetime: r.u32be('valid lifetime') };
  return { address, ...times, options: decodeDhcpv6Options(r.rest()) };
}

/** Writes the value of option 5. */
export function encodeIaAddress({ address, preferredLifetime, validLifetime, options }: IaAddress): Buffer {
  const w = new ByteWriter(24 + encodedDhcpv6OptionsLength(options));
  w.bytes(parseIpv6(address)).u32be(preferredLifetime).u32be(validLifetime);
  encodeDhcpv6Options(options, w);
  return w.done();
}

/** The addresses of an identity association. @throws DecodeError when one cannot be read */
export function addressesOfIa({ options }: Pick<IaNa, 'options'>): readonly IaAddress[] {
  return dhcpv6OptionsOf(options, DHCPV6_OPTION.iaAddress).map(decodeIaAddress);
}
