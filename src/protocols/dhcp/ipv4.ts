import { DecodeError } from '../../foundation/errors.ts';

/** IPv4 addresses travel through the code as dotted quads without leading zeros: equal addresses are equal texts. */
export const NO_ADDRESS = '0.0.0.0';
export const LIMITED_BROADCAST = '255.255.255.255';

const QUAD = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** Writes four bytes as `10.0.0.1`. @param bytes 4 bytes; not kept */
export function formatIpv4(bytes: Buffer): string {
  if (bytes.length !== 4) throw new DecodeError(`IPv4 address: needs 4 bytes, has ${bytes.length}`);
  return `${bytes.readUInt8(0)}.${bytes.readUInt8(1)}.${bytes.readUInt8(2)}.${bytes.readUInt8(3)}`;
}

/** Reads `10.0.0.1` into four bytes. @throws DecodeError when it is not a dotted quad */
export function parseIpv4(text: string): Buffer {
  const match = QUAD.exec(text);
  const parts = match?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) {
    throw new DecodeError(`not an IPv4 address: ${JSON.stringify(text.slice(0, 40))}`);
  }
  return Buffer.from(parts);
}

/** The address as an unsigned 32-bit number, for ranges and masks. @throws DecodeError */
export function ipv4ToNumber(text: string): number {
  return parseIpv4(text).readUInt32BE(0);
}

export function ipv4FromNumber(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return formatIpv4(bytes);
}

/** Writes a hardware address as `52:54:00:77:00:01`. */
export function formatMac(bytes: Buffer): string {
  return bytes.toString('hex').replace(/(..)(?=.)/g, '$1:');
}

/** Reads `52:54:00:77:00:01`. @throws DecodeError when it is not six pairs of hexadecimal digits */
export function parseMac(text: string): Buffer {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) {
    throw new DecodeError(`not a MAC address: ${JSON.stringify(text.slice(0, 40))}`);
  }
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}
