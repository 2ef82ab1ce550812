import { DecodeError } from '../../foundation/errors.ts';

/**
 * Reads an address of either family: `10.0.0.1`, `fe80::1`, a zone (`%eth0`) left out.
 * @returns 4 or 16 bytes
 * @throws DecodeError when it is none
 * @see RFC 4291 §2.2
 */
export function ipAddressBytes(text: string): Buffer {
  const plain = text.split('%', 1)[0] ?? '';
  return plain.includes(':') ? ipv6Bytes(plain) : ipv4Bytes(plain);
}

/** Writes 4 bytes as a dotted quad, 16 as eight groups without shortening. */
export function formatAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  return Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':');
}

function ipv4Bytes(text: string): Buffer {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const parts = (match ?? []).slice(1).map(Number);
  if (match === null || parts.some((part) => part > 255)) throw notAddress(text);
  return Buffer.from(parts);
}

function ipv6Bytes(text: string): Buffer {
  // An IPv4 address may stand for the last two groups.
  const dotted = /^(.*:)([0-9.]+)$/.exec(text);
  const quad = dotted?.[2]?.includes('.') === true ? ipv4Bytes(dotted[2]) : undefined;
  const plain =
    quad === undefined
      ? text
      : `${dotted?.[1]}${quad.readUInt16BE(0).toString(16)}:${quad.readUInt16BE(2).toString(16)}`;
  const [left = '', right, ...more] = plain.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const missing = 8 - head.length - tail.length;
  const fits = right === undefined ? missing === 0 : missing >= 1;
  const groups = [...head, ...Array<string>(Math.max(0, missing)).fill('0'), ...tail];
  if (more.length > 0 || !fits || !groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) throw notAddress(text);
  const bytes = Buffer.alloc(16);
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  return bytes;
}

function notAddress(text: string): DecodeError {
  return new DecodeError(`not an IP address: ${JSON.stringify(text.slice(0, 50))}`);
}
