import { describe, expect, it } from 'vitest';
import { type Log, type LogFields, silentLog } from '../../../../src/foundation/log.ts';
import { createMeter } from '../../../../src/foundation/meter.ts';
import { createAddressProbe } from '../../../../src/netboot/dhcp/address-probe.ts';
import { createOtherServers } from '../../../../src/netboot/dhcp/other-servers.ts';
import { createServerWatch } from '../../../../src/netboot/dhcp/server-watch.ts';
import type { Neighbour } from '../../../../src/netboot/linux-network.ts';
import { decodeDhcpMessage, encodeDhcpMessage, macOf, messageTypeOf } from '../../../../src/protocols/dhcp/message.ts';
import { addressesValue } from '../../../../src/protocols/dhcp/option-values.ts';
import { clientMessage } from '../../../../src/simulator/pxe-client/messages.ts';
import { createManualClock, settle } from '../../../support/manual-clock.ts';
import { createMemoryUdp } from '../../../support/memory-udp.ts';

const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x33) };
const identity = { mac: '52:54:00:00:00:01', uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432', firmware: 'uefi' } as const;
const request = clientMessage(fixed, identity, { type: 'discover', speaker: 'system' });
const answer = (server: string, more: { yiaddr?: string; vendor?: string; op?: number } = {}): Buffer =>
  encodeDhcpMessage({
    ...request,
    op: more.op ?? 2,
    yiaddr: more.yiaddr ?? '10.0.0.77',
    options: new Map([
      [53, Buffer.from([2])],
      [54, addressesValue([server])],
      ...(more.vendor === undefined ? [] : [[60, Buffer.from(more.vendor)] as const]),
    ]),
  });

function watched(expected = false) {
  const clock = createManualClock();
  const said: { level: string; fields: LogFields }[] = [];
  const log: Log = {
    ...silentLog,
    info: (fields) => void said.push({ level: 'info', fields }),
    warn: (fields) => void said.push({ level: 'warn', fields }),
  };
  const neighbours: Neighbour[] = [{ address: '10.0.0.9', mac: '52:54:00:00:00:09', interface: 'eth0' }];
  const network = { neighbours: async () => neighbours };
  const meter = createMeter();
  const name = { name: 'eth0', ours: ['10.0.0.1'], expected };
  return {
    clock,
    said,
    log,
    neighbours,
    network,
    meter,
    servers: createOtherServers({ clock, log, meter, network }, name),
  };
}

describe('other DHCP servers', () => {
  it('are told with their MAC, once an hour, and counted each time', async () => {
    const { clock, said, servers, meter } = watched();
    servers.heard(answer('10.0.0.9'));
    servers.heard(answer('10.0.0.9'));
    await settle();
    expect(said).toEqual([
      {
        level: 'warn',
        fields: expect.objectContaining({ address: '10.0.0.9', mac: '52:54:00:00:00:09', how: 'answer' }),
      },
    ]);
    expect(meter.value('netboot_other_dhcp_server', { interface: 'eth0', how: 'answer' })).toBe(2);
    await clock.advance(3_600_000);
    servers.heard(answer('10.0.0.9'));
    await settle();
    expect(said.length).toBe(2);
    expect(servers.list()).toEqual([
      expect.objectContaining({ address: '10.0.0.9', mac: '52:54:00:00:00:09', proxy: false }),
    ]);
  });

  it.each([
    ['one that only offers boot files', false, answer('10.0.0.9', { yiaddr: '0.0.0.0', vendor: 'PXEClient' })],
    ['one that the mode is made for', true, answer('10.0.0.9')],
  ])('%s: no warning', async (_name, expected, data) => {
    const { said, servers } = watched(expected);
    servers.heard(data);
    await settle();
    expect(said.map(({ level }) => level)).toEqual(['info']);
  });

  it.each([
    ['our own answers', answer('10.0.0.1')],
    ['requests', answer('10.0.0.9', { op: 1 })],
    ['rubbish', Buffer.from('rubbish')],
    ['nothing', Buffer.alloc(0)],
  ])('%s are not taken for one', async (_name, data) => {
    const { said, servers } = watched();
    servers.heard(data);
    await settle();
    expect([said, servers.list()]).toEqual([[], []]);
  });

  it('are kept up to a bound', () => {
    const { servers } = watched();
    for (let n = 0; n < 200; n++) servers.chosen(`10.0.1.${n}`);
    expect(servers.list().length).toBe(32);
  });
});

describe('the watch for them', () => {
  const options = { interface: 'eth0', ports: { dhcp: 67, dhcpClient: 68 }, everyMs: 1000 };

  it('asks as a client would, now and again, and hears what is broadcast to clients', async () => {
    const parts = watched();
    const udp = createMemoryUdp();
    const deps = { ...parts, udp, entropy: fixed, otherServers: parts.servers };
    const watch = createServerWatch(deps, { ...options, mode: 'probe' });
    const asked: Buffer[] = [];
    const stop = new AbortController();
    const running = watch.run(async (data) => void asked.push(data), stop.signal);
    await parts.clock.advance(2500);
    expect(asked.length).toBe(3);
    const question = decodeDhcpMessage(asked[0] ?? Buffer.alloc(0));
    expect([messageTypeOf(question), question.flags]).toEqual(['discover', 0x8000]);
    const mac = macOf(question) ?? '';
    // Locally administered, and no group address.
    expect(Number.parseInt(mac.slice(0, 2), 16) & 3).toBe(2);
    expect([watch.isOurs(mac), watch.isOurs(identity.mac)]).toEqual([true, false]);
    udp.deliver({ address: '10.0.0.9', port: 67 }, { address: '255.255.255.255', port: 68 }, answer('10.0.0.9'));
    expect(parts.servers.list().map(({ address }) => address)).toEqual(['10.0.0.9']);
    stop.abort();
    await running;
    expect(udp.bound).toEqual([]);
  });

  it('only listens when told so, and does without where the port cannot be had', async () => {
    const parts = watched();
    const udp = createMemoryUdp();
    const deps = { ...parts, udp, entropy: fixed, otherServers: parts.servers };
    const asked: Buffer[] = [];
    const send = async (data: Buffer): Promise<void> => void asked.push(data);
    const stop = new AbortController();
    const running = createServerWatch(deps, { ...options, mode: 'listen' }).run(send, stop.signal);
    await parts.clock.advance(5000);
    stop.abort();
    await running;
    const refusing = { bind: () => Promise.reject(new Error('EACCES')) };
    await createServerWatch({ ...deps, udp: refusing }, { ...options, mode: 'probe' }).run(
      send,
      new AbortController().signal,
    );
    expect(asked).toEqual([]);
    expect(parts.said.map(({ fields }) => fields.error)).toEqual(['EACCES']);
  });
});

describe('the address probe', () => {
  it('makes the kernel ask by ARP, waits, and tells who answered on this interface', async () => {
    const { clock, network, neighbours } = watched();
    const sent: string[] = [];
    const send = async (_data: Uint8Array, to: { address: string; port: number }): Promise<void> =>
      void sent.push(`${to.address}:${to.port}`);
    const probe = createAddressProbe({ clock, log: silentLog, network, send }, 'eth0', { maximumAtOnce: 2 });
    const signal = new AbortController().signal;
    const found = ['10.0.0.9', '10.0.0.8'].map((address) => probe.holderOf(address, signal));
    // Beyond its bound it does not look.
    expect(await probe.holderOf('10.0.0.9', signal)).toBeUndefined();
    neighbours.push({ address: '10.0.0.8', mac: '52:54:00:00:00:08', interface: 'eth1' });
    await clock.advance(150);
    expect(await Promise.all(found)).toEqual(['52:54:00:00:00:09', undefined]);
    expect(sent).toEqual(['10.0.0.9:9', '10.0.0.8:9']);
  });

  it('is no reason to give nothing when it cannot be sent', async () => {
    const { clock, network } = watched();
    const send = () => Promise.reject(new Error('EHOSTUNREACH'));
    const probe = createAddressProbe({ clock, log: silentLog, network, send }, 'eth0');
    expect(await probe.holderOf('10.0.0.9', new AbortController().signal)).toBeUndefined();
  });
});
