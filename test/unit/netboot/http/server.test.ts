import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, startHttpBoot, type TestHttpBoot } from '../../../support/http-boot-service.ts';
import { pattern } from '../../../support/netboot-service.ts';

const kernel = pattern(300_007, 1);
const initrd = pattern(3_000_003, 2);
const M1 = '127.81.1.1';
const M2 = '127.81.1.2';

let boot: TestHttpBoot;
let token: string;
beforeAll(async () => {
  boot = await startHttpBoot({
    net: 81,
    files: { kernel, initrd, empty: Buffer.alloc(0) },
    loaders: { 'ipxe.efi': pattern(1000, 3) },
    http: { requestMs: 400, idleMs: 3000 },
  });
  token = boot.arm(1, ['kernel', 'initrd', 'empty']);
});
afterAll(() => boot[Symbol.asyncDispose]());

const get = (path: string, headers = '', version = '1.1', method = 'GET'): string =>
  `${method} ${path} HTTP/${version}\r\nHost: x\r\n${headers}\r\n`;
const ask = (text: string | Buffer, from = M1): Promise<string> => exchange(boot.bound, text, { from });
const head = (answer: string): string => answer.slice(0, answer.indexOf('\r\n\r\n'));
const bodyOf = (answer: string): Buffer => Buffer.from(answer.slice(answer.indexOf('\r\n\r\n') + 4), 'latin1');
const CLOSE = 'Connection: close\r\n';

describe('a connection', () => {
  it('serves HEAD and GET after each other, with one length, and stays open', async () => {
    const path = `/boot/${token}/kernel`;
    const answer = await ask(get(path, '', '1.1', 'HEAD') + get(path) + get(path, `${CLOSE}Range: bytes=-7\r\n`));
    const lengths = answer.match(/^Content-Length: \d+/gm);
    expect(lengths).toEqual(['Content-Length: 300007', 'Content-Length: 300007', 'Content-Length: 7']);
    expect(answer).not.toMatch(/transfer-encoding/i);
    expect(answer).not.toMatch(/^[A-Za-z-]+:[ \t]*\r$/m);
    expect(Buffer.from(answer.slice(-7), 'latin1')).toEqual(kernel.subarray(-7));
  });

  it('serves HTTP/1.0, which keeps no connection unless it asks', async () => {
    const whole = await ask(get(`/boot/${token}/initrd/0`, '', '1.0'));
    expect(bodyOf(whole)).toEqual(initrd);
    expect(head(whole)).toMatch(/^Connection: close$/m);
    const kept = await ask(
      get('/loaders/ipxe.efi', 'Connection: keep-alive\r\n', '1.0') + get('/loaders/ipxe.efi', '', '1.0'),
    );
    expect(kept.match(/^Content-Length: 1000/gm)?.length).toBe(2);
  });

  it('understands a target with scheme and host, and believes neither', async () => {
    const answer = await ask(get(`http://elsewhere:1/boot/${token}/script.ipxe`, CLOSE));
    expect(answer).toContain(`http://${boot.bound.address}:${boot.bound.port}/boot/${token}/kernel`);
    expect(await ask(get('http://elsewhere', CLOSE))).toMatch(/ 404 /);
  });

  it('is one of a bounded number from each address', async () => {
    await using small = await startHttpBoot({ net: 90, files: {}, http: { maximumConnectionsPerAddress: 3 } });
    const open = Array.from({ length: 8 }, () => connect({ host: small.bound.address, port: small.bound.port }));
    for (const socket of open) socket.on('error', () => undefined);
    await expect.poll(() => open.filter((socket) => socket.closed || socket.destroyed).length).toBe(5);
    expect(await exchange(small.bound, get('/', CLOSE), { from: M1 })).toMatch(/ 404 /);
    for (const socket of open) socket.destroy();
    await expect.poll(async () => (await exchange(small.bound, get('/', CLOSE))).slice(0, 12)).toBe('HTTP/1.1 404');
  });

  it('serves an empty file as such', async () => {
    const answer = await ask(get(`/boot/${token}/initrd/1`, CLOSE));
    expect(head(answer)).toMatch(/^HTTP\/1.1 200 [\s\S]*Content-Length: 0/);
    expect(bodyOf(answer).length).toBe(0);
  });

  it('answers pipelined requests in order, and is closed by who sends too many ahead', async () => {
    const paths = ['kernel', 'nothing', 'script.ipxe', 'initrd/0'].map((name) => `/boot/${token}/${name}`);
    const answer = await ask(paths.map((path) => get(path)).join('') + get('/', CLOSE));
    expect(answer.match(/HTTP\/1.1 \d+/g)?.map((line) => line.slice(9))).toEqual(['200', '404', '200', '200', '404']);
    await ask(get(`/boot/${token}/initrd/0`).repeat(200));
    expect(boot.meter.value('netboot_http_dropped', { why: 'pipelined' })).toBeGreaterThan(0);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])(
    'refuses %s and says what it allows',
    async (method) => {
      const answer = await ask(get('/loaders/ipxe.efi', CLOSE, '1.1', method));
      expect(head(answer)).toMatch(/^HTTP\/1.1 405 [\s\S]*^Allow: GET, HEAD$/m);
    },
  );

  it.each([
    ['Content-Length: 5\r\n\r\nabcde', 413],
    ['Transfer-Encoding: chunked\r\n\r\n0\r\n', 413],
    ['Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 400],
    ['Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef', 400],
    ['Content-Length: +5\r\n\r\nabcde', 400],
    ['Transfer-Encoding: xchunked\r\n\r\n', 413],
    ['Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n', 413],
    ['A\x00b: c\r\n\r\n', 400],
    ['A : b\r\n\r\n', 400],
    [' folded: b\r\n\r\n', 400],
  ])('takes no body and no unclear end of a request: %j', async (rest, status) => {
    const answer = await ask(`GET /loaders/ipxe.efi HTTP/1.1\r\nHost: x\r\n${rest}${get('/loaders/ipxe.efi')}`);
    expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`]);
  });

  it('bounds what a request may hold', async () => {
    expect(await ask(get(`/${'x'.repeat(20_000)}`))).toMatch(/^HTTP\/1.1 431 /);
    expect(await ask(get('/', `A: ${'x'.repeat(20_000)}\r\n`))).toMatch(/^HTTP\/1.1 431 /);
    expect(await ask(get('/', 'a:b\r\n'.repeat(4000)))).toMatch(/^HTTP\/1.1 431 /);
    expect(await ask('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('');
  });

  it('is ended when a request does not come to its end, and when nobody takes the answer', async () => {
    const asked = performance.now();
    expect(await ask('GET / HTTP/1.1\r\nHost: x\r\nA: b')).toMatch(/^(HTTP\/1.1 408 |$)/);
    expect(performance.now() - asked).toBeLessThan(5000);
    const socket = connect({ host: boot.bound.address, port: boot.bound.port, localAddress: M1 });
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(get(`/boot/${token}/initrd/0`).repeat(8));
    const before = boot.meter.value('netboot_http_aborted');
    await expect.poll(() => boot.meter.value('netboot_http_aborted'), { timeout: 9000 }).toBeGreaterThan(before);
    socket.destroy();
  });

  it('never gets an error into the middle of an answer', async () => {
    const answer = await ask(`${get(`/boot/${token}/initrd/0`)}\x00garbage`);
    expect(answer.match(/HTTP\/1.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
  });
});

describe('a port', () => {
  it('that somebody has is refused, though our own sockets share one', async () => {
    const http = { address: boot.bound.address, port: boot.bound.port };
    await expect(startHttpBoot({ net: 81, files: {}, http })).rejects.toThrow(/listen on .* EADDRINUSE/);
  });
});

describe('a second machine', () => {
  const files = ['script.ipxe', 'kernel', 'initrd/0', 'initrd/1'];

  it.each(files)("cannot fetch another's %s, nor ask for its size, and that is seen", async (name) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(get(`/boot/${token}/${name}`, CLOSE, '1.1', method), M2);
      expect(answer).toMatch(/^HTTP\/1.1 403 /);
      expect(answer).not.toContain(token);
    }
    await boot.settled();
    const refused = boot.timeline.events.filter(
      ({ type, machineId }) => type === 'file.refused' && machineId === 'id-m1',
    );
    expect(refused.map(({ data }) => data.name)).toContain(name);
  });

  it('may be the same machine by its lease, and another when the lease goes to another', async () => {
    const address = '127.81.2.9';
    const path = get(`/boot/${token}/script.ipxe`, CLOSE);
    expect(await ask(path, address)).toMatch(/ 403 /);
    const lease = { address, expiresAt: Number.MAX_SAFE_INTEGER, state: 'bound' } as const;
    await boot.leases.put({ ...lease, mac: boot.macOf(1) });
    expect(await ask(path, address)).toMatch(/ 200 /);
    await boot.leases.put({ ...lease, mac: boot.macOf(2) });
    expect(await ask(path, address)).toMatch(/ 403 /);
  });

  it('finds nothing under a token that was never given, and is told apart from who comes late', async () => {
    for (const name of files) {
      expect(await ask(get(`/boot/${'0'.repeat(32)}/${name}`, CLOSE))).toMatch(/ 404 /);
      const [m1] = boot.machines;
      if (m1 === undefined) throw new Error('no machine');
      const expired = boot.attempts.arm(m1, { kernel: 'kernel', initrds: [], commandLine: '' }, { expiresAt: 1 });
      expect(await ask(get(`/boot/${expired.token}/${name}`, CLOSE))).toMatch(/ 410 /);
      expect(await ask(get(`/boot/${expired.token}/${name}`, CLOSE), M2)).toMatch(/ 403 /);
      boot.attempts.end(expired.token);
      expect(await ask(get(`/boot/${expired.token}/${name}`, CLOSE))).toMatch(/ 410 /);
    }
  });
});

describe('IPv6', () => {
  it('machines are served at their own address only', async () => {
    await using six = await startHttpBoot({ net: 82, files: { kernel, initrd }, http: { address: '::1' } });
    const path = get(`/boot/${six.arm(1)}/script.ipxe`, CLOSE);
    const lease = { address: '::1', expiresAt: Number.MAX_SAFE_INTEGER, state: 'bound' } as const;
    expect(await exchange(six.bound, path)).toMatch(/ 403 /);
    await six.leases.put({ ...lease, mac: six.macOf(2) });
    expect(await exchange(six.bound, path)).toMatch(/ 403 /);
    await six.leases.put({ ...lease, mac: six.macOf(1) });
    expect(await exchange(six.bound, path)).toContain(`http://[::1]:${six.bound.port}/boot/`);
  });
});
