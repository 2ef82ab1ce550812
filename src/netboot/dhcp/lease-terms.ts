import type { DhcpMessage } from '../../protocols/dhcp/message.ts';
import type { InterfaceOptions } from '../options.ts';
import type { UnderstoodRequest } from './understand.ts';

/** What MAAS and Confluent give to boot ROMs lies between 30 and 240 s. */
const BOOT_LEASE_SECONDS = 240;

/**
 * The life of a lease, seconds: short for who is gone in minutes, boot ROMs and boot loaders. Its system asks again and
 * gets the long one.
 */
export function leaseSecondsFor({ client }: Pick<UnderstoodRequest, 'client'>, network: InterfaceOptions): number {
  const { leaseSeconds, bootLeaseSeconds = BOOT_LEASE_SECONDS } = network;
  const boots = client.client !== 'other' || client.loader === 'ipxe' || client.architectures.length > 0;
  return boots ? Math.min(leaseSeconds, bootLeaseSeconds) : leaseSeconds;
}

/**
 * Whether the client has not yet tried for so many seconds. Some systems write the field with its bytes swapped
 * (Windows and macOS clients, as ISC's server notes): a value of whole 256s is read that way.
 */
export function waitsLonger({ secs }: Pick<DhcpMessage, 'secs'>, minimumSecs: number): boolean {
  const seconds = secs > 255 && (secs & 0xff) === 0 ? secs >> 8 : secs;
  return seconds < minimumSecs;
}
