import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fetchFile, fetchText } from '../../../src/simulator/pxe-client/http-get.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const signal = (): AbortSignal => AbortSignal.timeout(10_000);
const BODY = Buffer.alloc(200_000, 'no two blocks are alike; ');

describe('what iPXE does with an answer over HTTP', () => {
  it('comes again when it was told to, however often, and not before', async () => {
    const clock = createManualClock();
    const moments: string[] = [];
    await using server = await answering([
      (response) => response.writeHead(503, { 'Retry-After': '7' }).end('full'),
      (response) => response.writeHead(429, { 'Retry-After': '2' }).end(),
      (response) => response.end(BODY),
    ]);
    const watch = (moment: string, name: string): void => void moments.push(`${moment} ${name}`);
    const fetched = fetchFile({ clock }, { name: 'kernel', url: server.url, from: '127.0.0.1', watch }, signal());
    await expect.poll(() => moments).toEqual(['turned-away kernel']);
    await clock.advance(6_999);
    expect(server.asked()).toBe(1);
    await clock.advance(1);
    await expect.poll(() => moments.length).toBe(2);
    await clock.advance(2_000);
    const sha256 = createHash('sha256').update(BODY).digest('hex');
    expect(await fetched).toEqual({ name: 'kernel', bytes: BODY.length, sha256 });
    expect(moments.slice(2)).toEqual(['first-byte kernel', 'whole kernel']);
    expect(server.asked()).toBe(3);
  });

  it.each([503, 404])('fails at once with %i and no Retry-After', async (status) => {
    await using server = await answering([(response) => response.writeHead(status).end('no')]);
    const order = { name: 'script', url: server.url, from: '127.0.0.1' };
    const failed = fetchText({ clock: createManualClock() }, order, signal());
    await expect(failed).rejects.toMatchObject({ name: 'RefusedError', details: { status } });
  });

  it('does not take a body that breaks off for a file', async () => {
    const cut = (response: ServerResponse): void => {
      response.writeHead(200, { 'Content-Length': BODY.length });
      response.write(BODY.subarray(0, 1000), () => response.destroy());
    };
    await using server = await answering([cut]);
    const order = { name: 'kernel', url: server.url, from: '127.0.0.1' };
    const failed = fetchFile({ clock: createManualClock() }, order, signal());
    await expect(failed).rejects.toMatchObject({ name: 'UnreachableError' });
  });

  it('sums up by CRC-32 where that is asked for', async () => {
    await using server = await answering([(response) => response.end(BODY)]);
    const order = { name: 'kernel', url: server.url, from: '127.0.0.1', check: 'crc32' } as const;
    const fetched = await fetchFile({ clock: createManualClock() }, order, signal());
    expect(fetched).toEqual({ name: 'kernel', bytes: BODY.length, crc32: crc32(BODY) });
  });
});

/** A server that answers each request by the next of these. */
async function answering(answers: readonly ((response: ServerResponse) => unknown)[]) {
  let asked = 0;
  const server = createServer((_, response) => {
    answers[asked]?.(response);
    asked += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = server.address();
  const port = typeof own === 'object' && own !== null ? own.port : 0;
  return {
    url: `http://127.0.0.1:${port}/x`,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
