import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootRoute } from '../../../src/netboot/http/route.ts';
import { startHttpBoot, type TestHttpBoot } from '../../support/http-boot-service.ts';
import { pattern } from '../../support/netboot-service.ts';

const kernel = pattern(5000, 1);
let boot: TestHttpBoot;
let token: string;
beforeAll(async () => {
  boot = await startHttpBoot({ net: 89, files: { kernel, initrd: kernel }, http: { requestMs: 300, idleMs: 2000 } });
  token = boot.arm(1);
});
afterAll(() => boot[Symbol.asyncDispose]());

/** Sends the bytes, in one piece or several, and gives what came until the server closed. @param halfClose says that nothing follows */
function send(pieces: readonly Uint8Array[], halfClose: boolean): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = connect({
    host: boot.bound.address,
    port: boot.bound.port,
    localAddress: '127.89.1.1',
    noDelay: true,
  });
  const came: Buffer[] = [];
  const hang = setTimeout(() => {
    socket.destroy();
    reject(new Error('the server neither answered nor closed'));
  }, 8000);
  socket.on('data', (data) => came.push(data));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(hang);
    resolve(Buffer.concat(came));
  });
  for (const piece of pieces) socket.write(piece);
  if (halfClose) socket.end();
  return promise;
}

async function stillServes(): Promise<void> {
  const request = `GET /boot/${token}/kernel HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
  const answer = await send([Buffer.from(request)], false);
  expect(answer.subarray(0, 15).toString()).toBe('HTTP/1.1 200 OK');
  expect(answer.subarray(-kernel.length).equals(kernel)).toBe(true);
}

/** Closed in silence, or an HTTP answer of a status we know, never one of the 500s. */
function isClean(answer: Buffer): boolean {
  return (
    answer.length === 0 || /^HTTP\/1\.1 (100|200|206|304|40[03458]|41[02367]|431) /.test(answer.toString('latin1'))
  );
}

const words = [
  ...[
    'GET ',
    'HEAD ',
    'POST ',
    'PRI ',
    '/',
    'HTTP/1.1',
    'HTTP/1.0',
    'HTTP/2.0',
    'HTTP/9.9',
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
  ],
  ...['Host: x', 'Content-Length: ', 'Transfer-Encoding: chunked', 'Connection: keep-alive', 'Connection: Upgrade'],
  ...[
    'Upgrade: h2c',
    'Expect: 100-continue',
    'Range: bytes=',
    'If-Range: ',
    'If-None-Match: ',
    '0-',
    '-',
    '99999999999',
  ],
  ...[',', '"', '*', '..', '%2e%2e', '\0', 'ÿ', ' ', '\t', ':', '0\r\n\r\n', 'ffffffffffffffff\r\n', 'A: b'],
];

describe('any bytes on a connection', () => {
  it('are an HTTP answer or a closed connection, and the next machine is served', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((all) => Buffer.from(all.join(''), 'latin1')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 3 }), async (pieces) => {
        expect(isClean(await send(pieces, true))).toBe(true);
      }),
      { numRuns: 300 },
    );
    await stillServes();
  });

  it('that were a request before some of them changed, too', async () => {
    const change = fc.tuple(fc.nat(400), fc.nat(255), fc.constantFrom('set', 'insert', 'delete', 'cut'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 6 }),
        fc.constantFrom('kernel', 'initrd/0', 'script.ipxe'),
        async (changes, name) => {
          const request = `GET /boot/${token}/${name} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-99\r\nIf-Range: "x"\r\n\r\n`;
          const bytes = [...Buffer.from(request)];
          for (const [at, value, kind] of changes) {
            if (kind === 'set') bytes[at % bytes.length] = value;
            else if (kind === 'insert') bytes.splice(at % bytes.length, 0, value);
            else bytes.splice(at % bytes.length, kind === 'cut' ? bytes.length : 1);
            if (bytes.length === 0) bytes.push(value);
          }
          expect(isClean(await send([Buffer.from(bytes)], true))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
    await stillServes();
  });

  it('never make it wait for ever, though nobody says that nothing follows', async () => {
    const samples = fc.sample(fc.array(fc.constantFrom(...words), { maxLength: 30 }), 120);
    const answers = await Promise.all(samples.map((all) => send([Buffer.from(`G${all.join('')}`, 'latin1')], false)));
    expect(answers.every(isClean)).toBe(true);
    await stillServes();
  }, 20_000);
});

describe('any request target', () => {
  it('is a route or none, and what a route names has no path in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'/.%\\?#bootkernlidscp0123456789abcdef') }), (target) => {
        for (const each of [target, `/loaders/${target}`, `/boot/${'a'.repeat(32)}/${target}`]) {
          const route = bootRoute(each);
          if (route?.kind === 'loader') expect(route.name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
        }
      }),
      { numRuns: 300 },
    );
  });
});
