import { copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attemptUrl, bootBaseUrl, initrdName } from '../../../src/netboot/boot-urls.ts';
import { pattern } from '../../support/netboot-service.ts';
import { BOOT_TEST_MS, MACHINE, makeBootNetwork, SERVICE } from './boot-network.ts';
import { canMakeNamespaces } from './segment.ts';
import { SERVED_TOKEN } from './serving.ts';
import { filesNeededBy, LKRN } from './virtual-machine.ts';

const NEEDED = [...filesNeededBy('seabios-ipxe'), '/usr/bin/curl'];
const able = canMakeNamespaces() && NEEDED.every((path) => existsSync(path));
describe.skipIf(!able)('iPXE that is told to come again (needs root, QEMU, iPXE)', () => {
  it(
    'waits as long as Retry-After says, and boots then',
    async () => {
      using network = makeBootNetwork('neighbour');
      copyFileSync(LKRN, join(network.lab.folder, 'kernel'));
      writeFileSync(join(network.lab.folder, 'big.img'), pattern(2_000_003, 1));
      await network.serve({
        mode: 'full',
        boot: { kernel: 'kernel', initrds: ['big.img'], commandLine: 'console=ttyS0' },
        // What curl takes below is what may leave in 50 seconds.
        more: { http: { port: 8480, maximumBytesPerSecond: 40_000 } },
      });
      const { lab, served } = network;
      const initrd = attemptUrl(bootBaseUrl(SERVICE, 8480), { token: SERVED_TOKEN }, initrdName(0));
      // In the machine's place, before it is switched on.
      lab.run('m', 'ip', 'addr', 'add', `${MACHINE.neighbour}/32`, 'dev', 'br0');
      const curl = ['-sS', '--interface', MACHINE.neighbour, '-o', '/dev/null', '-w', '%{http_code}'];
      expect(lab.run('m', 'curl', ...curl, initrd).stdout).toBe('200');
      lab.run('m', 'sleep', '0.6');
      const refused = String(lab.run('m', 'curl', ...curl, '-D', '-', initrd).stdout);
      expect(refused).toMatch(/^HTTP\/1.1 503 /);
      const retryAfter = Number(/^Retry-After: (\d+)/im.exec(refused)?.[1]);
      expect(retryAfter).toBe(30);
      lab.run('m', 'ip', 'addr', 'del', `${MACHINE.neighbour}/32`, 'dev', 'br0');
      await expect.poll(served).toEqual(['http initrd/0']);
      // Once only: what curl took is forgotten by a second time.
      network.powerOn('seabios-ipxe');
      const at = new Map<string, number>();
      const watch = (): readonly string[] => {
        for (const name of served()) if (!at.has(name)) at.set(name, performance.now());
        return [...at.keys()];
      };
      await expect.poll(watch, { timeout: BOOT_TEST_MS / 2, interval: 100 }).toContain('http kernel');
      const waited = (at.get('http kernel') ?? 0) - (at.get('http script.ipxe') ?? Number.POSITIVE_INFINITY);
      // Without a refusal the kernel, which is small, follows its script at once.
      expect(waited).toBeGreaterThan(8000);
      const kernel = network.events().find(({ type, data }) => type === 'file.served' && data.name === 'kernel');
      expect(kernel?.data.bytes).toBe(statSync(LKRN).size);
      // It keeps its place from kernel to initrd, although the kernel is more than may leave now.
      await expect.poll(served, { timeout: 20_000 }).toContain('http initrd/0');
      expect(network.events().filter(({ type }) => type === 'file.refused')).toEqual([]);
    },
    BOOT_TEST_MS,
  );
});
