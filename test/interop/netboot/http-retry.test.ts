import { copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attemptUrl, bootBaseUrl, initrdName } from '../../../src/netboot/boot-urls.ts';
import { pattern } from '../../support/netboot-service.ts';
import { canMakeNamespaces, MACHINE_ADDRESS, makeSegment, SERVICE_ADDRESS } from './segment.ts';

const KERNEL = '/usr/lib/ipxe/ipxe.lkrn';
const NEEDED = ['/usr/bin/qemu-system-x86_64', KERNEL, '/usr/lib/ipxe/qemu/pxe-virtio.rom', '/usr/bin/curl'];
const able = canMakeNamespaces() && NEEDED.every((path) => existsSync(path));
const BOOT_MS = 150_000;
/** The first token that `serve.ts` hands out. */
const TOKEN = `token${'1'.padStart(27, '0')}`;

describe.skipIf(!able)('iPXE that is told to come again (needs root, QEMU, iPXE)', () => {
  it(
    'waits as long as Retry-After says, and boots then',
    async () => {
      using segment = makeSegment('tap');
      copyFileSync(KERNEL, join(segment.folder, 'kernel'));
      const big = pattern(2_000_003, 1);
      writeFileSync(join(segment.folder, 'big.img'), big);
      const { events } = await segment.serve({
        options: {
          interfaces: [
            {
              ...{ name: 'eth0', address: { address: SERVICE_ADDRESS, prefixLength: 24 }, mode: 'full' },
              ...{ leaseSeconds: 600, dns: [] },
            },
          ],
          // What curl takes below is what may leave in 50 seconds.
          http: { port: 8480, maximumBytesPerSecond: 40_000 },
          assets: [segment.folder],
        },
        boot: { kernel: 'kernel', initrds: ['big.img'], commandLine: 'console=ttyS0' },
      });
      const initrd = attemptUrl(bootBaseUrl(SERVICE_ADDRESS, 8480), { token: TOKEN }, initrdName(0));
      // In the machine's place, before it is switched on.
      segment.client('ip', 'addr', 'add', `${MACHINE_ADDRESS}/32`, 'dev', 'br0');
      const curl = ['-sS', '--interface', MACHINE_ADDRESS, '-o', '/dev/null', '-w', '%{http_code}'];
      expect(segment.client('curl', ...curl, initrd).stdout).toBe('200');
      segment.client('sleep', '0.6');
      const refused = String(segment.client('curl', ...curl, '-D', '-', initrd).stdout);
      expect(refused).toMatch(/^HTTP\/1.1 503 /);
      const retryAfter = Number(/^Retry-After: (\d+)/im.exec(refused)?.[1]);
      expect(retryAfter).toBe(30);
      segment.client('ip', 'addr', 'del', `${MACHINE_ADDRESS}/32`, 'dev', 'br0');
      const served = new Map<string, number>();
      const watch = (): readonly string[] => {
        for (const { type, data } of events)
          if (type === 'file.served' && !served.has(`${data.name}`)) served.set(`${data.name}`, performance.now());
        return [...served.keys()];
      };
      await expect.poll(watch).toEqual(['initrd/0']);
      segment.clientStart(
        'qemu-system-x86_64',
        ...['-machine', 'q35,graphics=off', '-nodefaults', '-display', 'none', '-accel', 'tcg', '-cpu', 'Westmere'],
        ...['-m', '384', '-serial', 'file:console.log', '-device', 'virtio-rng-pci'],
        ...['-netdev', 'tap,id=n0,ifname=tap0,script=no,downscript=no'],
        ...['-device', `virtio-net-pci,netdev=n0,mac=${segment.mac},bootindex=1`],
      );
      await expect.poll(watch, { timeout: BOOT_MS, interval: 100 }).toContain('kernel');
      const waited = (served.get('kernel') ?? 0) - (served.get('script.ipxe') ?? Number.POSITIVE_INFINITY);
      // Without a refusal the kernel, which is small, follows its script at once.
      expect(waited).toBeGreaterThan(8000);
      expect(events.find(({ type, data }) => type === 'file.served' && data.name === 'kernel')?.data.bytes).toBe(
        statSync(KERNEL).size,
      );
      // It keeps its place from kernel to initrd, although the kernel is more than may leave now.
      await expect
        .poll(() => events.filter(({ type, data }) => type === 'file.served' && data.name === 'initrd/0').length, {
          timeout: 20_000,
        })
        .toBe(2);
      expect(events.filter(({ type }) => type === 'file.refused')).toEqual([]);
    },
    BOOT_MS + 30_000,
  );
});
