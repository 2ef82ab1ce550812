import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { LOADER_MAP, loadLoaders } from '../../../src/netboot/assets/loaders.ts';
import { fetchFile } from '../../../src/simulator/pxe-client/http-get.ts';
import type { PxeClientOptions } from '../../../src/simulator/pxe-client/options.ts';
import { createPxeClient } from '../../../src/simulator/pxe-client/pxe-client.ts';
import { readByTftp } from '../../../src/simulator/pxe-client/tftp-read.ts';
import { loopbackCorner, startNetboot, type TestNetboot } from '../../support/netboot-service.ts';

const UUID = '4c4c4544-0033-4a10-8052-b4c04f4d3432';
const PI_MAC = '2c:cf:67:00:00:03';
const deps = { udp: systemUdp, clock: systemClock, entropy: systemEntropy };
const within = (): AbortSignal => AbortSignal.timeout(15_000);
const PATIENCE_MS = 150;

/** Machines by number; the specs are theirs, the rest of a machine is in its client. */
const SPECS: Readonly<Record<number, object>> = {
  3: { macs: [PI_MAC] },
  4: { firmware: { noBypass: true } },
  5: { firmware: { noVendorClass: true } },
  6: { firmware: { loader: 'snponly.efi' } },
};

describe.each([
  ['full', 71],
  ['proxy', 72],
] as const)('on a %s interface', (mode, net) => {
  const corner = loopbackCorner(net);
  let netboot: TestNetboot;
  beforeAll(async () => {
    netboot = await startNetboot({
      corner,
      mode,
      machines: 16,
      moreLoaders: ['snponly-arm64.efi', 'start4.elf'],
      options: { loaderPatienceSeconds: PATIENCE_MS / 1000 },
      spec: (n) => SPECS[n] ?? {},
    });
  });
  afterAll(() => netboot[Symbol.asyncDispose]());

  function clientOf(n: number, changes: Partial<PxeClientOptions> = {}) {
    const { dhcp, proxy, tftp } = netboot.bound;
    const link = {
      kind: 'relay',
      server: corner.server,
      serverPort: dhcp.port,
      relay: `127.${net}.0.${10 + n}`,
    } as const;
    return createPxeClient(deps, {
      mac: netboot.macOf(n),
      uuid: UUID,
      firmware: 'uefi',
      link,
      ports: { proxy: proxy.port, tftp: tftp.port },
      patienceMs: 150,
      tries: 2,
      ...(mode === 'proxy' ? { addressFrom: { fixed: corner.machine(n) } } : {}),
      ...changes,
    });
  }
  const eventsOf = (n: number, type: string) =>
    netboot.timeline.events
      .filter((event) => event.machineId === `id-m${n}` && event.type === type)
      .map(({ data }) => data);

  it.each<[string, number, Partial<PxeClientOptions>, string | null]>([
    ['UEFI HTTP boot', 1, { firmware: 'uefi-http' }, 'ipxe.efi'],
    ['UEFI HTTP boot for ARM64', 1, { firmware: 'uefi-http', architectures: [19] }, 'snponly-arm64.efi'],
    ['UEFI for ARM64', 2, { architectures: [11] }, 'snponly-arm64.efi'],
    ['UEFI that says 9', 2, { architectures: [9] }, 'ipxe.efi'],
    ['several architectures, the first unknown', 2, { architectures: [4711, 7, 0] }, 'ipxe.efi'],
    ['a Raspberry Pi', 3, { firmware: 'raspberry-pi', mac: PI_MAC }, '4c4c4544/start4.elf'],
    ['firmware that follows port 4011 only', 4, {}, 'ipxe.efi'],
    ["a maker's own vendor class", 7, { firmware: 'bios', vendorClass: 'HW-Client' }, 'undionly.kpxe'],
    ['a loader ordered for the machine', 6, {}, 'snponly.efi'],
    ['an old iPXE in the ROM, replaced by ours', 8, { firmware: 'bios-ipxe', oldIpxe: true }, 'undionly.kpxe'],
    ['iPXE in the ROM', 8, { firmware: 'bios-ipxe' }, null],
  ])('%s comes to its script and kernel', async (_name, n, changes, loader) => {
    netboot.arm(n);
    const result = await clientOf(n, changes).boot(within());
    expect(result.loader?.name ?? null).toBe(loader);
    expect(result.kernel.bytes).toBe(300_007);
  });

  it('firmware that ignores answers with PXEClient and a file boots where it is spared them', async () => {
    netboot.arm(9);
    const client = clientOf(9, { ignoresVendorClass: true });
    await expect(client.boot(within())).rejects.toThrow(/nothing to boot/);
    netboot.arm(5);
    const spared = clientOf(5, { ignoresVendorClass: true }).boot(within());
    // Beside another server, EDK2 takes an answer without option 60 for none.
    if (mode === 'proxy') await expect(spared).rejects.toThrow(/no answer/);
    else expect((await spared).loader?.name).toBe('ipxe.efi');
  });

  it('a loader that hangs gives way to the next, which is remembered', async () => {
    netboot.arm(10);
    const client = clientOf(10, { hangsIn: ['ipxe.efi'] });
    await expect(client.boot(within())).rejects.toThrow(/ipxe\.efi hangs/);
    await expect.poll(() => eventsOf(10, 'file.served').map(({ name }) => name)).toContain('ipxe.efi');
    await systemClock.sleep(PATIENCE_MS + 50, within());
    netboot.arm(10);
    expect((await client.boot(within())).loader?.name).toBe('snponly.efi');
    await expect
      .poll(() => eventsOf(10, 'boot.offered'))
      .toContainEqual(expect.objectContaining({ file: 'snponly.efi', insteadOf: 'ipxe.efi' }));
    await expect
      .poll(() => netboot.loaderMemory.ofMac(netboot.macOf(10)))
      .toMatchObject([{ architecture: 7, loader: 'snponly.efi' }]);
    netboot.arm(10);
    expect((await client.boot(within())).loader?.name).toBe('snponly.efi');
  });

  it.each([
    ['firmware', 11, 'uefi'],
    ['iPXE in the ROM', 12, 'bios-ipxe'],
  ] as const)('%s that comes back over and over reads why on its screen', async (_name, n, firmware) => {
    const { round } = netboot.arm(n);
    const client = clientOf(n, { firmware });
    for (let boot = 1; boot <= 3; boot++) {
      await client.boot(within());
      await expect
        .poll(() => eventsOf(n, 'file.served').filter(({ name }) => name === 'initrd/1').length)
        .toBeGreaterThan(0);
    }
    await expect(client.boot(within())).rejects.toThrow(/boots over and over/);
    await expect
      .poll(() => eventsOf(n, 'boot.offered'))
      .toContainEqual(expect.objectContaining({ why: 'hop-limit', attempt: round }));
    netboot.arm(n);
    expect((await client.boot(within())).kernel.bytes).toBe(300_007);
  });

  it('an old iPXE for which ours does not run reads that on its screen', async () => {
    netboot.arm(13);
    const client = clientOf(13, { firmware: 'bios-ipxe', oldIpxe: true, hangsIn: ['undionly.kpxe'] });
    await expect(client.boot(within())).rejects.toThrow(/undionly\.kpxe hangs/);
    await expect.poll(() => eventsOf(13, 'file.served').map(({ name }) => name)).toContain('undionly.kpxe');
    await expect(client.boot(within())).rejects.toThrow(/iPXE lacks HTTP/);
  });

  it('an architecture that nothing is there for is told by name', async () => {
    netboot.arm(14);
    const client = clientOf(14, { architectures: [2] });
    if (mode === 'full') await expect(client.boot(within())).rejects.toThrow(/nothing to boot/);
    else await expect(client.boot(within())).rejects.toThrow(/no answer/);
    await expect
      .poll(() => eventsOf(14, 'boot.ignored'))
      .toContainEqual({
        protocol: 'dhcp',
        why: 'unsupported-architecture',
        architectures: 'Itanium',
        detail: 'the loader map has no row for it',
      });
    const arm32 = clientOf(14, { architectures: [10] });
    await expect(arm32.boot(within())).rejects.toThrow();
    await expect
      .poll(() => eventsOf(14, 'boot.ignored'))
      .toContainEqual(expect.objectContaining({ detail: expect.stringContaining('put snponly-arm32.efi there') }));
  });
});

describe('with Secure Boot', () => {
  const corner = loopbackCorner(73);
  it('UEFI is offered the shim, by TFTP and by HTTP', async () => {
    await using netboot = await startNetboot({
      corner,
      mode: 'full',
      machines: 2,
      moreLoaders: ['shimx64.efi', 'grubx64.efi'],
      options: { secureBoot: 'on' },
    });
    const { dhcp, proxy, tftp } = netboot.bound;
    for (const [n, firmware] of [
      [1, 'uefi'],
      [2, 'uefi-http'],
    ] as const) {
      netboot.arm(n);
      const client = createPxeClient(deps, {
        mac: netboot.macOf(n),
        uuid: UUID,
        firmware,
        link: { kind: 'relay', server: corner.server, serverPort: dhcp.port, relay: `127.73.0.${10 + n}` },
        ports: { proxy: proxy.port, tftp: tftp.port },
        patienceMs: 150,
      });
      expect((await client.boot(within())).loader?.name).toBe('shimx64.efi');
    }
    const { names, files } = await loadLoaders(netboot.folder, LOADER_MAP, { secureBoot: 'on' });
    const client = {
      mac: '',
      uuid: '',
      firmware: 'bios',
      link: { kind: 'broadcast' },
      ports: { tftp: tftp.port },
    } as const;
    // Nobody's address: an armed machine's own grub.cfg is another.
    const order = { from: corner.machine(3), server: corner.server, options: [], probe: false };
    const offered = [...names.byArchitecture.values()].flat();
    expect(offered).toContain('shimx64.efi');
    // What shim and signed iPXE ask for beside themselves, and how shim spells it (rhboot/shim#649).
    for (const filename of [...offered, ...files.keys(), '/grubx64.efi', '\\grubx64.efi', 'autoexec.ipxe']) {
      const { data } = await readByTftp(deps, client, { ...order, filename }, within());
      const name = filename.replace(/^[\\/]/, '');
      expect(data.equals(files.get(name)?.data ?? Buffer.alloc(0)), filename).toBe(true);
      const url = `http://${corner.server}:${netboot.bound.http.port}/loaders/${name}`;
      expect((await fetchFile(deps, { name, url, from: corner.machine(3) }, within())).sha256).toBe(
        files.get(name)?.sha256,
      );
    }
  });
});
