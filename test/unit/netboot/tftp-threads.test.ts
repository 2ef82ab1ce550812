import { afterEach, describe, expect, it } from 'vitest';
import type { NewEvent } from '../../../src/domain/event.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { systemThread } from '../../../src/foundation/thread.ts';
import { createTftpServer, type TftpServerOptions } from '../../../src/netboot/tftp-server.ts';
import { decodeTftpPacket, describeTftpPacket, encodeTftpPacket } from '../../../src/protocols/tftp/packet.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';
import { createMemoryUdp } from '../../support/memory-udp.ts';
import { sampleMachine } from '../../support/netboot-ports.ts';
import { createFakeThreads, type FakeThread } from '../../support/tftp-threads.ts';

const SERVER = { address: '10.0.0.1', port: 69 };
const HOST = '10.0.0.7';
const FILES = new Map([['a.efi', { name: 'a.efi', data: Buffer.alloc(1000, 1) }]]);
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function start(options: Partial<TftpServerOptions> = {}) {
  const [udp, clock, meter] = [createMemoryUdp(), createManualClock(), createMeter()];
  const { threads, startThread } = createFakeThreads();
  const events: NewEvent[] = [];
  const tapped: string[] = [];
  const logged: string[] = [];
  const machine = sampleMachine({ name: 'm1', macs: ['00:00:00:00:00:07'], address: HOST });
  const server = createTftpServer(
    {
      ...{ udp, clock, meter, startThread, files: FILES },
      log: { ...silentLog, error: (_, text) => logged.push(text) },
      peers: { machineAt: async () => machine, belongsTo: async () => true },
      sightings: {
        saw: (_, event) => events.push(event),
        settled: async () => undefined,
        close: async () => undefined,
      },
      tap: { saw: ({ direction, remote, data }) => tapped.push(`${direction} ${remote.port} ${data.toString('hex')}`) },
      async openLink(local, peer) {
        return {
          local,
          send: (data) => void udp.sent.push({ from: local, to: peer, data: Buffer.from(data) }),
          [Symbol.asyncDispose]: async () => undefined,
        };
      },
    },
    { ...SERVER, threads: 2, ...options },
  );
  const stop = new AbortController();
  const running = server.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    for (const thread of threads) closeAll(thread);
    await running;
  };
  stops.push(end);
  await server.ready;
  return {
    ...{ udp, clock, meter, threads, events, tapped, logged, stop, running },
    /** Asks for the file from a port of the client. */
    async ask(port: number, filename = 'a.efi') {
      const request = encodeTftpPacket({ kind: 'rrq', filename, mode: 'octet', options: [] });
      udp.deliver({ address: HOST, port }, SERVER, request);
      await settle();
    },
    /** Two transfers in the main thread, which start the threads. */
    async warm() {
      await this.ask(1);
      await this.ask(2);
      for (const thread of threads) thread.say({ kind: 'ready' });
      udp.sent.splice(0);
    },
    took: () => udp.sent.splice(0).map(({ to, data }) => `${to.port}: ${describeTftpPacket(decodeTftpPacket(data))}`),
  };
}

/** Which client ports a thread was given, in order. */
const portsOf = ({ told }: FakeThread): number[] =>
  told.flatMap((each) => (each.kind === 'open' ? [each.client.port] : []));
const idOf = ({ told }: FakeThread, port: number): number => {
  const found = told.find((each) => each.kind === 'open' && each.client.port === port);
  return found?.kind === 'open' ? found.id : -1;
};
function closeAll(thread: FakeThread): void {
  for (const each of thread.told) if (each.kind === 'open') thread.say({ kind: 'closed', id: each.id });
}

describe('transfer threads', () => {
  it('start with the second transfer, and serve once they are ready', async () => {
    const s = await start();
    await s.ask(1);
    expect(s.threads.length).toBe(0);
    await s.ask(2);
    expect(s.threads.map(({ data }) => data)).toMatchObject(
      [SERVER.address, SERVER.address].map((address) => ({ address })),
    );
    await s.ask(3);
    expect(s.took()).toEqual([1, 2, 3].map((port) => `${port}: DATA 1 of 512 bytes`));
    for (const thread of s.threads) thread.say({ kind: 'ready' });
    for (const port of [4, 5, 6, 7]) await s.ask(port);
    expect(s.took()).toEqual([]);
    expect(s.threads.map(portsOf)).toEqual([
      [4, 6],
      [5, 7],
    ]);
    closeAll(s.threads[1] as FakeThread);
    await s.ask(8);
    await s.ask(9);
    expect(s.threads.map(portsOf)).toEqual([
      [4, 6],
      [5, 7, 8, 9],
    ]);
  });

  it.each([{ singlePort: true }, { threads: 0 }])('do not start with %o', async (options) => {
    const s = await start(options);
    for (const port of [1, 2, 3]) await s.ask(port);
    expect(s.threads).toEqual([]);
    expect(s.took().length).toBe(3);
  });

  it('are given what a client asks again where its transfer is', async () => {
    const s = await start();
    await s.warm();
    for (const port of [4, 5, 4, 1]) await s.ask(port);
    expect(s.threads.map(portsOf)).toEqual([[4, 4], [5]]);
    expect(s.took()).toEqual([]);
    // The repetition is over at once, the transfer is not.
    const [first] = s.threads as [FakeThread];
    first.say({ kind: 'closed', id: Math.max(...first.told.map((each) => (each.kind === 'open' ? each.id : 0))) });
    await s.ask(4);
    expect(portsOf(first)).toEqual([4, 4, 4]);
  });

  it('count for the bounds', async () => {
    const s = await start({ maximumTransfers: 4 });
    await s.warm();
    for (const port of [4, 5, 6]) await s.ask(port);
    expect(s.took(), 'the third has no place').toEqual([]);
    expect(s.threads.flatMap(portsOf)).not.toContain(6);
    const [first] = s.threads as [FakeThread];
    first.say({ kind: 'closed', id: idOf(first, 4) });
    await settle();
    await s.ask(6);
    expect(s.took()).toEqual([]);
    expect(portsOf(first)).toEqual([4, 6]);
  });

  it('see one copy of a file, however often it is asked for', async () => {
    const s = await start();
    await s.warm();
    for (const port of [4, 5, 6]) await s.ask(port);
    const contents = s.threads.flatMap(({ told }) =>
      told.flatMap((each) => (each.kind === 'open' ? [each.content] : [])),
    );
    expect(new Set(contents).size).toBe(1);
    expect(contents[0]?.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Buffer.from(contents[0] as Uint8Array)).toEqual(FILES.get('a.efi')?.data);
  });

  it('report what happened, as the main thread does', async () => {
    const s = await start();
    await s.warm();
    await s.ask(4);
    s.tapped.splice(0);
    const [first] = s.threads as [FakeThread];
    expect(first.data.watched).toBe(true);
    first.say({
      kind: 'saw',
      direction: 'in',
      local: SERVER,
      remote: { address: HOST, port: 4 },
      data: new Uint8Array([0, 4]),
    });
    first.say({ kind: 'counted', counters: [{ name: 'netboot_tftp_retransmissions', labels: {}, value: 3 }] });
    first.say({ kind: 'logged', level: 'error', fields: {}, text: 'from afar' });
    first.say({
      kind: 'ended',
      address: HOST,
      facts: { name: 'a.efi', bytes: 1000, tookMs: 5 },
      end: { kind: 'served', confirmed: true },
    });
    await settle();
    expect(s.tapped).toEqual(['in 4 0004']);
    expect(s.meter.value('netboot_tftp_retransmissions')).toBe(3);
    expect(s.meter.value('netboot_tftp_transfers', { end: 'served' })).toBe(1);
    expect(s.logged).toEqual(['from afar']);
    expect(s.events).toMatchObject([{ type: 'file.served', data: { name: 'a.efi', bytes: 1000, tookMs: 5 } }]);
  });

  it('that end take their transfers with them, and another takes their place', async () => {
    const s = await start();
    await s.warm();
    for (const port of [4, 5]) await s.ask(port);
    s.threads[0]?.end('out of memory');
    await settle();
    expect(s.meter.value('netboot_tftp_transfers', { end: 'failed' })).toBe(1);
    expect(s.meter.value('netboot_tftp_threads_lost')).toBe(1);
    expect(s.logged).toEqual(['TFTP thread ended, its transfers with it', 'TFTP transfer failed']);
    await s.ask(4);
    expect(s.threads.length).toBe(3);
    expect(s.threads.map(portsOf)).toEqual([[4], [5, 4], []]);
    s.threads[2]?.say({ kind: 'ready' });
    await s.ask(6);
    expect(portsOf(s.threads[2] as FakeThread)).toEqual([6]);
  });

  it('that cannot start are left alone for a minute', async () => {
    const s = await start({ maximumTransfersPerClient: 100 });
    for (const port of [1, 2]) await s.ask(port);
    for (const thread of s.threads) thread.end('no memory');
    await s.ask(3);
    expect(s.threads.length).toBe(2);
    expect(s.took().length).toBe(3);
    await s.clock.advance(60_000);
    for (const port of [4, 5]) await s.ask(port);
    expect(s.threads.length).toBe(4);
  });

  it('end when nothing was asked for five minutes, and start anew', async () => {
    const s = await start();
    await s.warm();
    await s.ask(4);
    await s.clock.advance(400_000);
    expect(s.threads.flatMap(({ told }) => told.filter(({ kind }) => kind === 'stop'))).toEqual([]);
    closeAll(s.threads[0] as FakeThread);
    await s.clock.advance(200_000);
    await s.ask(5);
    closeAll(s.threads[0] as FakeThread);
    await s.clock.advance(299_999);
    expect(s.threads.map(({ told }) => told.at(-1)?.kind)).not.toContain('stop');
    await s.clock.advance(1);
    expect(s.threads.map(({ told }) => told.at(-1)?.kind)).toEqual(['stop', 'stop']);
    for (const thread of s.threads) thread.end();
    expect(s.meter.value('netboot_tftp_threads_lost')).toBe(0);
    for (const port of [6, 7]) await s.ask(port);
    expect(s.threads.length).toBe(4);
    expect(s.took().slice(-2)).toEqual(['6: DATA 1 of 512 bytes', '7: DATA 1 of 512 bytes']);
  });

  it('end with the server, which waits for their transfers', async () => {
    const s = await start();
    await s.warm();
    await s.ask(4);
    let over = false;
    const ended = s.running.then(() => {
      over = true;
    });
    s.stop.abort();
    await settle();
    expect(s.threads.map(({ told }) => told.at(-1)?.kind)).toEqual(['stop', 'stop']);
    expect(over).toBe(false);
    for (const thread of s.threads) closeAll(thread);
    await ended;
    expect(s.threads.map(({ disposed }) => disposed)).toEqual([true, true]);
    expect(s.meter.value('netboot_tftp_transfers', { end: 'failed' })).toBe(0);
  });
});

it('a thread says why it ended', async () => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const program = new URL('../../../src/netboot/tftp/no-such-program.ts', import.meta.url);
  systemThread(program, {}, { message: () => undefined, ended: resolve });
  expect(await promise).toMatch(/no-such-program/);
});
