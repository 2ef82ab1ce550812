import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { servedScripts } from '../../../src/netboot/assets/served-scripts.ts';
import type { NetbootOptions } from '../../../src/netboot/netboot.ts';
import { pattern } from '../../support/netboot-service.ts';
import { BOOT_TEST_MS, type BootNetwork, bootUntil, makeBootNetwork } from './boot-network.ts';
import { canMakeNamespaces } from './segment.ts';
import { signedKernel } from './signed-kernel.ts';
import { filesNeededBy, IPXE, LKRN } from './virtual-machine.ts';

const NEEDED = ['/usr/sbin/dnsmasq', ...filesNeededBy('ovmf-pxe'), ...filesNeededBy('lkrn')];
const SIGNED = [
  ...['/usr/lib/shim/shimx64.efi.signed', '/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed'],
  ...filesNeededBy('ovmf-secure'),
];
const able = canMakeNamespaces() && NEEDED.every((path) => existsSync(path));
const secureAble = able && SIGNED.every((path) => existsSync(path));
const LOOPED = 'Bootwright: boots over and over without coming up';

describe.skipIf(!able)("real firmware's ways to its script (needs root, QEMU, OVMF, iPXE, dnsmasq)", () => {
  let network: BootNetwork;
  afterEach(() => network[Symbol.dispose]());

  async function serve(mode: 'full' | 'proxy', kernel: string, more: Partial<NetbootOptions> = {}): Promise<void> {
    network = makeBootNetwork('neighbour');
    copyFileSync(kernel, join(network.lab.folder, 'kernel'));
    writeFileSync(join(network.lab.folder, 'first.img'), pattern(200_003, 1));
    const commandLine = kernel === LKRN ? 'autoboot' : 'console=ttyS0';
    await network.serve({ mode, boot: { kernel: 'kernel', initrds: ['first.img'], commandLine }, more });
  }
  const gotInitrd = (): boolean => network.served().includes('http initrd/0');

  it('a machine that gets nowhere is switched off and on once, and then no pass', async () => {
    network = makeBootNetwork('neighbour');
    let boots = 0;
    const counted: BootNetwork = {
      ...network,
      powerOn(firmware) {
        boots += 1;
        network.powerOn(firmware);
      },
    };
    await expect(bootUntil(counted, 'lkrn', gotInitrd, { ms: 3000 })).rejects.toThrow(
      'lkrn did not get there in 3000 ms',
    );
    expect(boots).toBe(2);
  });

  it(
    'shows why it is given no loader again, on its screen',
    async () => {
      await serve('full', `${IPXE}/ipxe.efi`);
      for (let boot = 1; boot <= 3; boot++) {
        await bootUntil(network, 'ovmf-pxe', gotInitrd);
        await network.powerOff();
      }
      await bootUntil(network, 'ovmf-pxe', () => network.console().includes(LOOPED));
      expect(network.served()).toEqual([]);
    },
    4 * BOOT_TEST_MS,
  );

  it.each(['full', 'proxy'] as const)(
    'iPXE comes to its own script by autoexec.ipxe, %s',
    async (mode) => {
      await serve(mode, LKRN);
      writeFileSync(join(network.lab.folder, 'embedded.ipxe'), servedScripts(true).get('autoexec.ipxe') ?? '');
      await bootUntil(network, 'lkrn', gotInitrd, { script: 'embedded.ipxe' });
      expect(network.served().slice(0, 3)).toEqual(['http script.ipxe', 'http kernel', 'http initrd/0']);
    },
    BOOT_TEST_MS,
  );

  it(
    'iPXE whose kernel is iPXE goes round three times, then shows why not again',
    async () => {
      await serve('full', LKRN);
      await bootUntil(network, 'lkrn', () => network.console().includes(LOOPED), { ms: 300_000 });
      expect(network.served().filter((name) => name === 'http kernel')).toHaveLength(3);
      expect(network.served().at(-1)).toBe('tftp stop-hop-limit.ipxe');
      expect(network.events().filter(({ data }) => data.why === 'hop-limit').length).toBeGreaterThan(0);
    },
    2 * BOOT_TEST_MS,
  );

  it.skipIf(!secureAble)(
    'starts a signed kernel by the signed chain with Secure Boot on (needs shim-signed, grub-efi-amd64-signed)',
    async ({ skip }) => {
      const kernel = signedKernel();
      if (kernel === undefined) return skip('needs the package linux-image-cloud-amd64 to be had');
      await serve('full', kernel, { secureBoot: 'on' });
      await bootUntil(network, 'ovmf-secure', () => network.console().includes('Linux version'));
      expect(network.served().slice(0, 2)).toEqual(['tftp shimx64.efi', 'tftp grubx64.efi']);
      expect(network.served()).toEqual(
        expect.arrayContaining(['tftp grub.cfg', 'tftp boot/kernel', 'tftp boot/initrd/0']),
      );
      expect(network.console()).toContain('Kernel command line: BOOT_IMAGE=');
    },
    BOOT_TEST_MS,
  );

  it.skipIf(!secureAble)(
    'refuses a kernel that is not signed in GRUB, and says so on the screen',
    async () => {
      await serve('full', LKRN, { secureBoot: 'on' });
      await bootUntil(network, 'ovmf-secure', () => network.console().includes('could not be booted over the network'));
      expect(network.console()).toContain('bad shim signature');
    },
    BOOT_TEST_MS,
  );

  it.skipIf(!secureAble)(
    'starts nothing that is not signed with Secure Boot on',
    async () => {
      await serve('full', `${IPXE}/ipxe.efi`);
      await bootUntil(network, 'ovmf-secure', () => /access denied|security violation/i.test(network.console()));
      expect(network.served()).toEqual(['tftp ipxe.efi']);
    },
    BOOT_TEST_MS,
  );
});
