import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionSchema } from '../../../src/api/schema/token.ts';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import { type ApiService, startApiService, testMachine } from '../../support/api-service.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const ROLES: readonly TokenRole[] = ['viewer', 'operator', 'unlocker', 'admin'];
const clock = createManualClock();

let service: ApiService;
let runId: string;
beforeAll(async () => {
  service = await startApiService({ clock });
  const { admin } = service.tokens;
  const send = (path: string, body: object) =>
    request(service.api.app).post(`/api/v1${path}`).set('Authorization', `Bearer ${admin}`).send(body);
  await send('/machines', testMachine('m1'));
  runId = (await send('/machines/m1/runs', { kind: 'power', verb: 'on' })).body.id;
  await send(`/runs/${runId}/cancel`, {});
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

type Attempt = { method: 'get' | 'post' | 'put' | 'delete'; path: string; body?: object };

function attempt({ method, path, body }: Attempt, authorization?: string) {
  const asked = request(service.api.app)[method](path);
  if (authorization !== undefined) asked.set('Authorization', authorization);
  return body === undefined ? asked : asked.send(body);
}

/** Who may, and by what answer one sees that the request got past the check. */
const TABLE: readonly (Attempt & { from: TokenRole; passed: number })[] = [
  { method: 'get', path: '/api/v1/machines', from: 'viewer', passed: 200 },
  { method: 'get', path: '/api/v1/machines/m1', from: 'viewer', passed: 200 },
  { method: 'get', path: '/api/v1/machines/m1/events', from: 'viewer', passed: 200 },
  { method: 'get', path: '/api/v1/machines/m1/generations', from: 'viewer', passed: 200 },
  { method: 'get', path: '/api/v1/machines/nobody/feed', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/power', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/chassis', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/sensors', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/inventory', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/event-log', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/boot-override', from: 'viewer', passed: 404 },
  { method: 'put', path: '/api/v1/machines/nobody/identify', body: { light: 'on' }, from: 'operator', passed: 404 },
  {
    method: 'put',
    path: '/api/v1/machines/nobody/power-restore-policy',
    body: { policy: 'restore' },
    from: 'operator',
    passed: 404,
  },
  {
    method: 'put',
    path: '/api/v1/machines/nobody/boot-override',
    body: { device: 'pxe' },
    from: 'operator',
    passed: 404,
  },
  { method: 'delete', path: '/api/v1/machines/nobody/event-log', from: 'operator', passed: 404 },
  { method: 'put', path: '/api/v1/machines/nobody/event-log/clock', body: {}, from: 'operator', passed: 404 },
  { method: 'post', path: '/api/v1/machines/nobody/raw', body: { netFn: 6, command: 1 }, from: 'admin', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/loaders', from: 'viewer', passed: 404 },
  { method: 'delete', path: '/api/v1/machines/nobody/loaders', from: 'operator', passed: 404 },
  { method: 'get', path: '/api/v1/discovered-machines', from: 'viewer', passed: 200 },
  { method: 'get', path: '/api/v1/discovered-machines/none', from: 'viewer', passed: 400 },
  { method: 'post', path: '/api/v1/discovered-machines/none/approve', body: {}, from: 'admin', passed: 400 },
  { method: 'post', path: '/api/v1/discovered-machines/none/ignore', from: 'admin', passed: 400 },
  { method: 'post', path: '/api/v1/discovered-machines/none/unignore', from: 'admin', passed: 400 },
  { method: 'delete', path: '/api/v1/discovered-machines/none', from: 'admin', passed: 400 },
  { method: 'get', path: '/api/v1/runs', from: 'viewer', passed: 200 },
  { method: 'get', path: '/api/v1/runs/none', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/runs/none/events', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/runs/none/output', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/runs/none/feed', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/whoami', from: 'viewer', passed: 200 },
  { method: 'post', path: '/api/v1/session', from: 'viewer', passed: 201 },
  { method: 'delete', path: '/api/v1/session', from: 'viewer', passed: 204 },
  {
    method: 'post',
    path: '/api/v1/machines/nobody/runs',
    body: { kind: 'power', verb: 'on' },
    from: 'operator',
    passed: 404,
  },
  { method: 'post', path: '/api/v1/machines/nobody/runs', body: { kind: 'rebuild' }, from: 'operator', passed: 404 },
  { method: 'post', path: '/api/v1/runs/none/cancel', from: 'operator', passed: 404 },
  { method: 'post', path: '/api/v1/machines/nobody/bmc/reset-authentication', from: 'operator', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/console', from: 'operator', passed: 426 },
  { method: 'get', path: '/api/v1/machines/nobody/console/text', from: 'operator', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/console/search?text=x', from: 'operator', passed: 404 },
  { method: 'post', path: '/api/v1/machines/nobody/console/reconnect', body: {}, from: 'operator', passed: 404 },
  { method: 'get', path: '/api/v1/runs/none/console', from: 'operator', passed: 404 },
  { method: 'post', path: '/api/v1/machines/nobody/runs', body: { kind: 'boot' }, from: 'unlocker', passed: 404 },
  { method: 'post', path: '/api/v1/machines/nobody/runs', body: { kind: 'unlock' }, from: 'unlocker', passed: 404 },
  { method: 'post', path: '/api/v1/machines/nobody/runs', body: { kind: 'reboot' }, from: 'unlocker', passed: 404 },
  { method: 'post', path: '/api/v1/machines/nobody/runs', body: { kind: 'update' }, from: 'unlocker', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/boot-attempts', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/boot-attempts/none/1', from: 'viewer', passed: 404 },
  { method: 'get', path: '/api/v1/machines/nobody/boot-attempts/none/1/packets', from: 'operator', passed: 404 },
  { method: 'get', path: '/api/v1/assets', from: 'viewer', passed: 200 },
  { method: 'get', path: '/api/v1/assets/none', from: 'viewer', passed: 400 },
  { method: 'put', path: '/api/v1/assets/none', body: {}, from: 'admin', passed: 400 },
  { method: 'delete', path: '/api/v1/assets/none', from: 'admin', passed: 400 },
  { method: 'post', path: '/api/v1/assets', body: {}, from: 'admin', passed: 400 },
  { method: 'post', path: '/api/v1/assets/collect', from: 'admin', passed: 200 },
  { method: 'get', path: '/api/v1/assets/uploads/none', from: 'admin', passed: 404 },
  { method: 'put', path: '/api/v1/assets/uploads/none', from: 'admin', passed: 404 },
  { method: 'delete', path: '/api/v1/assets/uploads/none', from: 'admin', passed: 404 },
  { method: 'post', path: '/api/v1/machines/nobody/import-generation', body: {}, from: 'admin', passed: 404 },
  { method: 'post', path: '/api/v1/machines', body: {}, from: 'admin', passed: 400 },
  { method: 'put', path: '/api/v1/machines/nobody', body: {}, from: 'admin', passed: 400 },
  { method: 'delete', path: '/api/v1/machines/nobody', from: 'admin', passed: 404 },
  { method: 'get', path: '/api/v1/tokens', from: 'admin', passed: 200 },
  { method: 'post', path: '/api/v1/tokens', body: {}, from: 'admin', passed: 400 },
  { method: 'delete', path: '/api/v1/tokens/none', from: 'admin', passed: 404 },
];

describe.each(TABLE)('$method $path $body', (row) => {
  it.each(ROLES)('%s', async (role) => {
    const response = await attempt(row, `Bearer ${service.tokens[role]}`);
    const allowed = ROLES.indexOf(role) >= ROLES.indexOf(row.from);
    expect(response.status).toBe(allowed ? row.passed : 403);
    if (!allowed) {
      expect(response.body).toMatchObject({ code: 'forbidden', hint: `It takes the role ${row.from}.` });
    }
  });

  it('nobody without a token', async () => {
    const response = await attempt(row);
    expect([response.status, response.body.code]).toEqual([401, 'unauthorized']);
    expect(response.headers['www-authenticate']).toContain('Bearer');
  });
});

/** Live feeds that end with their client only. */
const ENDLESS = ['/api/v1/fleet/feed', '/api/v1/discovered-machines/feed'];

describe('every route', () => {
  it('is in the table above or public on purpose', async () => {
    const { body } = await request(service.api.app).get('/api/v1/openapi.json');
    const open = ['get /api/v1/openapi.json', 'get /api/v1/docs', 'get /api/v1/config-schema.json'];
    const tried = TABLE.map(
      ({ method, path }) =>
        `${method} ${path.replaceAll(/nobody|none|m1|(?<=none.)1$|(?<=none.)1(?=.packets)/g, 'X').replace(/\?.*/, '')}`,
    );
    for (const [path, methods] of Object.entries(
      body.paths as Record<string, Record<string, { security?: unknown[] }>>,
    )) {
      for (const [method, { security }] of Object.entries(methods)) {
        const name = `${method} ${path}`;
        if (open.includes(name)) expect(security).toEqual([]);
        else if (!ENDLESS.includes(path)) expect(tried).toContain(name.replaceAll(/\{\w+\}/g, 'X'));
      }
    }
  });
});

describe('tokens that are none', () => {
  it.each([
    'Basic YTpi',
    'Bearer',
    'Bearer x',
    'Bearer bw_00000000000000000000000000000000',
    "Bearer bw_' OR 1=1 --",
    `Bearer ${'a'.repeat(4000)}`,
  ])('%s', async (authorization) => {
    const response = await attempt({ method: 'get', path: '/api/v1/whoami' }, authorization);
    expect([response.status, response.body.code]).toEqual([401, 'unauthorized']);
    expect(response.text).not.toContain('OR 1=1');
  });

  it('are refused before the body is read', async () => {
    const response = await request(service.api.app)
      .post('/api/v1/machines')
      .set('Content-Type', 'application/json')
      .send('{"a": ');
    expect(response.status).toBe(401);
  });
});

describe('sessions', () => {
  async function open(role: TokenRole) {
    const response = await attempt({ method: 'post', path: '/api/v1/session' }, `Bearer ${service.tokens[role]}`);
    const [cookie = ''] = response.get('Set-Cookie') ?? [];
    return { response, cookie, pair: cookie.split(';')[0] ?? '' };
  }

  it('are opened with the token and give a cookie that no script and no other site has', async () => {
    const { response, cookie } = await open('operator');
    expect(response.status).toBe(201);
    expect(sessionSchema.parse(response.body)).toMatchObject({
      name: 'the-operator',
      role: 'operator',
      via: 'session',
    });
    expect(cookie).toMatch(/^bootwright_session=[0-9a-z]{32}; Path=\/api\/; HttpOnly; SameSite=Strict; Max-Age=28800$/);
    expect(cookie).not.toContain(service.tokens.operator);
  });

  it('are Secure behind a proxy that speaks TLS', async () => {
    const response = await request(service.api.app)
      .post('/api/v1/session')
      .set('Authorization', `Bearer ${service.tokens.viewer}`)
      .set('X-Forwarded-Proto', 'https');
    expect(response.get('Set-Cookie')?.[0]).toMatch(/; Secure$/);
  });

  it('read without more, and write with X-Bootwright only', async () => {
    const { pair } = await open('operator');
    const app = request(service.api.app);
    const who = await app.get('/api/v1/whoami').set('Cookie', `other=1; ${pair}`);
    expect(who.body).toMatchObject({ name: 'the-operator', via: 'session' });
    const post = () => app.post('/api/v1/machines/m1/runs').set('Cookie', pair);
    const refused = await post().send({ kind: 'power', verb: 'on' });
    expect([refused.status, refused.body.code]).toEqual([403, 'csrf-header-missing']);
    const ordered = await post().set('X-Bootwright', '1').send({ kind: 'power', verb: 'on' });
    expect([ordered.status, ordered.body.actor]).toEqual([202, 'the-operator']);
    expect((await post().set('X-Bootwright', '1').send({ kind: 'boot' })).status).toBe(403);
    await attempt({ method: 'post', path: `/api/v1/runs/${ordered.body.id}/cancel` }, `Bearer ${service.tokens.admin}`);
  });

  it('do not open further sessions', async () => {
    const { pair } = await open('viewer');
    const again = await request(service.api.app).post('/api/v1/session').set('Cookie', pair).set('X-Bootwright', '1');
    expect(again.status).toBe(403);
  });

  it('end when closed', async () => {
    const { pair } = await open('viewer');
    const app = request(service.api.app);
    const closed = await app.delete('/api/v1/session').set('Cookie', pair).set('X-Bootwright', '1');
    expect([closed.status, closed.get('Set-Cookie')?.[0]]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expect((await app.get('/api/v1/whoami').set('Cookie', pair)).status).toBe(401);
  });

  it('end with their token', async () => {
    const admin = `Bearer ${service.tokens.admin}`;
    const made = await attempt(
      { method: 'post', path: '/api/v1/tokens', body: { name: 'short', role: 'viewer' } },
      admin,
    );
    const opened = await attempt({ method: 'post', path: '/api/v1/session' }, `Bearer ${made.body.token}`);
    const pair = opened.get('Set-Cookie')?.[0]?.split(';')[0] ?? '';
    const who = () => request(service.api.app).get('/api/v1/whoami').set('Cookie', pair);
    expect((await who()).status).toBe(200);
    await attempt({ method: 'delete', path: `/api/v1/tokens/${made.body.id}` }, admin);
    expect((await who()).status).toBe(401);
  });

  it('end by themselves after eight hours', async () => {
    const { pair } = await open('viewer');
    const who = () => request(service.api.app).get('/api/v1/whoami').set('Cookie', pair);
    await clock.advance(8 * 3600 * 1000 - 1);
    expect((await who()).status).toBe(200);
    await clock.advance(1);
    const over = await who();
    expect([over.status, over.body.detail]).toEqual([401, expect.stringContaining('session is over')]);
  });
});
