import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { attemptUrl, bootBaseUrl, initrdName, KERNEL_NAME, SCRIPT_NAME } from '../../../src/netboot/boot-urls.ts';
import { pattern } from '../../support/netboot-service.ts';
import { type Lab, makeLab } from './lab.ts';
import { canMakeNamespaces } from './segment.ts';
import { SERVED_TOKEN } from './serving.ts';

const NEEDED = ['/usr/bin/curl', '/usr/bin/busybox', '/usr/bin/tftp'];
const able = canMakeNamespaces() && NEEDED.every((path) => existsSync(path));
const [MAC1, MAC2] = ['52:54:00:93:00:01', '52:54:00:93:00:02'] as const;
const [SERVICE, FIRST, SECOND, NOBODY] = ['10.93.0.1', '10.93.0.11', '10.93.0.12', '10.93.0.77'] as const;
const FILES = [SCRIPT_NAME, KERNEL_NAME, initrdName(0), initrdName(1)];

describe.skipIf(!able)("a machine's boot files and another machine (needs root, curl, busybox, tftp-hpa)", () => {
  let lab: Lab;
  afterEach(() => lab[Symbol.dispose]());

  /** Two machines with their leases on one segment; the first is armed, with an initrd that holds a secret. */
  async function serve(bootMs: number): Promise<void> {
    const hub = (host: string, card: string, more: { readonly mac?: string; readonly address?: string }) =>
      [
        { host: 'h', card },
        { host, card: 'eth0', ...more },
      ] as const;
    lab = makeLab([
      hub('s', 'p0', { address: `${SERVICE}/24` }),
      hub('a', 'p1', { mac: MAC1 }),
      hub('b', 'p2', { mac: MAC2 }),
    ]);
    lab.run('h', 'ip', 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0');
    for (const port of ['p0', 'p1', 'p2']) lab.run('h', 'ip', 'link', 'set', port, 'master', 'br0');
    lab.run('h', 'ip', 'link', 'set', 'br0', 'up');
    for (const name of ['undionly.kpxe', 'ipxe.efi', 'snponly.efi']) writeFileSync(join(lab.folder, name), name);
    for (const [index, name] of ['vmlinuz', 'initrd.img', 'secrets.img'].entries())
      writeFileSync(join(lab.folder, name), pattern(100_003, index));
    const own = { name: 'eth0', address: { address: SERVICE, prefixLength: 24 }, mode: 'full' } as const;
    await lab.serve('s', {
      options: {
        interfaces: [{ ...own, leaseSeconds: 600, dns: [] }],
        ...{ http: { port: 8480 }, assets: [lab.folder], loaders: lab.folder },
      },
      machine: { mac: MAC1, address: FIRST },
      further: [{ mac: MAC2, address: SECOND }],
      boot: { kernel: 'vmlinuz', initrds: ['initrd.img', 'secrets.img'], commandLine: '' },
      bootMs,
    });
    for (const [host, address] of [
      ['a', FIRST],
      ['b', SECOND],
    ] as const) {
      expect(lab.udhcpc(host)).toContain(`bound ${address} `);
      lab.run(host, 'ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    }
  }
  const url = (file: string): string => attemptUrl(bootBaseUrl(SERVICE, 8480), { token: SERVED_TOKEN }, file);
  const asks = (host: string, file: string, ...how: readonly string[]) => {
    const got = join(lab.folder, 'got');
    writeFileSync(got, '');
    const told = lab.run(host, 'curl', '-sS', ...how, '-o', got, '-w', '%{http_code}', url(file));
    return { status: String(told.stdout), body: readFileSync(got) };
  };

  it('the second cannot fetch script, kernel, initrd or secrets of the first, whole, in part or by TFTP', async () => {
    await serve(600_000);
    lab.run('b', 'ip', 'addr', 'add', `${NOBODY}/24`, 'dev', 'eth0');
    const wanted = [undefined, 'vmlinuz', 'initrd.img', 'secrets.img'];
    for (const [index, file] of FILES.entries()) {
      const ours = asks('a', file);
      expect(ours.status).toBe('200');
      const name = wanted[index];
      if (name !== undefined) expect(ours.body.equals(readFileSync(join(lab.folder, name)))).toBe(true);
      for (const how of [[], ['-r', '0-9'], ['-I'], ['--interface', NOBODY], ['-H', `X-Forwarded-For: ${FIRST}`]]) {
        const theirs = asks('b', file, ...how);
        expect(theirs.status, `${file} ${how}`).toBe('403');
        // Nothing of the file, and not the script's words.
        expect(theirs.body.length).toBeLessThan(200 + 300 * Number(how.includes('-I')));
        expect(theirs.body.includes('#!ipxe')).toBe(false);
        expect(theirs.body.includes(ours.body.subarray(0, 16))).toBe(false);
      }
      for (const asked of [file, `boot/${SERVED_TOKEN}/${file}`, ...(name === undefined ? [] : [name])]) {
        const told = lab.run('b', 'tftp', '-m', 'binary', SERVICE, '-c', 'get', asked, join(lab.folder, 'none'));
        expect(String(told.stdout) + String(told.stderr)).toMatch(/Error code 1/);
      }
    }
  }, 60_000);

  it('an URL that has expired is 410 to its machine, and still 403 to another', async () => {
    await serve(3000);
    await sleep(3000);
    expect(FILES.map((file) => asks('a', file).status)).toEqual(FILES.map(() => '410'));
    expect(FILES.map((file) => asks('b', file).status)).toEqual(FILES.map(() => '403'));
  }, 60_000);
});
