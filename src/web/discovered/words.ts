import type { DiscoveredMachineBody } from '../../api/schema/discovered.ts';

const CLIENT_WORDS = {
  pxe: 'PXE',
  http: 'HTTP boot',
  other: 'DHCP only',
} as const satisfies Record<DiscoveredMachineBody['client'], string>;

/** `x64 UEFI, PXE, iPXE` */
export function firmwareText({ architectures, client, loader, board }: DiscoveredMachineBody): string {
  const [first] = architectures;
  const what = board === 'raspberry-pi' ? 'Raspberry Pi' : (first?.name ?? 'architecture not told');
  return [what, CLIENT_WORDS[client], ...(loader === 'ipxe' ? ['iPXE'] : [])].join(', ');
}

/** `on eno1, behind 10.1.0.1 (port 7)` */
export function placeText({ interface: name, relay }: DiscoveredMachineBody): string {
  if (relay === null) return `on ${name}`;
  const port = relay.circuitId === null ? '' : ` (${relay.circuitId})`;
  return `on ${name}, behind ${relay.address}${port}`;
}

export function oftenText({ requests, boots }: DiscoveredMachineBody): string {
  return `${plural(requests, 'request')} in ${plural(boots, 'boot')}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** A name that is free to be changed: what it calls itself, else by its MAC. */
export function suggestedName({ hostname, mac }: DiscoveredMachineBody): string {
  const own = (hostname ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
  return own === '' ? `m-${mac.replaceAll(':', '').slice(-6)}` : own;
}
