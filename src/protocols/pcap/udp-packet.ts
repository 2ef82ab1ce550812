import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { formatAddress, ipAddressBytes } from './ip-address.ts';

export type UdpEndpoint = { readonly address: string; readonly port: number };

/** A datagram with the addresses it went between. */
export type UdpPacket = { readonly from: UdpEndpoint; readonly to: UdpEndpoint; readonly data: Buffer };

const UDP = 17;
const UDP_HEADER = 8;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const TTL = 64;
/** What a length field of 16 bits leaves for the payload. */
const LARGEST_DATA = 0xffff - UDP_HEADER - IPV4_HEADER;

/**
 * Writes a datagram with IP and UDP headers made of its addresses. Addresses of the two families are never mixed.
 * @param keep bytes of the payload that are written; lengths and checksum are those of the whole
 * @returns the packet's beginning, and its length on the wire
 * @throws DecodeError when an address is none, or the payload is larger than a datagram can be
 * @see RFC 791 §3.1, RFC 8200 §3, RFC 768
 */
export function encodeUdpPacket(
  { from, to, data }: UdpPacket,
  keep: number = data.length,
): { readonly packet: Buffer; readonly originalLength: number } {
  if (data.length > LARGEST_DATA) throw new DecodeError(`${data.length} bytes are no datagram`);
  const [source, destination] = [ipAddressBytes(from.address), ipAddressBytes(to.address)];
  if (source.length !== destination.length)
    throw new DecodeError(`${from.address} and ${to.address} are of two families`);
  const length = UDP_HEADER + data.length;
  const kept = data.subarray(0, keep);
  const head = source.length === 4 ? ipv4Header(source, destination, length) : ipv6Header(source, destination, length);
  const w = new ByteWriter(head.length + UDP_HEADER + kept.length);
  w.bytes(head).u16be(from.port).u16be(to.port).u16be(length).u16be(0).bytes(kept);
  const sum = onesSum(
    data,
    onesSum(w.view(head.length, head.length + UDP_HEADER), pseudoSum(source, destination, length)),
  );
  // RFC 768: a sum of zero is sent as all ones, since zero says that there is none.
  w.patchU16be(head.length + 6, ~folded(sum) & 0xffff || 0xffff);
  return { packet: w.done(), originalLength: head.length + length };
}

/**
 * Reads a packet of {@link encodeUdpPacket}, whole or cut within its payload.
 * @throws DecodeError when it is none, has options or extension headers, or a wrong checksum
 */
export function decodeUdpPacket(packet: Buffer): UdpPacket & { readonly whole: boolean } {
  const r = new ByteReader(packet);
  const version = r.u8('version') >> 4;
  const { source, destination } = version === 4 ? readIpv4(r, packet) : readIpv6(r, version);
  const header = r.bytes(UDP_HEADER, 'UDP header');
  const length = header.readUInt16BE(4);
  const data = r.rest();
  if (data.length > length - UDP_HEADER) throw new DecodeError(`UDP length ${length} is less than there is`);
  const whole = data.length === length - UDP_HEADER;
  if (whole && folded(onesSum(data, onesSum(header, pseudoSum(source, destination, length)))) !== 0xffff)
    throw new DecodeError('UDP checksum is wrong');
  return {
    from: { address: formatAddress(source), port: header.readUInt16BE(0) },
    to: { address: formatAddress(destination), port: header.readUInt16BE(2) },
    data,
    whole,
  };
}

function ipv4Header(source: Buffer, destination: Buffer, length: number): Buffer {
  const w = new ByteWriter(IPV4_HEADER);
  w.u8(0x45)
    .u8(0)
    .u16be(IPV4_HEADER + length);
  w.u16be(0).u16be(0).u8(TTL).u8(UDP).u16be(0).bytes(source).bytes(destination);
  w.patchU16be(10, ~folded(onesSum(w.view(0), 0)) & 0xffff);
  return w.done();
}

function ipv6Header(source: Buffer, destination: Buffer, length: number): Buffer {
  const w = new ByteWriter(IPV6_HEADER);
  return w.u32be(0x6000_0000).u16be(length).u8(UDP).u8(TTL).bytes(source).bytes(destination).done();
}

type Ends = { readonly source: Buffer; readonly destination: Buffer };

function readIpv4(r: ByteReader, packet: Buffer): Ends {
  if (packet[0] !== 0x45) throw new DecodeError('IPv4 options are not read');
  r.bytes(8, 'IPv4 header');
  const protocol = r.u8('protocol');
  if (protocol !== UDP) throw new DecodeError(`IP protocol ${protocol} is not UDP`);
  r.bytes(2, 'header checksum');
  const ends = { source: r.bytes(4, 'source'), destination: r.bytes(4, 'destination') };
  if (folded(onesSum(packet.subarray(0, IPV4_HEADER), 0)) !== 0xffff) throw new DecodeError('IPv4 checksum is wrong');
  return ends;
}

function readIpv6(r: ByteReader, version: number): Ends {
  if (version !== 6) throw new DecodeError(`IP version ${version} does not exist`);
  r.bytes(5, 'traffic class, flow label and length');
  const protocol = r.u8('next header');
  if (protocol !== UDP) throw new DecodeError(`next header ${protocol} is not UDP`);
  r.u8('hop limit');
  return { source: r.bytes(16, 'source'), destination: r.bytes(16, 'destination') };
}

/** @see RFC 768, RFC 8200 §8.1: addresses, protocol and length; the order of the words does not matter to the sum */
function pseudoSum(source: Buffer, destination: Buffer, length: number): number {
  return onesSum(source, onesSum(destination, UDP + length));
}

/** Adds 16-bit words, a last odd byte as the upper half of one. @see RFC 1071 §1 */
function onesSum(data: Buffer, before: number): number {
  let sum = before;
  const even = data.length & ~1;
  for (let at = 0; at < even; at += 2) sum += ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
  return even === data.length ? sum : sum + ((data[even] ?? 0) << 8);
}

function folded(sum: number): number {
  let value = sum;
  while (value > 0xffff) value = (value & 0xffff) + Math.floor(value / 0x1_0000);
  return value;
}
