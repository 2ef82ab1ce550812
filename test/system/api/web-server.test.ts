import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFirstToken } from '../../../src/api/token-text.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import type { LogFields } from '../../../src/foundation/log.ts';
import { type ApiService, startApiService, testMachine } from '../../support/api-service.ts';

const folder = mkdtempSync(join(tmpdir(), 'bootwright-api-'));
let service: ApiService;
beforeAll(async () => {
  service = await startApiService();
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const post = (path: string) =>
  request(service.api.app).post(`/api/v1${path}`).set('Authorization', `Bearer ${service.tokens.admin}`);

describe('malformed requests', () => {
  it.each([
    ['not JSON', 'application/json', '{"a": ', 400, 'invalid-request'],
    ['a bare value', 'application/json', '3', 400, 'invalid-request'],
    ['text', 'text/plain', '{}', 415, 'unsupported-media-type'],
    ['a form', 'application/x-www-form-urlencoded', 'kind=boot', 415, 'unsupported-media-type'],
    ['another character set', 'application/json; charset=iso-8859-7', '{}', 415, 'unsupported-media-type'],
    ['too much', 'application/json', JSON.stringify({ a: 'x'.repeat(300_000) }), 413, 'payload-too-large'],
    ['deep nesting', 'application/json', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 400, 'invalid-request'],
    ['a prototype', 'application/json', '{"__proto__": {"kind": "boot"}}', 400, 'invalid-request'],
  ])('%s', async (_what, type, body, status, code) => {
    for (const path of ['/machines', '/machines/nobody/runs', '/tokens']) {
      const response = await post(path).set('Content-Type', type).send(body);
      expect([path, response.status, response.body.code]).toEqual([path, status, code]);
    }
  });

  it('with a compressed body, which may be a bomb', async () => {
    const response = await post('/machines')
      .set('Content-Type', 'application/json')
      .set('Content-Encoding', 'gzip')
      .send('{}');
    expect(response.status).toBe(415);
  });

  it('without a body', async () => {
    const response = await post('/machines');
    expect([response.status, response.body.detail]).toEqual([400, 'the body is missing: send JSON']);
  });

  it('with a path that is no text', async () => {
    const response = await request(service.api.app)
      .get('/api/v1/machines/%E0%A4%A')
      .set('Authorization', `Bearer ${service.tokens.admin}`);
    expect([response.status, response.body.code]).toEqual([400, 'invalid-request']);
  });

  it('to routes and methods that are not there', async () => {
    const app = request(service.api.app);
    for (const path of ['/api/v1', '/api/v1/nope', '/api/v2/machines', '/nope', '/api/v1/Machines']) {
      const response = await app.get(path).set('Authorization', `Bearer ${service.tokens.admin}`);
      expect([path, response.status, response.body.code]).toEqual([path, 404, 'no-such-route']);
    }
    const patch = await app.patch('/api/v1/machines/x');
    expect([patch.status, patch.body.code, patch.headers.allow]).toEqual([
      405,
      'method-not-allowed',
      'GET, HEAD, PUT, DELETE',
    ]);
  });

  it('on the wire', async () => {
    const own = await startApiService();
    const url = new URL(await own.listen());
    for (const bytes of [
      '\0\0\0\0\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
    ]) {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(url.port), url.hostname, () => socket.write(bytes));
        let text = '';
        socket.on('data', (data) => {
          text += data.toString('latin1');
        });
        socket.on('close', () => resolve(text));
        socket.on('error', (error: NodeJS.ErrnoException) =>
          error.code === 'ECONNRESET' ? resolve(text) : reject(error),
        );
      });
      expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d .*)?/);
    }
    expect((await fetch(`${url}healthz`)).status).toBe(200);
    await own[Symbol.asyncDispose]();
  });
});

describe('a fault of ours', () => {
  it('is told by number only, and logged with its cause', async () => {
    const lines: LogFields[] = [];
    const record = (fields: LogFields): void => void lines.push(fields);
    const log = { debug: () => undefined, info: () => undefined, warn: record, error: record, child: () => log };
    const own = await startApiService({ log });
    await own.store.close();
    const response = await request(own.api.app).get('/api/v1/runs').set('Authorization', `Bearer ${own.tokens.admin}`);
    expect([response.status, response.body.code]).toEqual([500, 'bug']);
    expect(response.body.detail).toContain(response.headers['x-request-id']);
    expect(Object.keys(response.body).sort()).toEqual(['code', 'detail', 'instance', 'status', 'title', 'type']);
    expect(lines.some(({ requestId }) => requestId === response.headers['x-request-id'])).toBe(true);
    expect((await request(own.api.app).get('/healthz')).status).toBe(200);
    const ready = await request(own.api.app).get('/readyz');
    expect([ready.status, ready.body.code]).toEqual([503, 'not-ready']);
  });
});

describe('every answer', () => {
  it('carries the security headers and does not name its software', async () => {
    for (const path of ['/api/v1/whoami', '/api/v1/docs', '/healthz', '/nope']) {
      const { headers } = await request(service.api.app).get(path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers['x-powered-by']).toBeUndefined();
    }
  });
});

describe('the description', () => {
  it('is OpenAPI 3.1 whose references all lead somewhere', async () => {
    const { body, text } = await request(service.api.app).get('/api/v1/openapi.json');
    expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'Bootwright', version: '0.0.0-test' } });
    const refs = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? ''));
    expect(refs.size).toBeGreaterThan(10);
    for (const ref of refs) {
      const target = ref
        .split('/')
        .slice(1)
        .reduce((at: Record<string, unknown>, key) => (at?.[key] ?? {}) as Record<string, unknown>, body);
      expect([ref, Object.keys(target).length > 0]).toEqual([ref, true]);
    }
    expect(body.components.schemas.MachineSpec.required).toContain('stage3');
    const ids = Object.values(body.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
      (methods) => Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is a page that its own security policy lets through', async () => {
    const { text, headers } = await request(service.api.app).get('/api/v1/docs');
    expect(headers['content-type']).toContain('text/html');
    expect(headers['content-security-policy']).toMatch(/style-src 'sha256-[A-Za-z0-9+/=]+'/);
    expect(text).not.toMatch(/<script|https?:\/\/|style="/);
    expect(text).toContain('/api/v1/machines/{name}/runs');
  });

  it('has the configuration as JSON Schema', async () => {
    const { body } = await request(service.api.app)
      .get('/api/v1/config-schema.json')
      .buffer(true)
      .parse((res, done) => {
        let text = '';
        res.on('data', (chunk) => {
          text += String(chunk);
        });
        res.on('end', () => done(null, JSON.parse(text)));
      });
    expect(body.properties.listen.properties.port.default).toBe(8470);
  });
});

describe('operations', () => {
  it('count what the parts count, by route and by stage', async () => {
    service.meter.count('tftp.transfers', { result: 'ok' }, 3);
    service.meter.count('tftp.transfers', { result: 'refused', why: 'path' });
    await post('/machines').send(testMachine('metrics', 9));
    const { text } = await request(service.api.app).get('/metrics');
    expect(text).toContain('bootwright_tftp_transfers_total{result="ok"} 3');
    expect(text).toContain('bootwright_tftp_transfers_total{result="refused",why="path"} 1');
    expect(text).toMatch(/bootwright_machines\{stage="unknown"\} [1-9]/);
    expect(text).toContain('bootwright_http_request_seconds_count{method="POST",route="/machines",status="201"}');
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).not.toContain('metrics","');
  });

  it('are for this host and for tokens, not for whom a proxy speaks for', async () => {
    const app = request(service.api.app);
    const behindProxy = () => app.get('/metrics').set('X-Forwarded-For', '192.0.2.1');
    expect((await behindProxy()).status).toBe(401);
    expect((await behindProxy().set('Authorization', `Bearer ${service.tokens.viewer}`)).status).toBe(200);
    expect((await app.get('/healthz').set('X-Forwarded-For', '192.0.2.1')).text).toBe('ok 0.0.0-test\n');
    expect((await app.get('/readyz').set('X-Forwarded-For', '192.0.2.1')).text).toBe('ready\n');
    const open = await startApiService({ openMetrics: true });
    expect((await request(open.api.app).get('/metrics').set('X-Forwarded-For', '192.0.2.1')).status).toBe(200);
    await open[Symbol.asyncDispose]();
  });
});

describe('pages', () => {
  it('lead to the description when none are built', async () => {
    const response = await request(service.api.app).get('/');
    expect([response.status, response.headers.location]).toEqual([302, '/api/v1/docs']);
  });

  it('are served as built, with every place inside them, and nothing beside them', async () => {
    const webFolder = join(folder, 'web');
    mkdirSync(join(webFolder, 'assets'), { recursive: true });
    writeFileSync(join(webFolder, 'index.html'), '<!doctype html>page');
    writeFileSync(join(webFolder, 'assets', 'app-1a2b.js'), 'run()');
    writeFileSync(join(folder, 'secret.txt'), 'not yours');
    const own = await startApiService({ webFolder });
    const app = request(own.api.app);
    for (const path of ['/', '/machines/m1', '/runs']) expect((await app.get(path)).text).toBe('<!doctype html>page');
    const script = await app.get('/assets/app-1a2b.js');
    expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    for (const path of [
      '/assets/none.js',
      '/none.js',
      '/api/v1/none',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
    ]) {
      const response = await app.get(path);
      expect([path, response.status >= 400, response.text.includes('not yours')]).toEqual([path, true, false]);
      expect([path, response.headers['content-type']]).toEqual([path, 'application/problem+json; charset=utf-8']);
    }
    await own[Symbol.asyncDispose]();
  });
});

describe('listening', () => {
  it('on a unix socket of owner and group, over one that a killed process left', async () => {
    const socket = join(folder, 'api.sock');
    const first = await startApiService({ listen: { socket } });
    expect(await first.listen()).toBe(`unix:${socket}`);
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    const status = await new Promise((resolve, reject) => {
      httpRequest({ socketPath: socket, path: '/metrics' }, (response) => resolve(response.statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
    const second = await startApiService({ listen: { socket } });
    await expect(second.listen()).rejects.toThrow(/in use/);
    await expect(second.close()).rejects.toThrow(/in use/);
    await first[Symbol.asyncDispose]();
    await second.store.close();
  });

  it('says which address cannot be had', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const own = await startApiService({ listen: { address: '127.0.0.1', port } });
    await expect(own.listen()).rejects.toThrow(/cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*see listen/);
    await expect(own.close()).rejects.toThrow(/EADDRINUSE/);
    await own.store.close();
    await new Promise((resolve) => holder.close(resolve));
  });

  it('ends idle and hanging connections when it closes', async () => {
    const own = await startApiService({ graceMs: 100 });
    const url = new URL(await own.listen());
    const hanging = connect(Number(url.port), url.hostname);
    await new Promise((resolve) => hanging.once('connect', resolve));
    hanging.on('error', () => undefined).resume();
    hanging.write('POST /api/v1/machines HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n');
    const closed = new Promise((resolve) => hanging.once('close', resolve));
    await own.close();
    await closed;
    await own.store.close();
  });
});

describe('the first token', () => {
  it('is made once, for an administrator, and works', async () => {
    const own = await startApiService();
    for (const { id } of await own.store.tokens.list()) await own.store.tokens.remove(id);
    const token = await createFirstToken(own.store.tokens, systemEntropy);
    expect(token).toMatch(/^bw_[0-9a-z]{32}$/);
    expect(await createFirstToken(own.store.tokens, systemEntropy)).toBeUndefined();
    const who = await request(own.api.app).get('/api/v1/whoami').set('Authorization', `Bearer ${token}`);
    expect(who.body).toMatchObject({ name: 'admin', role: 'admin' });
    await own[Symbol.asyncDispose]();
  });
});
