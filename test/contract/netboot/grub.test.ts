import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArmedBoot } from '../../../src/domain/armed-boot.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { fetchFile } from '../../../src/simulator/pxe-client/http-get.ts';
import { readByTftp } from '../../../src/simulator/pxe-client/tftp-read.ts';
import { loopbackCorner, startNetboot, type TestNetboot } from '../../support/netboot-service.ts';

const DEPS = { udp: systemUdp, clock: systemClock, entropy: systemEntropy };
const corner = loopbackCorner(66);
let netboot: TestNetboot;
beforeAll(async () => {
  const moreLoaders = ['shimx64.efi', 'grubx64.efi'];
  netboot = await startNetboot({ corner, mode: 'full', machines: 2, moreLoaders, options: { secureBoot: 'on' } });
});
afterAll(() => netboot[Symbol.asyncDispose]());

/** Reads as machine `n` would, from its address. */
async function readAs(n: number, filename: string): Promise<Buffer> {
  const client = {
    mac: netboot.macOf(n),
    uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432',
    firmware: 'uefi',
    link: { kind: 'relay', server: corner.server, serverPort: 0, relay: corner.relay },
    ports: { proxy: 0, tftp: netboot.bound.tftp.port },
    patienceMs: 200,
    tries: 3,
  } as const;
  const order = { from: corner.machine(n), server: corner.server, filename, options: [], probe: false };
  return (await readByTftp(DEPS, client, order, AbortSignal.timeout(10_000))).data;
}

const textAs = async (n: number): Promise<string> => (await readAs(n, '/grub/grub.cfg')).toString();

/** Arms machine 1. @returns its token */
function arm(boot: ArmedBoot): string {
  const machine = netboot.machines[0];
  if (machine === undefined) throw new Error('no machine');
  return netboot.attempts.arm(machine, boot).token;
}

describe('GRUB as second stage of the signed chain', () => {
  it('is told to leave where nothing is armed', async () => {
    expect(await textAs(2)).toContain('nothing is armed');
  });

  it('gets a configuration made for its machine, the files it names, and nobody else does', async () => {
    const boot = { kernel: 'vmlinuz', initrds: ['initrd.img', 'extra.img'], commandLine: 'console=ttyS0 root=fstab' };
    const token = arm(boot);
    const text = await textAs(1);
    const paths = [...text.matchAll(/'\(tftp,([\d.]+)\)(\/[^']+)'/g)].map(([, server, path]) => [server, path]);
    expect(paths).toEqual(['/boot/kernel', '/boot/initrd/0', '/boot/initrd/1'].map((path) => [corner.server, path]));
    expect(text).toContain("'console=ttyS0' 'root=fstab'");
    expect(text).not.toContain(token);
    const url = `http://${corner.server}:${netboot.bound.http.port}/loaders/grub.cfg`;
    const sha256 = createHash('sha256').update(text).digest('hex');
    const byHttp = (n: number) =>
      fetchFile(DEPS, { name: 'grub.cfg', url, from: corner.machine(n) }, AbortSignal.timeout(10_000));
    expect((await byHttp(1)).sha256).toBe(sha256);
    expect((await byHttp(2)).sha256).not.toBe(sha256);
    const { vmlinuz, 'initrd.img': first, 'extra.img': second } = netboot.assets;
    for (const [path, whole] of [
      ['/boot/kernel', vmlinuz],
      ['/boot/initrd/0', first],
      ['/boot/initrd/1', second],
    ] as const) {
      expect((await readAs(1, path)).equals(whole ?? Buffer.alloc(0)), path).toBe(true);
      await expect(readAs(2, path), path).rejects.toThrow(/no such file/);
    }
    for (const none of ['/boot/initrd/2', '/boot/vmlinuz', '/kernel', '/boot/../vmlinuz'])
      await expect(readAs(1, none), none).rejects.toThrow();
    const served = netboot.timeline.events.filter(
      ({ type, machineId }) => type === 'file.served' && machineId === 'id-m1',
    );
    expect(served.map(({ data }) => data.name)).toEqual(
      expect.arrayContaining(['grub.cfg', 'boot/kernel', 'boot/initrd/0', 'boot/initrd/1']),
    );
  });

  it.each<[string, ArmedBoot, RegExp]>([
    ['its own disk', { localDisk: 'auto' }, /its own disk/],
    ['an iPXE script', { script: '#!ipxe\n', files: [] }, /an iPXE script is armed/],
    ['a command line that GRUB would change', { kernel: 'vmlinuz', initrds: [], commandLine: 'a="b"' }, /backslash/],
  ])('is told to leave when the machine is to boot %s', async (_what, boot, why) => {
    arm(boot);
    const text = await textAs(1);
    expect(text).toMatch(why);
    expect(text).toMatch(/\nexit\n$/);
  });
});
