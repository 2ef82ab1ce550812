import { copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { FirmwareSpec } from '../../../src/domain/boot/firmware-spec.ts';
import { pattern } from '../../support/netboot-service.ts';
import { BOOT_TEST_MS, type BootNetwork, bootUntil, makeBootNetwork, type Place } from './boot-network.ts';
import { canMakeNamespaces } from './segment.ts';
import { type Firmware, filesNeededBy, IPXE, LKRN } from './virtual-machine.ts';

/** Firmware, mode of the interface, what the machine's firmware is said to need, the loader that it fetches. */
export type Cell = readonly [Firmware, 'full' | 'reservations' | 'proxy', FirmwareSpec, loader: string | null];

/** Offers without a file, so that the machine has to ask the boot server. */
export const ONLY_4011: FirmwareSpec = { noBypass: true };

/** Whether this machine has namespaces, and the programs and firmware of the cells: QEMU, OVMF, iPXE, dnsmasq. */
export function canBootCells(): boolean {
  const needed = ['/usr/sbin/dnsmasq', ...filesNeededBy('seabios-pxe'), ...filesNeededBy('ovmf-pxe')];
  return canMakeNamespaces() && needed.every((path) => existsSync(path));
}

/**
 * Boots a machine by one cell of the matrix, up to the last initrd.
 * @param network a fresh one, which the caller ends
 */
async function bootsBy([firmware, mode, needs, loader]: Cell, network: BootNetwork): Promise<void> {
  const { folder } = network.lab;
  // iPXE itself is the kernel that is booted: a Linux image for BIOS and an EFI program for UEFI, and small.
  const kernel = firmware.startsWith('seabios') ? LKRN : `${IPXE}/ipxe.efi`;
  copyFileSync(kernel, join(folder, 'kernel'));
  writeFileSync(join(folder, 'first.img'), pattern(2_000_003, 1));
  writeFileSync(join(folder, 'second.img'), pattern(4096, 2));
  const boot = { kernel: 'kernel', initrds: ['first.img', 'second.img'], commandLine: 'console=ttyS0' };
  await network.serve({ mode, boot, firmware: needs, watched: true });
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
  // The boot doctor has followed it all the way, and found nothing.
  const seen = () => network.events().findLast(({ type }) => type === 'capture')?.data.marks;
  await expect.poll(seen, { timeout: 15_000 }).toContain('files');
  if (loader !== null) expect(seen()).toContain('loader');
  expect(network.events().filter(({ type }) => type === 'boot.diagnosed')).toEqual([]);
}

/** Tests that boot by each of these cells, in a network of their own. */
export function bootsByEach(cells: readonly Cell[], place: Place): void {
  let network: BootNetwork;
  afterEach(() => network[Symbol.dispose]());

  it.each(cells)(
    '%s, %s, %o: %s',
    async (...cell) => {
      network = makeBootNetwork(place);
      await bootsBy(cell, network);
    },
    BOOT_TEST_MS,
  );
}
