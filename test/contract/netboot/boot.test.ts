import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { UnreachableError } from '../../../src/foundation/errors.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import type { PxeClientOptions } from '../../../src/simulator/pxe-client/options.ts';
import { createPxeClient } from '../../../src/simulator/pxe-client/pxe-client.ts';
import { loopbackCorner, startNetboot, type TestNetboot } from '../../support/netboot-service.ts';

const UUID = '4c4c4544-0033-4a10-8052-b4c04f4d3432';
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
const deps = { udp: systemUdp, clock: systemClock, entropy: systemEntropy };
const within = (): AbortSignal => AbortSignal.timeout(15_000);

describe.each(['full', 'proxy'] as const)('a simulated machine boots from a %s interface', (mode) => {
  const corner = loopbackCorner(mode === 'full' ? 61 : 62);
  let netboot: TestNetboot;
  beforeAll(async () => {
    netboot = await startNetboot({ corner, mode, machines: 6 });
  });
  afterAll(() => netboot[Symbol.asyncDispose]());

  function clientOf(n: number, changes: Partial<PxeClientOptions> = {}) {
    const { dhcp, proxy, tftp } = netboot.bound;
    return createPxeClient(deps, {
      mac: netboot.macOf(n),
      uuid: UUID,
      firmware: 'uefi',
      link: {
        kind: 'relay',
        server: corner.server,
        serverPort: dhcp.port,
        relay: `127.${mode === 'full' ? 61 : 62}.0.${10 + n}`,
      },
      ports: { proxy: proxy.port, tftp: tftp.port },
      patienceMs: 150,
      ...(mode === 'proxy' ? { addressFrom: { fixed: corner.machine(n) } } : {}),
      ...changes,
    });
  }

  it.each([
    ['uefi', 'ipxe.efi', 1],
    ['bios', 'undionly.kpxe', 2],
    ['bios-ipxe', null, 3],
  ] as const)('as %s', async (firmware, loader, n) => {
    const attempt = netboot.arm(n, 'console=ttyS0  ip=dhcp quiet');
    const result = await clientOf(n, { firmware }).boot(within());
    expect(result.loader?.name ?? null).toBe(loader);
    expect(result.address).toBe(corner.machine(n));
    expect(result.kernel.sha256).toBe(sha256(netboot.assets.vmlinuz ?? Buffer.alloc(0)));
    expect(result.initrds.map((file) => file.sha256)).toEqual(
      ['initrd.img', 'extra.img'].map((name) => sha256(netboot.assets[name] ?? Buffer.alloc(0))),
    );
    expect(result.commandLine).toBe('initrd=initrd0 initrd=initrd1 console=ttyS0 ip=dhcp quiet');
    await expect
      .poll(() =>
        netboot.timeline.events
          .filter((event) => event.machineId === `id-m${n}`)
          .map(({ type, data }) => (type === 'file.served' ? String(data.name) : type)),
      )
      .toEqual(
        expect.arrayContaining([
          'boot.asked',
          'boot.offered',
          ...(mode === 'full' ? ['lease.granted'] : []),
          ...(loader === null ? [] : [loader]),
          'script.ipxe',
          'kernel',
          'initrd/0',
          'initrd/1',
        ]),
      );
    const told = JSON.stringify(netboot.timeline.events);
    expect(told).not.toContain(attempt.token);
  });

  it('with lost and malformed datagrams on the way', async () => {
    netboot.arm(4);
    const before = netboot.meter.value('netboot_datagrams_dropped', { channel: 'dhcp', why: 'malformed' });
    const result = await clientOf(4, { faults: { loss: 0.2, malformed: true }, patienceMs: 60, tries: 8 }).boot(
      within(),
    );
    expect(result.kernel.bytes).toBe(300_007);
    expect(netboot.meter.value('netboot_datagrams_dropped', { channel: 'dhcp', why: 'malformed' })).toBeGreaterThan(
      before,
    );
  });

  it('and an unknown machine hears nothing and is counted', async () => {
    const client = clientOf(5, { mac: '02:00:00:00:00:99', patienceMs: 30, tries: 2 });
    await expect(client.boot(within())).rejects.toBeInstanceOf(UnreachableError);
    expect(netboot.meter.value('netboot_unknown_machine', { channel: 'dhcp' })).toBe(2);
  });

  it('and a machine that is not armed is told no file', async () => {
    const client = clientOf(5, { patienceMs: 30, tries: 2 });
    if (mode === 'full') await expect(client.boot(within())).rejects.toThrow(/nothing to boot/);
    else await expect(client.boot(within())).rejects.toBeInstanceOf(UnreachableError);
    await expect
      .poll(() => netboot.timeline.events.filter(({ type }) => type === 'boot.ignored').map(({ data }) => data.why))
      .toContain('not-armed');
  });

  it('through the boot server on port 4011, when its firmware insists', async () => {
    netboot.arm(6);
    const result = await clientOf(6, { asksBootServer: true }).boot(within());
    expect(result.loader?.name).toBe('ipxe.efi');
    expect(netboot.meter.value('netboot_dhcp_replies', { channel: 'proxy', type: 'ack' })).toBe(2);
  });
});

describe('a full interface leases', () => {
  const corner = loopbackCorner(63);
  let netboot: TestNetboot;
  beforeAll(async () => {
    netboot = await startNetboot({ corner, mode: 'full', machines: 6 });
  });
  afterAll(() => netboot[Symbol.asyncDispose]());

  const clientWith = (mac: string) =>
    createPxeClient(deps, {
      mac,
      uuid: UUID,
      firmware: 'uefi',
      link: { kind: 'relay', server: corner.server, serverPort: netboot.bound.dhcp.port, relay: '127.63.0.10' },
      patienceMs: 150,
      tries: 2,
    });

  it('the declared address to a system, armed or not', async () => {
    const client = clientWith(netboot.macOf(6));
    const lease = { address: corner.machine(6), server: corner.server, leaseSeconds: 600 };
    expect(await client.lease(within())).toEqual(lease);
    expect(await netboot.leases.ofAddress(corner.machine(6))).toMatchObject({ mac: netboot.macOf(6), state: 'bound' });
    netboot.arm(6);
    expect(await client.lease(within())).toEqual(lease);
  });

  it('an address of the pool to further network cards, the same one again, until the pool is empty', async () => {
    const secondMac = (n: number): string => `52:54:00:00:01:0${n}`;
    const given = new Set<string>();
    for (const n of [1, 2, 3, 4]) given.add((await clientWith(secondMac(n)).lease(within())).address);
    expect([...given].sort()).toEqual([200, 201, 202, 203].map((n) => corner.machine(n)));
    expect(given).toContain((await clientWith(secondMac(1)).lease(within())).address);
    await expect(clientWith(secondMac(5)).lease(within())).rejects.toBeInstanceOf(UnreachableError);
    const ignored = netboot.timeline.events.find(
      ({ type, machineId }) => type === 'boot.ignored' && machineId === 'id-m5',
    );
    expect(ignored?.data.why).toBe('pool-exhausted');
  });
});
