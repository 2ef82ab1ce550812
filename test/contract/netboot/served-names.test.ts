import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp, type UdpPeer } from '../../../src/foundation/udp.ts';
import { loadLoaders } from '../../../src/netboot/assets/loaders.ts';
import { decodeTftpPacket, encodeTftpPacket, type TftpPacket } from '../../../src/protocols/tftp/packet.ts';
import { createPxeClient } from '../../../src/simulator/pxe-client/pxe-client.ts';
import { readByTftp } from '../../../src/simulator/pxe-client/tftp-read.ts';
import { loopbackCorner, startNetboot, type TestNetboot } from '../../support/netboot-service.ts';

const corner = loopbackCorner(64);
const never = new AbortController().signal;
const parts = { udp: systemUdp, clock: systemClock, entropy: systemEntropy };
let netboot: TestNetboot;
beforeAll(async () => {
  netboot = await startNetboot({
    corner,
    mode: 'full',
    machines: 2,
    options: { tftp: { maximumTransfers: 4, retransmitMs: 100 } },
  });
});
afterAll(() => netboot[Symbol.asyncDispose]());

/** Sends one request line as it stands, with no client library in between to clean it up. */
async function rawHttp(
  target: string,
  { from = corner.machine(1), method = 'GET', headers = '' } = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { address, port } = netboot.bound.http;
  const socket = connect({ host: address, port, localAddress: from });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')));
  socket.on('error', reject);
  socket.write(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);
  return promise;
}

/** Sends datagrams as they stand and returns the first answer, or undefined when none comes. */
async function rawUdp(port: number, datagrams: readonly Buffer[], waitMs = 1000): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  await using socket = await systemUdp.bind({ address: corner.machine(1), port: 0 }, resolve, never);
  for (const data of datagrams) await socket.send(data, { address: corner.server, port });
  const done = new AbortController();
  const silence = systemClock.sleep(waitMs, done.signal).catch(() => undefined);
  const answer = await Promise.race([promise, silence]);
  done.abort();
  return answer ?? undefined;
}

const rrq = (filename: string): Buffer => encodeTftpPacket({ kind: 'rrq', filename, mode: 'octet', options: [] });

describe('every loader that can be offered', () => {
  it('is served by TFTP and by HTTP, the same bytes', async () => {
    const { names, files } = await loadLoaders(netboot.folder);
    expect(names.byArchitecture.size).toBeGreaterThan(0);
    const client = {
      mac: '',
      uuid: '',
      firmware: 'bios',
      link: { kind: 'broadcast' },
      ports: { tftp: netboot.bound.tftp.port },
    } as const;
    const order = { from: corner.machine(1), server: corner.server, options: [], probe: false };
    for (const name of new Set([...[...names.byArchitecture.values()].flat(), ...files.keys()])) {
      const expected = files.get(name)?.data ?? Buffer.alloc(0);
      const { data } = await readByTftp(parts, client, { ...order, filename: name }, never);
      expect(data.equals(expected), name).toBe(true);
      const answer = await rawHttp(`/loaders/${name}`);
      expect(answer).toMatch(/^HTTP\/1.1 200 /);
      expect(
        createHash('sha256')
          .update(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1')
          .digest('hex'),
      ).toBe(files.get(name)?.sha256);
    }
  });
});

describe('nothing else can be fetched', () => {
  it.each([
    '../../../../etc/passwd',
    '/etc/passwd',
    '..\\..\\etc\\passwd',
    'vmlinuz',
    'initrd.img',
    'a/../../etc/passwd',
    '....//etc/passwd',
    '',
  ])('TFTP %j', async (name) => {
    const answer = decodeTftpPacket((await rawUdp(netboot.bound.tftp.port, [rrq(name)])) ?? Buffer.alloc(0));
    expect(answer).toMatchObject({ kind: 'error', code: name.split(/[\\/]/).includes('..') ? 2 : 1 });
  });
  it('TFTP write request', async () => {
    const wrq = encodeTftpPacket({ kind: 'wrq', filename: 'ipxe.efi', mode: 'octet', options: [] });
    expect(decodeTftpPacket((await rawUdp(netboot.bound.tftp.port, [wrq])) ?? Buffer.alloc(0))).toMatchObject({
      kind: 'error',
      code: 2,
    });
  });
  it.each([
    '/../../../etc/passwd',
    '/loaders/../../../../etc/passwd',
    '/loaders/..%2f..%2fetc%2fpasswd',
    '/loaders/%2e%2e/%2e%2e/etc/passwd',
    '/loaders/..\\..\\etc\\passwd',
    '/loaders//etc/passwd',
    '/loaders/vmlinuz',
    '/loaders/',
    '/vmlinuz',
    '/boot/',
    'http://x/../etc/passwd',
    '/boot/TOKEN/../TOKEN/../../etc/passwd',
    '/boot/TOKEN/initrd/2',
    '/boot/TOKEN/initrd/-1',
    '/boot/TOKEN/initrd/0/../../../../etc/passwd',
    '/boot/TOKEN/initrd/999999999999',
    '/boot/TOKEN/kernel/',
    '/boot/TOKEN/kernel%00.efi',
  ])('HTTP %s', async (target) => {
    const { token } = netboot.arm(1);
    const answer = await rawHttp(target.replaceAll('TOKEN', token));
    expect(answer).toMatch(/^HTTP\/1.1 404 /);
    expect(answer).not.toContain('root:');
  });
  it('HTTP other methods', async () => {
    expect(await rawHttp('/loaders/ipxe.efi', { method: 'PUT', headers: 'Content-Length: 0\r\n' })).toMatch(
      /^HTTP\/1.1 405 [\s\S]*Allow: GET, HEAD/,
    );
  });
  it('a link that leaves the asset folder', async () => {
    mkdirSync(join(netboot.folder, 'deep'));
    symlinkSync('/etc/passwd', join(netboot.folder, 'deep', 'leak'));
    writeFileSync(join(netboot.folder, 'deep', 'fine'), 'fine');
    const machine = netboot.machines[0];
    if (machine === undefined) throw new Error('no machine');
    const { token } = netboot.attempts.arm(machine, { kernel: 'deep/leak', initrds: ['deep/fine'], commandLine: '' });
    // The folder is read again for a name that is not listed, at most every two seconds.
    await expect
      .poll(() => rawHttp(`/boot/${token}/initrd/0`), { timeout: 5000, interval: 500 })
      .toMatch(/ 200 OK[\s\S]*fine$/);
    expect(await rawHttp(`/boot/${token}/kernel`)).toMatch(
      /^HTTP\/1.1 404 [\s\S]*deep\/leak is neither an uploaded asset nor in the asset folders/,
    );
  });
});

describe('a token', () => {
  it('opens the files of its machine from its own address only', async () => {
    const { token } = netboot.arm(1);
    expect(await rawHttp(`/boot/${token}/script.ipxe`)).toMatch(/^HTTP\/1.1 200 [\s\S]*#!ipxe/);
    const elsewhere = await rawHttp(`/boot/${token}/kernel`, { from: corner.machine(2) });
    expect(elsewhere).toMatch(/^HTTP\/1.1 403 [\s\S]*belongs to m1/);
  });
  it('opens them from an address leased to another card of the machine', async () => {
    const { token } = netboot.arm(1);
    const mac = netboot.machines[0]?.spec.macs[1] ?? '';
    for (const address of [200, 201, 202, 203].map(corner.machine))
      expect(await rawHttp(`/boot/${token}/script.ipxe`, { from: address })).toMatch(/^HTTP\/1.1 403 /);
    const link = {
      kind: 'relay',
      server: corner.server,
      serverPort: netboot.bound.dhcp.port,
      relay: '127.64.0.9',
    } as const;
    const client = createPxeClient(parts, { mac, uuid: '', firmware: 'uefi', link });
    const { address } = await client.lease(never);
    expect(await rawHttp(`/boot/${token}/script.ipxe`, { from: address })).toMatch(/^HTTP\/1.1 200 /);
  });
  it('is gone when its attempt has ended or expired, saying so', async () => {
    const machine = netboot.machines[0];
    if (machine === undefined) throw new Error('no machine');
    const ended = netboot.arm(1);
    netboot.attempts.end(ended.token);
    expect(await rawHttp(`/boot/${ended.token}/kernel`)).toMatch(/^HTTP\/1.1 410 [\s\S]*has ended/);
    const expired = netboot.attempts.arm(machine, ended.boot, { expiresAt: systemClock.now() - 1 });
    expect(await rawHttp(`/boot/${expired.token}/kernel`)).toMatch(/^HTTP\/1.1 410 [\s\S]*has expired/);
    expect(await rawHttp('/boot/0123456789abcdef0123456789abcdef/kernel')).toMatch(/^HTTP\/1.1 404 /);
  });
  it('whose command line iPXE would misread gives the reason instead of a script', async () => {
    const { token } = netboot.arm(1, 'a || reboot');
    expect(await rawHttp(`/boot/${token}/script.ipxe`)).toMatch(
      /^HTTP\/1.1 500 [\s\S]*kernel command line: iPXE would take the word "\|\|"/,
    );
  });
});

describe('HTTP answers', () => {
  it('have true lengths, one range, entity tags, and are never chunked', async () => {
    const { token } = netboot.arm(1);
    const target = `/boot/${token}/initrd/1`;
    const whole = await rawHttp(target);
    const etag = /ETag: (".*?")/.exec(whole)?.[1] ?? '';
    expect(etag).toBe(
      `"${createHash('sha256')
        .update(netboot.assets['extra.img'] ?? '')
        .digest('hex')}"`,
    );
    expect(whole).toMatch(/Content-Length: 4096\r\n/);
    expect(whole).not.toMatch(/Transfer-Encoding|Server:/i);
    const head = await rawHttp(target, { method: 'HEAD' });
    expect(head).toMatch(/Content-Length: 4096\r\n[\s\S]*\r\n\r\n$/);
    const ranges: readonly [string, RegExp][] = [
      ['Range: bytes=0-0\r\n', /^HTTP\/1.1 206 [\s\S]*Content-Range: bytes 0-0\/4096\r\n/],
      ['Range: bytes=-6\r\n', /^HTTP\/1.1 206 [\s\S]*Content-Range: bytes 4090-4095\/4096\r\n/],
      ['Range: bytes=4000-\r\n', /^HTTP\/1.1 206 [\s\S]*Content-Length: 96\r\n/],
      ['Range: bytes=4096-\r\n', /^HTTP\/1.1 416 [\s\S]*Content-Range: bytes \*\/4096\r\n/],
      ['Range: bytes=0-1,5-6\r\n', /^HTTP\/1.1 200 [\s\S]*Content-Length: 4096\r\n/],
      ['Range: lines=1-2\r\n', /^HTTP\/1.1 200 /],
      ['Range: bytes=0-0\r\nIf-Range: "other"\r\n', /^HTTP\/1.1 200 /],
      [`Range: bytes=0-0\r\nIf-Range: ${etag}\r\n`, /^HTTP\/1.1 206 /],
      [`If-None-Match: ${etag}\r\n`, /^HTTP\/1.1 304 /],
    ];
    for (const [headers, expected] of ranges) expect(await rawHttp(target, { headers }), headers).toMatch(expected);
  });
  it('are one event when fetched by ranges, and none when a part is missing', async () => {
    const attempt = netboot.arm(2);
    const from = corner.machine(2);
    const events = () =>
      netboot.timeline.events.filter(({ type, runId }) => type === 'file.served' && runId === attempt.runId);
    for (const range of ['0-999', '2000-4095'])
      await rawHttp(`/boot/${attempt.token}/initrd/1`, { from, headers: `Range: bytes=${range}\r\n` });
    await rawHttp(`/boot/${attempt.token}/kernel`, { from, headers: 'Range: bytes=0-99\r\n' });
    expect(events()).toEqual([]);
    await rawHttp(`/boot/${attempt.token}/initrd/1`, { from, headers: 'Range: bytes=900-2100\r\n' });
    await expect.poll(() => events().map(({ data }) => [data.name, data.bytes])).toEqual([['initrd/1', 4096]]);
  });
  it('come on one connection, HEAD first', async () => {
    const { token } = netboot.arm(1);
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect({ host: corner.server, port: netboot.bound.http.port, localAddress: corner.machine(1) });
    let heard = '';
    socket.on('data', (chunk) => {
      const first = heard === '';
      heard += chunk.toString('latin1');
      if (first) socket.write(`GET /boot/${token}/initrd/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    });
    socket.on('end', () => resolve(heard));
    socket.write(`HEAD /boot/${token}/initrd/1 HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect((await promise).match(/HTTP\/1.1 200 OK/g)?.length).toBe(2);
  });
});

describe('bad datagrams are counted and the listeners stay up', () => {
  it.each([
    ['dhcp', 'malformed', Buffer.alloc(0)],
    ['dhcp', 'malformed', Buffer.alloc(300, 1)],
    ['dhcp', 'oversized', Buffer.alloc(9000, 1)],
    ['proxy', 'malformed', Buffer.alloc(20)],
    ['tftp', 'malformed', Buffer.from([0])],
    ['tftp', 'malformed', Buffer.from([0, 77, 1, 2, 3])],
    ['tftp', 'malformed', Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(9000, 65)])],
    ['tftp', 'not-a-request', Buffer.from([0, 4, 0, 1])],
  ] as const)('%s: %s', async (channel, why, data) => {
    const count = (): number => netboot.meter.value('netboot_datagrams_dropped', { channel, why });
    const before = count();
    await rawUdp(netboot.bound[channel].port, [data], 20);
    await expect.poll(count).toBe(before + 1);
    const alive = await rawUdp(netboot.bound.tftp.port, [rrq('no-such')]);
    expect(decodeTftpPacket(alive ?? Buffer.alloc(0))).toMatchObject({ kind: 'error', code: 1 });
  });
});

describe('TFTP transfers', () => {
  it('tell a stranger off and go on; put off who comes beyond what they can hold', async () => {
    const heard: { packet: TftpPacket; from: UdpPeer }[] = [];
    await using client = await systemUdp.bind(
      { address: corner.machine(1), port: 0 },
      (data, from) => heard.push({ packet: decodeTftpPacket(data), from }),
      never,
    );
    await client.send(rrq('undionly.kpxe'), { address: corner.server, port: netboot.bound.tftp.port });
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    const transfer = heard[0]?.from ?? { address: '', port: 0 };
    expect(transfer.address).toBe(corner.server);
    expect(
      decodeTftpPacket((await rawUdp(transfer.port, [encodeTftpPacket({ kind: 'ack', block: 1 })])) ?? Buffer.alloc(0)),
    ).toMatchObject({ kind: 'error', code: 5 });
    await client.send(encodeTftpPacket({ kind: 'ack', block: 1 }), transfer);
    await expect.poll(() => heard.some(({ packet }) => packet.kind === 'data' && packet.block === 2)).toBe(true);

    // Four transfers may be under way, and one is.
    const server = { address: corner.server, port: netboot.bound.tftp.port };
    const served = new Set<number>();
    const others = await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        systemUdp.bind(
          { address: corner.machine(1), port: 0 },
          (data, from) => {
            expect(decodeTftpPacket(data).kind).toBe('data');
            served.add(index);
            places[index] = from;
          },
          never,
        ),
      ),
    );
    const places: UdpPeer[] = [];
    for (const other of others) await other.send(rrq('undionly.kpxe'), server);
    await expect.poll(() => served.size).toBe(3);
    await expect.poll(() => netboot.meter.value('netboot_tftp_put_off')).toBe(1);
    // Who was put off asks again, as firmware does, and is served once another is done.
    const [put] = [0, 1, 2, 3].filter((index) => !served.has(index));
    const done = places.findIndex((place) => place !== undefined);
    await others[done]?.send(encodeTftpPacket({ kind: 'error', code: 0, message: 'enough' }), places[done] ?? server);
    const ask = async (): Promise<boolean> => {
      await others[put ?? 0]?.send(rrq('undionly.kpxe'), server);
      return served.has(put ?? 0);
    };
    await expect.poll(ask, { interval: 100 }).toBe(true);
    for (const other of others) await other[Symbol.asyncDispose]();
  });
});
