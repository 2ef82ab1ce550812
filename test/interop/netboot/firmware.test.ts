import { describe } from 'vitest';
import { bootsByEach, type Cell, canBootCells, ONLY_4011 } from './firmware-cells.ts';

const CELLS: readonly Cell[] = [
  // The ROM of QEMU's card is iPXE itself and needs no loader.
  ['seabios-ipxe', 'full', {}, null],
  ['seabios-ipxe', 'reservations', {}, null],
  ['seabios-ipxe', 'proxy', {}, null],
  ['seabios-pxe', 'full', {}, 'tftp undionly.kpxe'],
  ['seabios-pxe', 'full', ONLY_4011, 'tftp undionly.kpxe'],
  ['seabios-pxe', 'proxy', {}, 'tftp undionly.kpxe'],
  ['seabios-pxe', 'proxy', ONLY_4011, 'tftp undionly.kpxe'],
  ['ovmf-pxe', 'full', {}, 'tftp ipxe.efi'],
  ['ovmf-pxe', 'full', ONLY_4011, 'tftp ipxe.efi'],
  ['ovmf-pxe', 'full', { noVendorClass: true }, 'tftp ipxe.efi'],
  ['ovmf-pxe', 'proxy', {}, 'tftp ipxe.efi'],
  ['ovmf-pxe', 'proxy', ONLY_4011, 'tftp ipxe.efi'],
  ['ovmf-pxe', 'proxy', { loader: 'snponly.efi' }, 'tftp snponly.efi'],
  ['ovmf-http', 'full', {}, 'http ipxe.efi'],
  // UEFI HTTP boot knows no port 4011, so its offer has the URL all the same.
  ['ovmf-http', 'proxy', ONLY_4011, 'http ipxe.efi'],
  ['ovmf-http', 'proxy', {}, 'http ipxe.efi'],
];

describe.skipIf(!canBootCells())(
  'real firmware fetches kernel and initrds (needs root, QEMU, OVMF, iPXE, dnsmasq)',
  () => bootsByEach(CELLS, 'neighbour'),
);
