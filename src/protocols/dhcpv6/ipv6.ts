import { DecodeError } from '../../foundation/errors.ts';

/**
 * IPv6 addresses travel through the code in the one spelling of RFC 5952, without a zone: equal addresses are equal texts.
 */
export const UNSPECIFIED_ADDRESS = '::';

/** A network by any address of it and the length of its prefix. */
export type Ipv6Prefix = { readonly address: string; readonly prefixLength: number };

/**
 * Writes sixteen bytes as RFC 5952 has it: lower case, no leading zeros, the first of the longest runs of two or more zero
 * groups as `::`, and the last 32 bits of an IPv4-mapped address as a dotted quad.
 * @param bytes 16 bytes; not kept
 * @see RFC 5952 §4 and §5
 */
export function formatIpv6(bytes: Buffer): string {
  if (bytes.length !== 16) throw new DecodeError(`IPv6 address: needs 16 bytes, has ${bytes.length}`);
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return `::ffff:${bytes.subarray(12).join('.')}`;
  const { start, length } = longestZeros(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}

/**
 * Reads any spelling of an IPv6 address into sixteen bytes; a zone (`%eth0`) is no part of it.
 * @throws DecodeError when it is not an address
 * @see RFC 4291 §2.2
 */
export function parseIpv6(text: string): Buffer {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) throw notIpv6(text);
  const before = groupsOf(head, text, tail === undefined);
  const after = tail === undefined ? [] : groupsOf(tail, text, true);
  const missing = 8 - before.length - after.length;
  // `::` stands for one group of zeros at least.
  if (tail === undefined ? missing !== 0 : missing < 1) throw notIpv6(text);
  const bytes = Buffer.alloc(16);
  for (const [index, group] of before.entries()) bytes.writeUInt16BE(group, index * 2);
  for (const [index, group] of after.entries()) bytes.writeUInt16BE(group, (8 - after.length + index) * 2);
  return bytes;
}

/** @param last the text ends the address, where a dotted quad may stand */
function groupsOf(part: string, whole: string, last: boolean): readonly number[] {
  if (part === '') return [];
  const words = part.split(':');
  return words.flatMap((word, index) => {
    if (last && index === words.length - 1 && word.includes('.')) return quadGroups(word, whole);
    if (!/^[0-9A-Fa-f]{1,4}$/.test(word)) throw notIpv6(whole);
    return [Number.parseInt(word, 16)];
  });
}

function quadGroups(quad: string, whole: string): readonly number[] {
  const octets = quad.split('.');
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) < 256))
    throw notIpv6(whole);
  const [a = 0, b = 0, c = 0, d = 0] = octets.map(Number);
  return [a * 256 + b, c * 256 + d];
}

const notIpv6 = (text: string): DecodeError =>
  new DecodeError(`not an IPv6 address: ${JSON.stringify(text.slice(0, 60))}`);

/** Whether the address lies in the network. */
export function inIpv6Prefix(address: string, { address: of, prefixLength }: Ipv6Prefix): boolean {
  return ipv6WithPrefix(parseIpv6(address), { address: of, prefixLength }) === formatIpv6(parseIpv6(address));
}

/** The address whose first bits are the network's and whose others are those of `bytes`. @param bytes 16; not changed */
export function ipv6WithPrefix(bytes: Buffer, { address, prefixLength }: Ipv6Prefix): string {
  const network = parseIpv6(address);
  const joined = Buffer.from(
    bytes.map((byte, index) => {
      const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
      const mask = (0xff00 >> bits) & 0xff;
      return ((network[index] ?? 0) & mask) | (byte & ~mask & 0xff);
    }),
  );
  return formatIpv6(joined);
}

/** `fd00:77::/64`: the network itself. */
export function formatIpv6Prefix(prefix: Ipv6Prefix): string {
  return `${ipv6WithPrefix(Buffer.alloc(16), prefix)}/${prefix.prefixLength}`;
}

/**
 * The address that a card makes of its MAC in a network of 64 bits, its link-local one too: modified EUI-64.
 * @param mac `52:54:00:77:00:01`
 * @see RFC 4291 §2.5.6 and appendix A; RFC 4862 §5.5.3
 */
export function eui64Address(mac: string, network: string): string {
  const hex = mac.replaceAll(':', '');
  const bytes = Buffer.from(`${'00'.repeat(8)}${hex.slice(0, 6)}fffe${hex.slice(6)}`, 'hex');
  bytes.writeUInt8(bytes.readUInt8(8) ^ 0x02, 8);
  return ipv6WithPrefix(bytes, { address: network, prefixLength: 64 });
}

/** The MAC that an address was made of by {@link eui64Address}; undefined when its lower half is something else. */
export function macOfEui64(address: string): string | undefined {
  const bytes = parseIpv6(address);
  if (bytes[11] !== 0xff || bytes[12] !== 0xfe) return undefined;
  const mac = Buffer.concat([bytes.subarray(8, 11), bytes.subarray(13)]);
  mac.writeUInt8(mac.readUInt8(0) ^ 0x02, 0);
  return mac.toString('hex').replace(/..(?!$)/g, '$&:');
}
