import { DecodeError } from '../../foundation/errors.ts';
import { formatIpv4, parseIpv4 } from './ipv4.ts';
import type { DhcpOptions } from './options.ts';

/**
 * Typed reading of option values. Each returns `undefined` when the option is absent and throws when it is there with
 * a length its definition forbids, so that a wrong option is never mistaken for an absent one.
 */

export function u8Option(options: DhcpOptions, code: number): number | undefined {
  return fixed(options, code, 1)?.readUInt8(0);
}

export function u16Option(options: DhcpOptions, code: number): number | undefined {
  return fixed(options, code, 2)?.readUInt16BE(0);
}

export function u32Option(options: DhcpOptions, code: number): number | undefined {
  return fixed(options, code, 4)?.readUInt32BE(0);
}

export function addressOption(options: DhcpOptions, code: number): string | undefined {
  const data = fixed(options, code, 4);
  return data === undefined ? undefined : formatIpv4(data);
}

/** One or more addresses. @throws DecodeError when empty or not a multiple of four bytes */
export function addressesOption(options: DhcpOptions, code: number): readonly string[] | undefined {
  const data = options.get(code);
  if (data === undefined) return undefined;
  if (data.length === 0 || data.length % 4 !== 0) throw wrongLength(code, data, 'a multiple of 4');
  return Array.from({ length: data.length / 4 }, (_, index) => formatIpv4(data.subarray(index * 4, index * 4 + 4)));
}

/** A list of unsigned 16-bit values. @throws DecodeError when empty or odd */
export function u16sOption(options: DhcpOptions, code: number): readonly number[] | undefined {
  const data = options.get(code);
  if (data === undefined) return undefined;
  if (data.length === 0 || data.length % 2 !== 0) throw wrongLength(code, data, 'a multiple of 2');
  return Array.from({ length: data.length / 2 }, (_, index) => data.readUInt16BE(index * 2));
}

/**
 * Text, without the NUL that some senders end it with (RFC 2132 §2 tells receivers to expect and drop it).
 * Latin-1, since every byte has a character there and boot ROMs send no encoding.
 */
export function textOption(options: DhcpOptions, code: number): string | undefined {
  return options.get(code)?.toString('latin1').replace(/\0+$/, '');
}

export const u8Value = (value: number): Buffer => Buffer.from([value]);

export function u16Value(value: number): Buffer {
  const data = Buffer.alloc(2);
  data.writeUInt16BE(value);
  return data;
}

export function u32Value(value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeUInt32BE(value);
  return data;
}

export const addressesValue = (addresses: readonly string[]): Buffer => Buffer.concat(addresses.map(parseIpv4));

export const textValue = (text: string): Buffer => Buffer.from(text, 'latin1');

function fixed(options: DhcpOptions, code: number, length: number): Buffer | undefined {
  const data = options.get(code);
  if (data !== undefined && data.length !== length) throw wrongLength(code, data, String(length));
  return data;
}

function wrongLength(code: number, data: Buffer, expected: string): DecodeError {
  return new DecodeError(`DHCP option ${code}: ${data.length} bytes, expected ${expected}`);
}
