import { copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { FirmwareSpec } from '../../../src/domain/boot/firmware-spec.ts';
import { pattern } from '../../support/netboot-service.ts';
import { BOOT_TEST_MS, type BootNetwork, bootUntil, makeBootNetwork } from './boot-network.ts';
import { canMakeNamespaces } from './segment.ts';
import { type Firmware, filesNeededBy, IPXE, LKRN } from './virtual-machine.ts';

type Mode = 'full' | 'reservations' | 'proxy';
/** Of a place: firmware, mode of the interface, what the machine's firmware is said to need, the loader that it fetches. */
type Cell = readonly [Firmware, Mode, FirmwareSpec, loader: string | null];

const ONLY_4011: FirmwareSpec = { noBypass: true };
const CELLS: Readonly<Record<'neighbour' | 'relayed', readonly Cell[]>> = {
  neighbour: [
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
  ],
  relayed: [
    ['seabios-ipxe', 'reservations', {}, null],
    ['seabios-pxe', 'full', {}, 'tftp undionly.kpxe'],
    ['seabios-pxe', 'proxy', ONLY_4011, 'tftp undionly.kpxe'],
    ['ovmf-pxe', 'full', {}, 'tftp ipxe.efi'],
    ['ovmf-pxe', 'full', ONLY_4011, 'tftp ipxe.efi'],
    ['ovmf-pxe', 'proxy', {}, 'tftp ipxe.efi'],
    ['ovmf-http', 'reservations', {}, 'http ipxe.efi'],
    ['ovmf-http', 'proxy', {}, 'http ipxe.efi'],
  ],
};

const NEEDED = ['/usr/sbin/dnsmasq', ...['seabios-pxe', 'ovmf-pxe'].flatMap((each) => filesNeededBy(each as Firmware))];
const able = canMakeNamespaces() && NEEDED.every((path) => existsSync(path));
const relayAble = able && existsSync('/usr/sbin/dhcrelay');

let network: BootNetwork;
afterEach(() => network[Symbol.dispose]());

async function boots(place: 'neighbour' | 'relayed', [firmware, mode, needs, loader]: Cell): Promise<void> {
  network = makeBootNetwork(place);
  const { folder } = network.lab;
  // iPXE itself is the kernel that is booted: a Linux image for BIOS and an EFI program for UEFI, and small.
  const kernel = firmware.startsWith('seabios') ? LKRN : `${IPXE}/ipxe.efi`;
  copyFileSync(kernel, join(folder, 'kernel'));
  writeFileSync(join(folder, 'first.img'), pattern(2_000_003, 1));
  writeFileSync(join(folder, 'second.img'), pattern(4096, 2));
  const boot = { kernel: 'kernel', initrds: ['first.img', 'second.img'], commandLine: 'console=ttyS0' };
  await network.serve({ mode, boot, firmware: needs });
  await bootUntil(network, firmware, () => network.served().includes('http initrd/1'));
  expect(network.served()).toEqual([
    ...(loader === null ? [] : [loader]),
    ...['http script.ipxe', 'http kernel', 'http initrd/0', 'http initrd/1'],
  ]);
  const told = network.events();
  const whole = (name: string) =>
    told.find(({ type, data }) => type === 'file.served' && data.name === name)?.data.bytes;
  const loaderName = loader?.split(' ')[1];
  if (loaderName !== undefined) expect(whole(loaderName)).toBe(statSync(join(IPXE, loaderName)).size);
  expect(whole('kernel')).toBe(statSync(kernel).size);
  expect([whole('initrd/0'), whole('initrd/1')]).toEqual([2_000_003, 4096]);
  // By which port the loader was found.
  const asked4011 = told.some(
    ({ type, data }) => type === 'boot.asked' && data.protocol === 'proxy' && data.loader === 'firmware',
  );
  expect(asked4011).toBe(needs === ONLY_4011 && firmware !== 'ovmf-http');
  expect(told.filter(({ type }) => type === 'boot.ignored' || type === 'file.refused')).toEqual([]);
}

describe.skipIf(!able)('real firmware fetches kernel and initrds (needs root, QEMU, OVMF, iPXE, dnsmasq)', () => {
  it.each(CELLS.neighbour)(
    '%s, %s, %o: %s',
    async (...cell) => {
      await boots('neighbour', cell);
    },
    BOOT_TEST_MS,
  );
});

describe.skipIf(!relayAble)('the same behind ISC dhcrelay (needs isc-dhcp-relay)', () => {
  it.each(CELLS.relayed)(
    '%s, %s, %o: %s',
    async (...cell) => {
      await boots('relayed', cell);
    },
    BOOT_TEST_MS,
  );
});
