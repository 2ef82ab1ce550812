import { DecodeError } from '../../foundation/errors.ts';

/** IPv4 addresses travel through the code as dotted quads without leading zeros: equal addresses are equal texts. */
export const NO_ADDRESS = '0.0.0.0';
export const LIMITED_BROADCAST = '255.255.255.255';

/** Writes four bytes as `10.0.0.1`. @param bytes 4 bytes; not kept */
export function formatIpv4(bytes: Buffer): string {
  if (bytes.length !== 4) throw new DecodeError(`IPv4 address: needs 4 bytes, has ${bytes.length}`);
  return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
}

/** Reads `10.0.0.1` into four bytes. @throws DecodeError when it is not a dotted quad */
export function parseIpv4(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(ipv4ToNumber(text));
  return bytes;
}

const [ZERO, NINE, DOT] = [0x30, 0x39, 0x2e];

/**
 * The address as an unsigned 32-bit number, for ranges and masks. By hand, since every reply writes several.
 * @throws DecodeError when it is not a dotted quad without leading zeros
 */
export function ipv4ToNumber(text: string): number {
  let [value, part, digits, dots] = [0, 0, 0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || dots === 3) throw notIpv4(text);
      value = value * 256 + part;
      [part, digits] = [0, 0];
      dots += 1;
      continue;
    }
    if (code < ZERO || code > NINE || (digits > 0 && part === 0)) throw notIpv4(text);
    part = part * 10 + code - ZERO;
    digits += 1;
    if (part > 255) throw notIpv4(text);
  }
  if (dots !== 3 || digits === 0) throw notIpv4(text);
  return value * 256 + part;
}

export function ipv4FromNumber(value: number): string {
  // Most fields of most messages.
  if (value === 0) return NO_ADDRESS;
  return `${(value >>> 24) & 255}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function notIpv4(text: string): DecodeError {
  return new DecodeError(`not an IPv4 address: ${JSON.stringify(text.slice(0, 40))}`);
}

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));

/** Writes a hardware address as `52:54:00:77:00:01`. */
export function formatMac(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += (at === 0 ? '' : ':') + HEX[bytes[at] ?? 0];
  return text;
}

/** Reads `52:54:00:77:00:01`. @throws DecodeError when it is not six pairs of hexadecimal digits */
export function parseMac(text: string): Buffer {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) {
    throw new DecodeError(`not a MAC address: ${JSON.stringify(text.slice(0, 40))}`);
  }
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}
