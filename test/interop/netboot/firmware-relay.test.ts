import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { bootsByEach, type Cell, canBootCells, ONLY_4011 } from './firmware-cells.ts';

const CELLS: readonly Cell[] = [
  ['seabios-ipxe', 'reservations', {}, null],
  ['seabios-pxe', 'full', {}, 'tftp undionly.kpxe'],
  ['seabios-pxe', 'proxy', ONLY_4011, 'tftp undionly.kpxe'],
  ['ovmf-pxe', 'full', {}, 'tftp ipxe.efi'],
  ['ovmf-pxe', 'full', ONLY_4011, 'tftp ipxe.efi'],
  ['ovmf-pxe', 'proxy', {}, 'tftp ipxe.efi'],
  ['ovmf-http', 'reservations', {}, 'http ipxe.efi'],
  ['ovmf-http', 'proxy', {}, 'http ipxe.efi'],
];

describe.skipIf(!canBootCells() || !existsSync('/usr/sbin/dhcrelay'))(
  'real firmware behind ISC dhcrelay (needs what firmware.test.ts needs, and isc-dhcp-relay)',
  () => bootsByEach(CELLS, 'relayed'),
);
