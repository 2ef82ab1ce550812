import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiService, startApiService, testMachine } from '../../support/api-service.ts';

let service: ApiService;
let url: string;
beforeAll(async () => {
  service = await startApiService({ assets: { quotaBytes: 2_000_000, graceMs: 0 } });
  url = await service.listen();
});
afterAll(() => service[Symbol.asyncDispose]());

type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> };

async function call(
  method: string,
  path: string,
  options: {
    json?: unknown;
    bytes?: Buffer;
    headers?: Record<string, string>;
    role?: 'viewer' | 'operator' | 'admin';
  } = {},
): Promise<Answer> {
  const { json, bytes, headers = {}, role = 'admin' } = options;
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${service.tokens[role]}`,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(bytes === undefined ? {} : { body: new Uint8Array(bytes) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const range = (from: number, to: number, of: number) => ({ 'content-range': `bytes ${from}-${to - 1}/${of}` });

async function begin(bytes: Buffer, name?: string, sha256 = sha256Of(bytes)): Promise<string> {
  const { status, body } = await call('POST', '/assets', { json: { sha256, bytes: bytes.length, name } });
  expect(status).toBe(201);
  return `/assets/uploads/${String(body.id)}`;
}

async function upload(bytes: Buffer, name?: string): Promise<string> {
  const { status, body } = await call('PUT', await begin(bytes, name), { bytes });
  expect(status).toBe(201);
  return String(body.sha256);
}

/** Sends a part of what it announces, and hangs up. */
function breakOff(path: string, bytes: Buffer, of: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const outgoing = request(`${url}/api/v1${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${service.tokens.admin}`, 'content-length': of, ...range(0, of, of) },
  });
  outgoing.once('error', () => undefined);
  outgoing.once('close', resolve);
  outgoing.write(bytes, () => outgoing.destroy());
  return promise;
}

describe('uploads', () => {
  it('takes a file, and tells the next that it is there', async () => {
    const bytes = randomBytes(300_000);
    const sha256 = await upload(bytes, 'web1/kernel');
    const { body } = await call('GET', `/assets/${sha256}`, { role: 'viewer' });
    expect(body).toMatchObject({ sha256, bytes: 300_000, names: ['web1/kernel'], pinned: false, needs: [] });
    const again = await call('POST', '/assets', { json: { sha256, bytes: 300_000, name: 'other' } });
    expect(again).toMatchObject({ status: 200, body: { names: ['other', 'web1/kernel'] } });
    const list = await call('GET', '/assets', { role: 'viewer' });
    expect(list.body.items).toContainEqual(again.body);
  });

  it('goes on where a request broke off', async () => {
    const bytes = randomBytes(250_000);
    const path = await begin(bytes, 'broken');
    await breakOff(path, bytes.subarray(0, 100_000), bytes.length);
    let offset = 0;
    await expect
      .poll(async () => {
        offset = Number((await call('HEAD', path)).headers.get('upload-offset'));
        return offset;
      })
      .toBe(100_000);
    const wrong = await call('PUT', path, { bytes: bytes.subarray(5), headers: range(5, bytes.length, bytes.length) });
    expect(wrong).toMatchObject({ status: 409, body: { code: 'wrong-offset' } });
    expect(wrong.headers.get('upload-offset')).toBe('100000');
    const resumed = await begin(bytes, 'broken');
    expect(resumed, 'beginning again finds the same upload').toBe(path);
    const part = await call('PUT', path, {
      bytes: bytes.subarray(offset, 200_000),
      headers: range(offset, 200_000, bytes.length),
    });
    expect(part).toMatchObject({ status: 202, body: { offset: 200_000 } });
    const rest = await call('PUT', path, {
      bytes: bytes.subarray(200_000),
      headers: range(200_000, 250_000, bytes.length),
    });
    expect(rest).toMatchObject({ status: 201, body: { sha256: sha256Of(bytes) } });
    expect((await call('GET', path)).status).toBe(404);
  });

  it('keeps nothing of what has another checksum', async () => {
    const bytes = randomBytes(1000);
    const sha256 = 'ab'.repeat(32);
    const path = await begin(bytes, 'wrong', sha256);
    expect(await call('PUT', path, { bytes })).toMatchObject({
      status: 400,
      body: { code: 'checksum-mismatch', details: { found: sha256Of(bytes), announced: sha256 } },
    });
    expect((await call('GET', path)).status).toBe(404);
    expect((await call('GET', `/assets/${sha256}`)).status).toBe(404);
  });

  it('takes the same file from two at once', async () => {
    const bytes = randomBytes(400_000);
    const paths = [await begin(bytes, 'one'), await begin(bytes, 'two')];
    expect(new Set(paths).size).toBe(2);
    const answers = await Promise.all(paths.map((path) => call('PUT', path, { bytes })));
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    const { body } = await call('GET', `/assets/${sha256Of(bytes)}`);
    expect(body.names).toEqual(['one', 'two']);
  });

  it.each([
    ['a range past the end', range(0, 11, 10), 400, 'invalid-request'],
    ['a range of another size', range(0, 10, 11), 400, 'invalid-request'],
    ['another unit', { 'content-range': 'lines 0-9/10' }, 400, 'invalid-request'],
    ['a body of another length', range(0, 9, 10), 400, 'invalid-request'],
    ['compressed bytes', { 'content-encoding': 'gzip' }, 415, 'unsupported-media-type'],
  ])('refuses %s', async (_what, headers, status, code) => {
    const path = await begin(Buffer.alloc(10, 1), 'refused');
    expect(await call('PUT', path, { bytes: Buffer.alloc(10, 1), headers })).toMatchObject({ status, body: { code } });
    expect((await call('DELETE', path)).status).toBe(204);
  });

  it('refuses more bytes than were announced, also without a length', async () => {
    const path = await begin(Buffer.alloc(10, 1), 'more');
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(11));
        controller.close();
      },
    });
    const init = { method: 'PUT', headers: { authorization: `Bearer ${service.tokens.admin}` }, body, duplex: 'half' };
    const response = await fetch(`${url}/api/v1${path}`, init as RequestInit);
    expect(response.status).toBe(400);
    expect((await call('GET', path)).body.offset).toBe(0);
    await call('DELETE', path);
  });

  it.each(['../x', '/x', 'a//b', 'a/../b', '', 'a b', 'sha256:../x'])('refuses the name %j', async (name) => {
    const { status } = await call('POST', '/assets', { json: { sha256: 'ab'.repeat(32), bytes: 1, name } });
    expect(status).toBe(400);
  });

  it('answers 507 when the quota does not hold it, and nothing begins', async () => {
    const answer = await call('POST', '/assets', { json: { sha256: 'cd'.repeat(32), bytes: 3_000_000 } });
    expect(answer).toMatchObject({ status: 507, body: { code: 'storage-full', details: { quotaBytes: 2_000_000 } } });
    expect(answer.body.hint).toContain('assets.quotaMiB');
  });
});

describe('rights', () => {
  it.each(['viewer', 'operator'] as const)('%s may look, not write', async (role) => {
    const json = { sha256: 'ab'.repeat(32), bytes: 1 };
    expect((await call('GET', '/assets', { role })).status).toBe(200);
    expect((await call('POST', '/assets', { json, role })).status).toBe(403);
    expect((await call('PUT', '/assets/uploads/x', { bytes: Buffer.alloc(1), role })).status).toBe(403);
    expect((await call('POST', '/assets/collect', { role })).status).toBe(403);
    expect((await call('DELETE', `/assets/${json.sha256}`, { role })).status).toBe(403);
  });
});

describe('keeping', () => {
  it('removes what nothing needs, and never what a machine is declared to boot or a pin holds', async () => {
    const declared = await upload(randomBytes(1000), 'keep/kernel');
    const initrd = await upload(randomBytes(1000), 'keep/initrd');
    const pinned = await upload(randomBytes(1000));
    const free = await upload(randomBytes(1000), 'free');
    const netboot = { kernel: 'keep/kernel', initrds: [`sha256:${initrd}`], commandLine: '' };
    expect((await call('POST', '/machines', { json: { ...testMachine('keeper', 9), netboot } })).status).toBe(201);
    expect((await call('PUT', `/assets/${pinned}`, { json: { pinned: true } })).body).toMatchObject({
      needs: ['pinned'],
    });
    for (const [sha256, need] of [
      [declared, 'declared'],
      [initrd, 'declared'],
      [pinned, 'pinned'],
    ]) {
      expect(await call('DELETE', `/assets/${sha256}`)).toMatchObject({
        status: 409,
        body: { details: { needs: [need] } },
      });
    }
    const { body } = await call('POST', '/assets/collect');
    const removed = (body.removed as { sha256: string }[]).map(({ sha256 }) => sha256);
    expect(removed).toContain(free);
    for (const kept of [declared, initrd, pinned]) {
      expect(removed).not.toContain(kept);
      expect((await call('GET', `/assets/${kept}`)).status).toBe(200);
    }
    await call('PUT', `/assets/${pinned}`, { json: { pinned: false } });
    expect((await call('DELETE', `/assets/${pinned}`)).status).toBe(204);
    expect((await call('GET', `/assets/${pinned}`)).status).toBe(404);
  });
});
