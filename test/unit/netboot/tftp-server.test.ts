import { afterEach, describe, expect, it } from 'vitest';
import type { NewEvent } from '../../../src/domain/event.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import type { UdpPeer } from '../../../src/foundation/udp.ts';
import type { UdpLinkEvents } from '../../../src/foundation/udp-link.ts';
import { listedFiles, type TftpFiles } from '../../../src/netboot/tftp/files.ts';
import { createTftpServer, type TftpServerOptions } from '../../../src/netboot/tftp-server.ts';
import {
  decodeTftpPacket,
  describeTftpPacket,
  encodeTftpPacket,
  type TftpOptions,
  type TftpPacket,
} from '../../../src/protocols/tftp/packet.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';
import { createMemoryUdp } from '../../support/memory-udp.ts';
import { sampleMachine } from '../../support/netboot-ports.ts';

const SERVER = { address: '10.0.0.1', port: 69 };
const CLIENT = { address: '10.0.0.7', port: 2070 };
const list = listedFiles(new Map([['a.efi', { name: 'a.efi', data: Buffer.alloc(1000, 1) }]]));
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A server over sockets in memory. */
async function start(
  options: Partial<TftpServerOptions> = {},
  files: TftpFiles = list,
  opening: (events: UdpLinkEvents, own: UdpPeer) => void = () => undefined,
) {
  const [udp, clock, meter] = [createMemoryUdp(), createManualClock(), createMeter()];
  const events: NewEvent[] = [];
  const tapped: string[] = [];
  const links = new Map<string, UdpLinkEvents>();
  const machine = sampleMachine({ name: 'm1', macs: ['00:00:00:00:00:07'], address: CLIENT.address });
  const server = createTftpServer(
    {
      udp,
      clock,
      meter,
      log: silentLog,
      files,
      peers: { machineAt: async () => machine, belongsTo: async () => true },
      sightings: {
        saw: (_, event) => events.push(event),
        settled: async () => undefined,
        close: async () => undefined,
      },
      tap: { saw: ({ direction, remote }) => tapped.push(`${direction} ${remote.port}`) },
      async openLink(local, peer, linkEvents) {
        const key = `${peer.address} ${peer.port}`;
        links.set(key, linkEvents);
        opening(linkEvents, local);
        return {
          local,
          send: (data) => void udp.sent.push({ from: local, to: peer, data: Buffer.from(data) }),
          [Symbol.asyncDispose]: async () => void links.delete(key),
        };
      },
    },
    { ...SERVER, ...options },
  );
  const stop = new AbortController();
  const running = server.run(stop.signal);
  stops.push(async () => {
    stop.abort();
    await running;
  });
  await server.ready;
  const send = async (packet: TftpPacket | Buffer, from: UdpPeer = CLIENT, to: UdpPeer = SERVER): Promise<void> => {
    const data = Buffer.isBuffer(packet) ? packet : encodeTftpPacket(packet);
    const link = links.get(`${from.address} ${from.port}`);
    if (to.port !== SERVER.port && link !== undefined) link.receive(data);
    else udp.deliver(from, to, data);
    await settle();
  };
  return {
    udp,
    clock,
    meter,
    events,
    tapped,
    links,
    send,
    /** What was sent since the last look: to whom by port, from which port, and what. */
    took: () =>
      udp.sent.splice(0).map(({ from, to, data }) => {
        const source = from.port === SERVER.port ? '69' : 'own';
        return `${source} > ${to.port}: ${describeTftpPacket(decodeTftpPacket(data))}`;
      }),
    ownPort: (): UdpPeer => ({ address: SERVER.address, port: udp.bound.at(-1)?.port ?? 0 }),
  };
}

const rrq = (filename: string, options: TftpOptions = [], mode = 'octet'): TftpPacket => ({
  kind: 'rrq',
  filename,
  mode,
  options,
});
const ack = (block: number): TftpPacket => ({ kind: 'ack', block });
const PROBE = [
  { name: 'tsize', value: '0' },
  { name: 'blksize', value: '1468' },
  { name: 'windowsize', value: '4' },
];
const OACK = 'OACK tsize=1000 blksize=1468 windowsize=4';

describe.each([
  ['a port for each transfer', false, 'own'],
  ['a single port', true, '69'],
])('%s', (_, singlePort, source) => {
  it('serves, and reports it', async () => {
    const s = await start({ singlePort });
    await s.send(rrq('\\A.EFI'));
    const to = singlePort ? SERVER : s.ownPort();
    await s.send(ack(1), CLIENT, to);
    await s.send(ack(2), CLIENT, to);
    expect(s.took()).toEqual([`${source} > 2070: DATA 1 of 512 bytes`, `${source} > 2070: DATA 2 of 488 bytes`]);
    expect(s.events).toMatchObject([{ type: 'file.served', data: { name: 'a.efi', bytes: 1000 } }]);
    expect(s.tapped).toEqual(['in 2070', 'out 2070', 'in 2070', 'out 2070', 'in 2070']);
    expect(s.udp.bound.length).toBe(1);
    expect(s.links.size).toBe(0);
  });
  it('takes a size probe for what it is, and serves what follows from the same port', async () => {
    const s = await start({ singlePort });
    await s.send(rrq('a.efi', PROBE));
    const to = singlePort ? SERVER : s.ownPort();
    // Both in one turn: the second must not be taken for a repetition of the first.
    const abort = encodeTftpPacket({ kind: 'error', code: 8, message: 'User aborted the transfer' });
    if (singlePort) s.udp.deliver(CLIENT, to, abort);
    else s.links.get('10.0.0.7 2070')?.receive(abort);
    await s.send(rrq('a.efi', PROBE));
    expect(s.took()).toEqual([`${source} > 2070: ${OACK}`, `${source} > 2070: ${OACK}`]);
    expect(s.events).toEqual([]);
    expect(s.meter.value('netboot_tftp_transfers', { end: 'probed' })).toBe(1);
  });
  it('answers a repeated request once', async () => {
    const s = await start({ singlePort });
    for (let n = 0; n < 3; n++) s.udp.deliver(CLIENT, SERVER, encodeTftpPacket(rrq('a.efi', PROBE)));
    await settle();
    await s.send(rrq('a.efi', PROBE));
    expect(s.took()).toEqual([`${source} > 2070: ${OACK}`]);
  });
  it('goes on when the repetition of a request comes late, and begins anew for a client that was silent', async () => {
    const s = await start({ singlePort, attempts: 3, retransmitMs: 60_000 });
    await s.send(rrq('a.efi'));
    const to = singlePort ? SERVER : s.ownPort();
    await s.send(ack(1), CLIENT, to);
    s.took();
    // It was sent before the first block had come, and overtaken by it.
    await s.send(rrq('a.efi'));
    await s.clock.advance(2900);
    await s.send(rrq('a.efi'));
    expect(s.took()).toEqual([]);
    // Reset, its ROM counts ports from the start.
    await s.clock.advance(200);
    await s.send(rrq('a.efi'));
    expect(s.took()).toEqual([`${source} > 2070: DATA 1 of 512 bytes`]);
  });
  it('tells a stranger off and goes on', async () => {
    const s = await start({ singlePort });
    await s.send(rrq('a.efi'));
    const to = singlePort ? SERVER : s.ownPort();
    s.took();
    const stranger = { address: '10.0.0.8', port: 9 };
    await s.send(ack(1), stranger, to);
    await s.send({ kind: 'error', code: 0, message: '' }, stranger, to);
    await s.send(ack(1), CLIENT, to);
    expect(s.took()).toEqual([`${source} > 9: ERROR 5 "unknown transfer id"`, `${source} > 2070: DATA 2 of 488 bytes`]);
  });
  it('sends again with growing pauses, ends, and says so', async () => {
    const s = await start({ singlePort, attempts: 3 });
    await s.send(rrq('a.efi', PROBE));
    await s.clock.advance(999);
    expect(s.took().length).toBe(1);
    await s.clock.advance(1 + 2000 + 4000);
    expect(s.took().length).toBe(3);
    await s.clock.advance(8000);
    expect(s.took()).toEqual([]);
    expect(s.events).toMatchObject([{ type: 'file.refused', data: { why: 'the machine stopped answering' } }]);
    expect(s.clock.sleepers).toBe(0);
    expect(s.udp.bound.length).toBe(1);
  });
});

describe('server', () => {
  it.each([
    [rrq('../../etc/passwd'), 2, 'that name leaves the served files'],
    [rrq('none'), 1, 'no such file'],
    [rrq('a.efi', [], 'mail'), 4, 'mode must be octet or netascii'],
    [{ ...rrq('a.efi'), kind: 'wrq' } as TftpPacket, 2, 'files can only be read here'],
    [ack(3), 4, 'a transfer starts with a read request'],
  ])('refuses %j', async (packet, code, message) => {
    const s = await start();
    await s.send(packet);
    expect(s.took()).toEqual([`69 > 2070: ERROR ${code} "${message}"`]);
  });
  it('keeps to its bounds, in all and for each client', async () => {
    const s = await start({ maximumTransfers: 3, maximumTransfersPerClient: 2 });
    for (const port of [1, 2, 3]) await s.send(rrq('a.efi'), { ...CLIENT, port });
    expect(s.took().at(-1)).toBe('69 > 3: ERROR 0 "too many transfers of yours are under way"');
    // When all are taken nobody is told: firmware asks again, and an ERROR would end its boot.
    for (const port of [4, 5]) await s.send(rrq('a.efi'), { address: '10.0.0.9', port });
    expect(s.took()).toEqual(['own > 4: DATA 1 of 512 bytes']);
    expect(s.meter.value('netboot_tftp_put_off')).toBe(1);
  });
  it('serves an IPv6 client blocks that fit its frames', async () => {
    const s = await start();
    await s.send(rrq('a.efi', [{ name: 'BlkSize', value: '8192' }]), { address: 'fd00::7', port: 1 });
    expect(s.took()).toEqual(['own > 1: OACK BlkSize=1448']);
  });
  it('asks for a file with the name and who wants it, and says when that failed', async () => {
    const s = await start(
      {},
      {
        async find(name, { address }) {
          if (name === 'broken') throw new Error('disk');
          return name === 'autoexec.ipxe' ? { name, data: Buffer.from(address) } : undefined;
        },
      },
    );
    await s.send(rrq('/autoexec.ipxe'));
    await s.send(rrq('broken'), { ...CLIENT, port: 5 });
    expect(s.took()).toEqual([
      'own > 2070: DATA 1 of 8 bytes',
      '69 > 5: ERROR 0 "the file cannot be had now, try again"',
    ]);
  });
  it('is done at once with a client that closed without the last acknowledgement', async () => {
    const s = await start();
    await s.send(rrq('a.efi'));
    await s.send(ack(1), CLIENT, s.ownPort());
    s.links.get('10.0.0.7 2070')?.refused();
    await settle();
    expect(s.events).toMatchObject([{ type: 'file.served', data: { unconfirmed: true } }]);
  });
  it('does not hear who guesses the port of a transfer that is being opened', async () => {
    const s = await start({}, list, (events, own) => {
      s.udp.deliver(CLIENT, own, encodeTftpPacket(ack(1)));
      events.receive(encodeTftpPacket(ack(1)));
      events.receive(encodeTftpPacket({ kind: 'error', code: 0, message: '' }));
      events.refused();
    });
    await s.send(rrq('a.efi'));
    expect(s.took()).toEqual(['own > 2070: DATA 1 of 512 bytes']);
    await s.send(ack(1), CLIENT, s.ownPort());
    expect(s.took()).toEqual(['own > 2070: DATA 2 of 488 bytes']);
    expect(s.meter.value('netboot_tftp_transfers', { end: 'failed' })).toBe(0);
  });
  it('ends a transfer that takes for ever', async () => {
    const s = await start({ deadlineMs: 5000 });
    await s.send(rrq('a.efi', [{ name: 'blksize', value: '8' }]));
    for (let block = 0; block < 20; block++) {
      await s.send(ack(block), CLIENT, s.ownPort());
      await s.clock.advance(300);
    }
    expect(s.links.size).toBe(0);
    expect(s.events).toMatchObject([{ type: 'file.refused' }]);
  });
});
