import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { systemThread } from '../../../src/foundation/thread.ts';
import { systemUdp, type UdpPeer } from '../../../src/foundation/udp.ts';
import type { FromThread, ThreadData, ToThread } from '../../../src/netboot/tftp/thread-messages.ts';
import { createTftpServer, type TftpServerOptions } from '../../../src/netboot/tftp-server.ts';
import { decodeTftpPacket, describeTftpPacket, encodeTftpPacket } from '../../../src/protocols/tftp/packet.ts';
import { loopbackCorner, pattern, startNetboot } from '../../support/netboot-service.ts';
import { observeThreads, startTftpThreads } from '../../support/tftp-threads.ts';

const ADDRESS = '127.66.8.1';
const FILE = { name: 'loader.efi', data: pattern(300_000, 7) };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serve(options: Partial<TftpServerOptions> = {}) {
  const threads = observeThreads(systemThread);
  const meter = createMeter();
  const seen: string[] = [];
  const server = createTftpServer(
    {
      ...{ udp: systemUdp, clock: systemClock, log: silentLog, meter, startThread: threads.startThread },
      files: new Map([[FILE.name, FILE]]),
      peers: { machineAt: async () => undefined, belongsTo: async () => false },
      sightings: { saw: () => undefined, settled: async () => undefined, close: async () => undefined },
      tap: {
        saw: ({ direction, remote, data }) =>
          seen.push(`${remote.address} ${direction} ${describeTftpPacket(decodeTftpPacket(data))}`),
      },
    },
    { address: ADDRESS, port: 0, threads: 2, retransmitMs: 300, ...options },
  );
  const stop = new AbortController();
  const running = server.run(stop.signal);
  stops.push(async () => {
    stop.abort();
    await running;
  });
  const at = await server.ready;
  await startTftpThreads(at, FILE.name, threads);
  return { at, threads, meter, seen, stop, running };
}

type FetchOptions = { readonly filename?: string; readonly pause?: (block: number) => Promise<void> };

/** A client that never asks twice. */
async function fetch(
  server: UdpPeer,
  from: string,
  windowsize = 1,
  { filename = FILE.name, pause }: FetchOptions = {},
) {
  const signal = AbortSignal.timeout(20_000);
  const parts: Buffer[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const options = [
    { name: 'blksize', value: '1468' },
    { name: 'windowsize', value: String(windowsize) },
  ];
  const take = async (data: Buffer, peer: UdpPeer): Promise<void> => {
    const packet = decodeTftpPacket(data);
    const acknowledge = (block: number): Promise<void> => socket.send(encodeTftpPacket({ kind: 'ack', block }), peer);
    if (packet.kind === 'oack') return acknowledge(0);
    if (packet.kind !== 'data' || packet.block !== parts.length + 1) return;
    parts.push(packet.data);
    const last = packet.data.length < 1468;
    await pause?.(packet.block);
    if (last || packet.block % windowsize === 0) await acknowledge(packet.block);
    if (last) resolve(Buffer.concat(parts));
  };
  await using socket = await systemUdp.bind(
    { address: from, port: 0, receiveBufferBytes: 1 << 20 },
    (data, peer) => void take(data, peer).catch(reject),
    signal,
  );
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  await socket.send(encodeTftpPacket({ kind: 'rrq', filename, mode: 'octet', options }), server);
  return await promise;
}

it('serves many clients at once from threads, whole', async () => {
  const s = await serve();
  const given = s.threads.opened;
  const windows = [1, 1, 4, 4, 16, 16, 64, 64];
  const files = await Promise.all(windows.map((windowsize, n) => fetch(s.at, `127.66.9.${n + 1}`, windowsize)));
  for (const file of files) expect(file.equals(FILE.data)).toBe(true);
  expect(s.threads.opened - given).toBe(8);
  await expect.poll(() => s.meter.value('netboot_tftp_transfers', { end: 'served' })).toBe(8);
  expect(s.meter.value('netboot_bytes_served', { protocol: 'tftp' })).toBe(8 * FILE.data.length);
});

it('shows how a transfer in a thread goes, not each block of it', async () => {
  const s = await serve();
  await fetch(s.at, '127.66.9.1');
  const packets = (): string[] =>
    s.seen.filter((line) => line.startsWith('127.66.9.1 ')).map((line) => line.slice('127.66.9.1 '.length));
  await expect.poll(() => packets().at(-1)).toBe('in ACK 205');
  expect(packets().slice(1)).toEqual([
    'out OACK blksize=1468 windowsize=1',
    'in ACK 0',
    'out DATA 1 of 1468 bytes',
    'in ACK 1',
    'out DATA 205 of 528 bytes',
    'in ACK 205',
  ]);
  expect(packets()[0]).toContain('RRQ');
});

it('sends again from a thread, and counts it', async () => {
  const s = await serve();
  await fetch(s.at, '127.66.9.1', 1, {
    async pause(block) {
      if (block === 3) await expect.poll(() => s.meter.value('netboot_tftp_retransmissions')).toBeGreaterThan(0);
    },
  });
  expect(s.seen).toContain('127.66.9.1 out DATA 3 of 1468 bytes');
});

it('goes on after its threads have died', async () => {
  const s = await serve();
  const cut = fetch(s.at, '127.66.9.1', 1, {
    async pause(block) {
      if (block === 5) for (const kill of s.threads.kill) await kill();
    },
  });
  cut.catch(() => undefined);
  await expect.poll(() => s.meter.value('netboot_tftp_threads_lost')).toBe(2);
  await expect.poll(() => s.meter.value('netboot_tftp_transfers', { end: 'failed' })).toBe(1);
  // By the main thread first, then by new threads.
  expect((await fetch(s.at, '127.66.9.2')).equals(FILE.data)).toBe(true);
  await startTftpThreads(s.at, FILE.name, s.threads, 4);
  const given = s.threads.opened;
  expect((await fetch(s.at, '127.66.9.3', 4)).equals(FILE.data)).toBe(true);
  expect(s.threads.opened - given).toBe(1);
});

it('ends at once with transfers in threads under way', async () => {
  const s = await serve();
  const cut = fetch(s.at, '127.66.9.1', 1, {
    async pause(block) {
      if (block === 5) s.stop.abort();
    },
  });
  cut.catch(() => undefined);
  await s.running;
  expect(s.meter.value('netboot_tftp_transfers', { end: 'failed' })).toBe(0);
});

it('a thread ends by itself when it is told to stop', async () => {
  const program = new URL('../../../src/netboot/tftp/transfer-thread.ts', import.meta.url);
  const data: ThreadData = {
    ...{
      address: ADDRESS,
      watched: false,
      retransmitMs: 1000,
      leastRetransmitMs: 200,
      attempts: 8,
      deadlineMs: 10_000,
    },
  };
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const thread = systemThread<ThreadData, ToThread, FromThread>(program, data, {
    message: () => undefined,
    ended: (why) => resolve(why ?? 'by itself'),
  });
  thread.post({ kind: 'stop' });
  expect(await promise).toBe('by itself');
});

it('serves loaders from threads where all of netboot is wired', async () => {
  await using service = await startNetboot({
    corner: loopbackCorner(168),
    mode: 'full',
    options: { tftp: { threads: 2 } },
  });
  await startTftpThreads(service.bound.tftp, 'ipxe.efi', service.threads);
  const given = service.threads.opened;
  expect((await fetch(service.bound.tftp, '127.66.9.1', 4, { filename: 'ipxe.efi' })).length).toBe(1468 * 60);
  expect(service.threads.opened - given).toBe(1);
});
