import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A datagram of real firmware; where each comes from is in test/fixtures/netboot/README.md. */
export function recorded(name: string): Buffer {
  const path = join(import.meta.dirname, '..', 'fixtures', 'netboot', `${name}.hex`);
  return Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
}

export const RECORDED_DHCPV6 = [
  'ovmf-solicit6',
  'ovmf-request6',
  'ovmf-ip6-solicit6',
  'ovmf-release6',
  'ipxe-efi-solicit6',
  'ipxe-efi-request6',
] as const;

export const RECORDED_DHCP = [
  'seabios-ipxe-discover',
  'seabios-ipxe-request',
  'ovmf-discover',
  'ovmf-request',
  'ipxe-efi-discover',
  'ipxe-efi-request',
] as const;
