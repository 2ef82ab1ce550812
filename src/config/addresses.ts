import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';

/** An IPv4 interface address with the length of its network's prefix. */
export type InterfaceAddress = { readonly address: string; readonly prefixLength: number };

export const ipv4 = z.string().refine(isIPv4, { error: 'is not an IPv4 address like 192.0.2.10' }).meta({
  format: 'ipv4',
});

/** Lower case with colons comes out; dashes and upper case may go in. */
export const macAddress = z
  .string()
  .regex(/^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$/, { error: 'is not a MAC address like 52:54:00:12:34:56' })
  .refine((text) => !isGroupMac(text), {
    error: 'is a group (multicast) address, or all zeros: give the address of a network card',
  })
  .transform((text) => text.toLowerCase().replaceAll('-', ':'));

/** Host names as RFC 1123 §2.1 has them. */
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

export const host = z
  .string()
  // Digits and dots only, yet no address: a mistyped address, which a resolver would take for a name.
  .refine((text) => isIP(text) !== 0 || (HOST_NAME.test(text) && !/^[0-9.]+$/.test(text)), {
    error: 'is neither an IP address nor a host name',
  });

export const port = z.int().min(1).max(65_535);

/** `a.b.c.d/nn`, the address of the interface itself. */
export const interfaceAddress = z
  .string()
  .refine((text) => splitInterfaceAddress(text) !== undefined, {
    error: 'is not an IPv4 address with prefix length like 10.77.0.1/24 (8 to 30)',
  })
  .refine((text) => !isNetworkItself(text), {
    error: 'is the network or broadcast address, not one of an interface',
  })
  .transform((text): InterfaceAddress => splitInterfaceAddress(text) ?? { address: text, prefixLength: 32 });

/** `a.b.c.d/nn`, a network, by any address of it. */
export const networkAddress = z
  .string()
  .refine((text) => splitInterfaceAddress(text) !== undefined, {
    error: 'is not an IPv4 network like 10.78.0.0/24 (8 to 30)',
  })
  .transform((text): InterfaceAddress => splitInterfaceAddress(text) ?? { address: text, prefixLength: 32 });

/** Whether `address` lies in the network of `of`. */
export function inNetwork(address: string, of: InterfaceAddress): boolean {
  return network(address, of.prefixLength) === network(of.address, of.prefixLength);
}

/** An IPv4 address as a number, so that ranges compare. */
export function ipv4Number(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function splitInterfaceAddress(text: string): InterfaceAddress | undefined {
  const match = /^([0-9.]+)\/([0-9]{1,2})$/.exec(text);
  const address = match?.[1] ?? '';
  const prefixLength = Number(match?.[2] ?? '0');
  if (!isIPv4(address) || prefixLength < 8 || prefixLength > 30) return undefined;
  return { address, prefixLength };
}

function isNetworkItself(text: string): boolean {
  const split = splitInterfaceAddress(text);
  if (split === undefined) return false;
  const size = 2 ** (32 - split.prefixLength);
  const inside = ipv4Number(split.address) % size;
  return inside === 0 || inside === size - 1;
}

function network(address: string, prefixLength: number): number {
  return Math.floor(ipv4Number(address) / 2 ** (32 - prefixLength));
}

function isGroupMac(text: string): boolean {
  return (Number.parseInt(text.slice(0, 2), 16) & 1) === 1 || /^[0:-]+$/.test(text);
}
