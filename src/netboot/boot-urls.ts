import { isIPv6 } from 'node:net';
import type { BootAttempt } from '../domain/ports/netboot.ts';
import { ConfigError } from '../foundation/errors.ts';

/** What a machine fetches under its attempt's token; also the names in the timeline. */
export const SCRIPT_NAME = 'script.ipxe';
export const KERNEL_NAME = 'kernel';
export const initrdName = (index: number): string => `initrd/${index}`;

/** Where the certificate of our own authority is, over HTTP, for those who put it on machines. */
export const AUTHORITY_PATH = '/ca.crt';

/** The URL of one file of an attempt. The token is not in the last segment: firmware judges a file's type by its end. */
export function attemptUrl(baseUrl: string, attempt: Pick<BootAttempt, 'token'>, name: string): string {
  return `${baseUrl}/boot/${attempt.token}/${name}`;
}

/** `http://10.77.0.1:8480`, without a slash at its end; IPv6 in brackets (RFC 3986 §3.2.2). */
export function bootBaseUrl(address: string, port: number, scheme: 'http' | 'https' = 'http'): string {
  const host = isIPv6(address) ? `[${address}]` : address;
  return port === (scheme === 'http' ? 80 : 443) ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
}

/** The header field of a DHCP message holds 127 characters. @throws ConfigError when the script's URL would not fit */
export function checkBaseUrl(baseUrl: string): void {
  const longest = attemptUrl(baseUrl, { token: 'x'.repeat(32) }, SCRIPT_NAME).length;
  if (longest > 127)
    throw new ConfigError(
      `boot URL ${baseUrl} is too long: its script URLs have ${longest} characters, DHCP carries 127`,
    );
}
