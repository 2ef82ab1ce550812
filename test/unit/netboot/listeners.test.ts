import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { createBootDirectory } from '../../../src/netboot/boot-directory.ts';
import { createBootProgress, createForgetfulLoaderMemory } from '../../../src/netboot/boot-progress.ts';
import { createLeaseTable } from '../../../src/netboot/dhcp/lease-table.ts';
import { createOtherServers } from '../../../src/netboot/dhcp/other-servers.ts';
import { createDhcpServer } from '../../../src/netboot/dhcp-server.ts';
import { createInventory } from '../../../src/netboot/inventory.ts';
import type { InterfaceOptions } from '../../../src/netboot/options.ts';
import { noTap } from '../../../src/netboot/packet-tap.ts';
import { createPeers } from '../../../src/netboot/peers.ts';
import { createSightings } from '../../../src/netboot/sightings.ts';
import { createStrangers } from '../../../src/netboot/strangers.ts';
import { decodeDhcpMessage, encodeDhcpMessage, messageTypeOf } from '../../../src/protocols/dhcp/message.ts';
import { type ClientMessageParts, clientMessage } from '../../../src/simulator/pxe-client/messages.ts';
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

const SERVER = '10.0.0.1';
const identity = { mac: '52:54:00:00:00:01', uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432', firmware: 'uefi' } as const;
const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x22) };
const message = (parts: ClientMessageParts): Buffer => encodeDhcpMessage(clientMessage(fixed, identity, parts));
const own: InterfaceOptions = {
  name: 'eth0',
  address: { address: SERVER, prefixLength: 24 },
  mode: 'full',
  leaseSeconds: 60,
  dns: [],
};

function parts(beforePut?: () => Promise<void>) {
  const clock = createManualClock();
  const udp = createMemoryUdp();
  const machine = sampleMachine({ name: 'm1', macs: [identity.mac], address: '10.0.0.11' });
  const [machines, attempts] = [memoryMachines([machine]), memoryAttempts(clock.now)];
  const leases = createLeaseTable({ leases: memoryLeases(beforePut) });
  const inventory = createInventory({ machines, clock });
  const [timeline, meter, log] = [memoryTimeline(clock.now), createMeter(), silentLog];
  const sightings = createSightings({ timeline, clock, log, meter });
  const strangers = createStrangers({ clock, log, meter });
  const progress = createBootProgress({ memory: createForgetfulLoaderMemory(), clock, log });
  const directory = createBootDirectory({ machines: inventory, attempts });
  const network = { neighbours: async () => [], defaultRouteInterfaces: async () => [] };
  const peers = createPeers({ leases, machines, clock, neighbours: network.neighbours });
  const otherServers = createOtherServers(
    { clock, log, meter, network },
    { name: 'eth0', ours: [SERVER], expected: false },
  );
  return {
    clock,
    udp,
    entropy: fixed,
    tap: noTap,
    network,
    inventory,
    otherServers,
    machine,
    machines,
    attempts,
    leases,
    timeline,
    meter,
    log,
    sightings,
    strangers,
    progress,
    directory,
    peers,
  };
}

describe('DHCP server', () => {
  const options = {
    own,
    ports: { dhcp: 67, dhcpClient: 68 },
    loaders: loaderNames({ 7: ['ipxe.efi'] }),
    scriptBaseUrl: `http://${SERVER}`,
  };
  const request = message({ type: 'request', speaker: 'system', requested: '10.0.0.11', server: SERVER });

  it('holds an acknowledgement back until the lease is on disk', async () => {
    const disk = Promise.withResolvers<void>();
    const p = parts(() => disk.promise);
    const stop = new AbortController();
    const running = createDhcpServer(p, options).run(stop.signal);
    await settle();
    p.udp.deliver({ address: '0.0.0.0', port: 68 }, { address: '255.255.255.255', port: 67 }, request);
    await settle(10);
    expect(p.udp.sent).toEqual([]);
    disk.resolve();
    await settle(10);
    expect(p.udp.sent.map(({ data, to }) => [messageTypeOf(decodeDhcpMessage(data)), to])).toEqual([
      ['ack', { address: '255.255.255.255', port: 68 }],
    ]);
    stop.abort();
    await running;
  });

  it('answers nothing when the lease cannot be written, and goes on', async () => {
    let broken = true;
    const p = parts(() => (broken ? Promise.reject(new Error('disk full')) : Promise.resolve()));
    const stop = new AbortController();
    const running = createDhcpServer(p, options).run(stop.signal);
    await settle();
    const ask = (): void =>
      p.udp.deliver({ address: '0.0.0.0', port: 68 }, { address: '255.255.255.255', port: 67 }, request);
    ask();
    await settle(10);
    expect(p.udp.sent).toEqual([]);
    expect(p.meter.value('netboot_datagrams_dropped', { channel: 'dhcp', why: 'failed' })).toBe(1);
    broken = false;
    ask();
    await settle(10);
    expect(p.udp.sent.length).toBe(1);
    stop.abort();
    await running;
  });

  it('drops requests beyond what it can work on at once', async () => {
    const disk = Promise.withResolvers<void>();
    const p = parts(() => disk.promise);
    const stop = new AbortController();
    const running = createDhcpServer(p, options).run(stop.signal);
    await settle();
    for (let n = 0; n < 4140; n++)
      p.udp.deliver({ address: '0.0.0.0', port: 68 }, { address: '255.255.255.255', port: 67 }, request);
    expect(p.meter.value('netboot_datagrams_dropped', { channel: 'dhcp', why: 'busy' })).toBe(44);
    disk.resolve();
    stop.abort();
    await running;
  });

  it('sends from its own address only, and hears broadcasts apart', async () => {
    const p = parts();
    const stop = new AbortController();
    const running = createDhcpServer(p, options).run(stop.signal);
    await settle();
    expect(p.udp.bound.map(({ address, port }) => `${address}:${port}`)).toEqual(['10.0.0.1:67', '255.255.255.255:67']);
    p.udp.deliver(
      { address: '0.0.0.0', port: 68 },
      { address: '255.255.255.255', port: 67 },
      message({ type: 'discover', speaker: 'firmware' }),
    );
    await settle(10);
    expect(p.udp.sent.map(({ from }) => from.address)).toEqual([SERVER]);
    stop.abort();
    await running;
    expect(p.udp.bound).toEqual([]);
  });
});
