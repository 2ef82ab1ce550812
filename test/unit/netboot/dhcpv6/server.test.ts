import { describe, expect, it } from 'vitest';
import { UnreachableError } from '../../../../src/foundation/errors.ts';
import { silentLog } from '../../../../src/foundation/log.ts';
import { createMeter } from '../../../../src/foundation/meter.ts';
import { createBootDirectory } from '../../../../src/netboot/boot-directory.ts';
import { createBootProgress, createForgetfulLoaderMemory } from '../../../../src/netboot/boot-progress.ts';
import { createHeardAddresses } from '../../../../src/netboot/dhcpv6/heard-addresses.ts';
import { createDhcpv6Server } from '../../../../src/netboot/dhcpv6-server.ts';
import { netbootSockets } from '../../../../src/netboot/options.ts';
import type { TappedPacket } from '../../../../src/netboot/packet-tap.ts';
import { createSightings } from '../../../../src/netboot/sightings.ts';
import { createStrangers } from '../../../../src/netboot/strangers.ts';
import {
  decodeDhcpv6Message,
  encodeDhcpv6Message,
  isRelayMessage,
  relayedMessage,
} from '../../../../src/protocols/dhcpv6/message.ts';
import { RIG_MAC, RIG_SERVER, RIG_SOURCE } from '../../../support/dhcpv6-rig.ts';
import { loaderNames } from '../../../support/loader-names.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { createMemoryUdp, type MemoryUdp } from '../../../support/memory-udp.ts';
import { memoryAttempts, memoryMachines, memoryTimeline, sampleMachine } from '../../../support/netboot-ports.ts';
import { recorded } from '../../../support/recorded-netboot.ts';

const GROUP = { address: 'ff02::1:2%eth0', port: 547 };
const CLIENT = { address: `${RIG_SOURCE}%eth0`, port: 546 };

async function serve({
  fd,
  beforeAnswer = async () => undefined,
}: {
  fd?: number;
  beforeAnswer?: () => Promise<void>;
} = {}) {
  const clock = createManualClock();
  const [udp, timeline, meter, log] = [createMemoryUdp(), memoryTimeline(clock.now), createMeter(), silentLog];
  const machines = memoryMachines([sampleMachine({ name: 'm1', macs: [RIG_MAC], address: '10.93.6.11' })]);
  const found = { machineByMac: async (mac: string) => beforeAnswer().then(() => machines.findByMac(mac)) };
  const tapped: TappedPacket[] = [];
  const server = createDhcpv6Server(
    {
      ...{ udp, clock, log, meter, tap: { saw: (packet) => void tapped.push(packet) } },
      directory: createBootDirectory({ machines: found, attempts: memoryAttempts(clock.now) }),
      sightings: createSightings({ timeline, clock, log, meter }),
      strangers: createStrangers({ clock, log, meter }),
      heard: createHeardAddresses({ clock }),
      progress: createBootProgress({ memory: createForgetfulLoaderMemory(), clock, log }),
    },
    {
      ...{ name: 'eth0', loaders: loaderNames({}), scriptBaseUrl: `http://[${RIG_SERVER}]:8480` },
      own: { address: { address: RIG_SERVER, prefixLength: 64 }, mode: 'full' },
      ...(fd === undefined ? {} : { fd }),
    },
  );
  const stop = new AbortController();
  const running = server.run(stop.signal);
  await server.ready;
  const end = (): Promise<void> => {
    stop.abort();
    return running;
  };
  return { udp, meter, tapped, stop: end };
}

async function sentBy(udp: MemoryUdp, count: number) {
  await expect.poll(() => udp.sent.length, { interval: 1 }).toBe(count);
  return udp.sent.at(-1);
}

describe('the listener on port 547', () => {
  it('hears the group on its interface, and its own address for relay agents', async () => {
    const { udp, stop } = await serve();
    expect(udp.bound).toEqual([
      expect.objectContaining({ ...GROUP, ipv6Only: true, membership: { group: 'ff02::1:2', interface: 'eth0' } }),
      expect.objectContaining({ address: RIG_SERVER, port: 547, ipv6Only: true }),
    ]);
    expect(udp.bound[1]).not.toHaveProperty('membership');
    await stop();
    expect(udp.bound).toEqual([]);
  });

  it('takes an inherited socket for both', async () => {
    const { udp, stop } = await serve({ fd: 7 });
    expect(udp.bound).toEqual([expect.objectContaining({ address: '::', fd: 7, membership: expect.anything() })]);
    await stop();
    expect(netbootSockets([{ fd: 7, name: 'dhcpv6.eth0' }]).get('eth0')).toEqual({ dhcpv6: 7 });
  });

  it('answers a client at its address, by the socket that heard it, and shows both to the tap', async () => {
    const { udp, tapped, meter, stop } = await serve();
    udp.deliver(CLIENT, GROUP, recorded('ovmf-solicit6'));
    const sent = await sentBy(udp, 1);
    expect(sent).toMatchObject({ from: GROUP, to: CLIENT });
    expect(decodeDhcpv6Message(sent?.data ?? Buffer.alloc(0)).type).toBe('advertise');
    expect(tapped).toMatchObject([
      { direction: 'in', protocol: 'dhcpv6', interface: 'eth0', mac: RIG_MAC, remote: CLIENT, local: GROUP },
      { direction: 'out', protocol: 'dhcpv6', remote: CLIENT, mac: RIG_MAC },
    ]);
    expect(meter.value('netboot_dhcp_replies', { channel: 'dhcpv6', type: 'advertise' })).toBe(1);
    await stop();
  });

  it('answers a relay agent at its server port, in an envelope', async () => {
    const { udp, stop } = await serve();
    const relay = { address: 'fd00:93::9', port: 40_000 };
    const data = encodeDhcpv6Message({
      ...{ type: 'relay-forward', hopCount: 0, linkAddress: 'fd00:93::9', peerAddress: RIG_SOURCE },
      options: [
        { code: 18, data: Buffer.from('port7') },
        { code: 9, data: recorded('ovmf-solicit6') },
      ],
    });
    udp.deliver(relay, { address: RIG_SERVER, port: 547 }, data);
    const sent = await sentBy(udp, 1);
    expect(sent).toMatchObject({ from: { address: RIG_SERVER }, to: { address: 'fd00:93::9', port: 547 } });
    const reply = decodeDhcpv6Message(sent?.data ?? Buffer.alloc(0));
    if (!isRelayMessage(reply)) throw new Error('no envelope');
    expect(reply).toMatchObject({ type: 'relay-reply', peerAddress: RIG_SOURCE, linkAddress: 'fd00:93::9' });
    expect(reply.options[0]?.data.toString()).toBe('port7');
    expect(relayedMessage(reply).type).toBe('advertise');
    await stop();
  });

  it('sends a client that writes to our address to the group', async () => {
    const { udp, stop } = await serve();
    udp.deliver(CLIENT, { address: RIG_SERVER, port: 547 }, recorded('ovmf-request6'));
    const sent = await sentBy(udp, 1);
    expect(sent?.data.toString('latin1')).toContain('send it to ff02::1:2');
    await stop();
  });

  it('counts what it drops, and goes on', async () => {
    const { udp, meter, stop } = await serve();
    for (const bytes of ['', '01', 'nonsense', '\x07\0\0\0']) udp.deliver(CLIENT, GROUP, Buffer.from(bytes, 'latin1'));
    const dropped = (why: string): number => meter.value('netboot_datagrams_dropped', { channel: 'dhcpv6', why });
    expect([dropped('malformed'), dropped('not-a-request')]).toEqual([3, 1]);
    udp.deliver(CLIENT, GROUP, recorded('ovmf-solicit6'));
    await sentBy(udp, 1);
    await stop();
  });

  it('works on so many at once, and says what fails', async () => {
    const gate = Promise.withResolvers<void>();
    const { udp, meter, stop } = await serve({ beforeAnswer: () => gate.promise });
    for (let count = 0; count < 1030; count++) udp.deliver(CLIENT, GROUP, recorded('ovmf-solicit6'));
    const dropped = (why: string): number => meter.value('netboot_datagrams_dropped', { channel: 'dhcpv6', why });
    expect(dropped('busy')).toBe(6);
    gate.reject(new UnreachableError('the store is away'));
    await expect.poll(() => dropped('unsent'), { interval: 1 }).toBe(1024);
    expect(udp.sent).toEqual([]);
    await stop();
  });
});
