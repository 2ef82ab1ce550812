import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { createBootDirectory } from '../../../src/netboot/boot-directory.ts';
import { createBootProgress, createForgetfulLoaderMemory } from '../../../src/netboot/boot-progress.ts';
import { createLeaseTable } from '../../../src/netboot/dhcp/lease-table.ts';
import { createOtherServers } from '../../../src/netboot/dhcp/other-servers.ts';
import { createDhcpServer } from '../../../src/netboot/dhcp-server.ts';
import { createInventory } from '../../../src/netboot/inventory.ts';
import { noTap } from '../../../src/netboot/packet-tap.ts';
import { createSightings } from '../../../src/netboot/sightings.ts';
import { createStrangers } from '../../../src/netboot/strangers.ts';
import { decodeDhcpMessage } from '../../../src/protocols/dhcp/message.ts';
import { loaderNames } from '../../support/loader-names.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';
import { createMemoryUdp } from '../../support/memory-udp.ts';
import {
  memoryAttempts,
  memoryLeases,
  memoryMachines,
  memoryTimeline,
  sampleMachine,
} from '../../support/netboot-ports.ts';
import { RECORDED_DHCP, recorded } from '../../support/recorded-netboot.ts';

const fixtures = RECORDED_DHCP.map(recorded);
const macs = fixtures.map((data) => data.toString('hex', 28, 34).replace(/(..)(?=.)/g, '$1:'));

/** Options as a remote may write them: known ones of any length and contents, over a real request. */
const options = fc.array(
  fc.tuple(
    fc.constantFrom(50, 51, 52, 53, 54, 55, 57, 60, 61, 77, 82, 93, 97, 118, 175),
    fc.uint8Array({ maxLength: 255 }),
  ),
  { maxLength: 6 },
);
const datagram = fc
  .tuple(fc.constantFrom(...fixtures), options, fc.array(fc.tuple(fc.nat(27), fc.nat(255)), { maxLength: 4 }))
  .map(([fixture, more, changes]) => {
    const head = Buffer.from(fixture.subarray(0, 240));
    for (const [at, value] of changes) head[at] = value;
    const added = more.map(([code, data]) => Buffer.from([code, data.length, ...data]));
    return Buffer.concat([head, ...added, fixture.subarray(240)]);
  });

describe('the DHCP server under any requests', () => {
  it('never ends, never fails at one, and never answers by more than fits', async () => {
    const clock = createManualClock();
    const udp = createMemoryUdp();
    const [meter, log] = [createMeter(), silentLog];
    const machines = memoryMachines([sampleMachine({ name: 'm1', macs: [macs[0] ?? ''], address: '10.0.0.11' })]);
    const inventory = createInventory({ machines, clock });
    const network = { neighbours: async () => [], defaultRouteInterfaces: async () => [] };
    const store = memoryLeases();
    const deps = {
      ...{ clock, udp, meter, log, inventory, network, tap: noTap, leases: createLeaseTable({ leases: store }) },
      entropy: { bytes: (length: number) => Buffer.alloc(length, 0x22) },
      directory: createBootDirectory({ machines: inventory, attempts: memoryAttempts(clock.now) }),
      sightings: createSightings({ timeline: memoryTimeline(clock.now), clock, log, meter }),
      strangers: createStrangers({ clock, log, meter }),
      progress: createBootProgress({ memory: createForgetfulLoaderMemory(), clock, log }),
      otherServers: createOtherServers(
        { clock, log, meter, network },
        { name: 'eth0', ours: ['10.0.0.1'], expected: false },
      ),
    };
    const pool = { from: '10.0.0.100', to: '10.0.0.109', anyone: true };
    const own = {
      ...{ name: 'eth0', address: { address: '10.0.0.1', prefixLength: 24 }, mode: 'full' as const, leaseSeconds: 60 },
      ...{ dns: [], pool, dhcpOptions: [{ code: 224, hex: '00'.repeat(500) }] },
    };
    const ports = { dhcp: 67, dhcpClient: 68 };
    const stop = new AbortController();
    const served = { own, ports, loaders: loaderNames({}), scriptBaseUrl: 'http://10.0.0.1' };
    const running = createDhcpServer(deps, served).run(stop.signal);
    await settle();
    await fc.assert(
      fc.asyncProperty(fc.array(datagram, { minLength: 1, maxLength: 8 }), async (datagrams) => {
        for (const data of datagrams)
          udp.deliver({ address: '0.0.0.0', port: 68 }, { address: '255.255.255.255', port: 67 }, data);
        await settle(8);
        const replies = udp.sent.splice(0);
        expect(replies.length).toBeLessThanOrEqual(datagrams.length);
        for (const { data } of replies) {
          expect(data.length).toBeLessThanOrEqual(1472);
          expect(decodeDhcpMessage(data).op).toBe(2);
        }
      }),
      { numRuns: 300, seed: 4711 },
    );
    expect(meter.value('netboot_datagrams_dropped', { channel: 'dhcp', why: 'failed' })).toBe(0);
    expect(meter.value('netboot_dhcp_replies', { channel: 'dhcp', type: 'offer' })).toBeGreaterThan(0);
    stop.abort();
    await running;
  });
});
