import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageOf } from '../../../src/api/schema/common.ts';
import { discoveredMachineSchema } from '../../../src/api/schema/discovered.ts';
import { eventPageSchema } from '../../../src/api/schema/event.ts';
import { machineSchema } from '../../../src/api/schema/machine.ts';
import { problemSchema } from '../../../src/api/schema/problem.ts';
import type { StrangerFacts } from '../../../src/domain/discovered-machine.ts';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import { type ApiService, startApiService, testMachine } from '../../support/api-service.ts';
import { readFeed, type SseMessage } from '../../support/sse-client.ts';

const FACTS: StrangerFacts = {
  uuids: [],
  architectures: [{ value: 7, name: 'x64 UEFI' }],
  client: 'pxe',
  loader: 'firmware',
  board: null,
  vendorClass: 'PXEClient:Arch:00007:UNDI:003016',
  userClasses: [],
  hostname: null,
  interface: 'eno1',
  relay: null,
  askedAddress: null,
};
const [ONE, TWO] = ['11111111-2222-3333-4444-555555555555', '11111111-2222-3333-5544-555555555555'];
const SWAPPED = '11111111-2222-3333-4444-000000000000';

let service: ApiService;
let url: string;
beforeAll(async () => {
  service = await startApiService({ heartbeatMs: 1000 });
  url = await service.listen();
});
afterAll(() => service[Symbol.asyncDispose]());

const mac = (n: number): string => `52:54:00:99:00:${n.toString(16).padStart(2, '0')}`;
const call = (method: 'get' | 'post' | 'delete', path: string, role: TokenRole = 'admin') =>
  request(service.api.app)
    [method](`/api/v1/discovered-machines${path}`)
    .set('Authorization', `Bearer ${service.tokens[role]}`);

async function seen(n: number, facts: Partial<StrangerFacts> = {}): Promise<string> {
  const at = Date.now();
  const often = { firstSeenAt: at, lastSeenAt: at, requests: 1, boots: 1 };
  await service.store.discovered.record([{ mac: mac(n), facts: { ...FACTS, ...facts }, ...often }]);
  return mac(n);
}

async function macsOf(query = ''): Promise<string[]> {
  const { body } = await call('get', `?limit=500${query}`, 'viewer');
  return pageOf(discoveredMachineSchema)
    .parse(body)
    .items.map((machine) => machine.mac);
}

/** A declaration without MAC addresses. */
function rest(name: string, number: number) {
  const { macs: _, ...machine } = testMachine(name, number);
  return machine;
}

function expectProblem(response: request.Response, status: number, code: string) {
  expect([response.status, response.body.code]).toEqual([status, code]);
  return problemSchema.parse(response.body);
}

describe('discovered machines', () => {
  it('are listed in pages, with the cards of one machine named by its UUID in either byte order', async () => {
    await seen(1, { uuids: [ONE ?? '', SWAPPED] });
    await seen(2, { uuids: [SWAPPED, ONE ?? ''], hostname: 'box' });
    await seen(3, { uuids: [TWO ?? ''] });
    const first = await call('get', '?limit=2', 'viewer');
    const page = pageOf(discoveredMachineSchema).parse(first.body);
    expect(page.next).toBe(mac(2));
    expect(page.items).toMatchObject([
      { mac: mac(1), uuid: ONE, uuidSwapped: SWAPPED, sameMachine: [mac(2)], ignoredAt: null },
      { mac: mac(2), uuid: SWAPPED, sameMachine: [mac(1)], hostname: 'box' },
    ]);
    const second = await call('get', `?limit=2&cursor=${encodeURIComponent(mac(2))}`, 'viewer');
    expect(second.body).toMatchObject({ items: [{ mac: mac(3), uuidSwapped: null, sameMachine: [] }], next: null });
    const one = await call('get', `/${mac(1).toUpperCase().replaceAll(':', '-')}`, 'viewer');
    expect(discoveredMachineSchema.parse(one.body).mac).toBe(mac(1));
  });

  it('are approved with all their cards, by name and with an event that tells where they come from', async () => {
    await seen(4, { uuids: ['aaaaaaaa-2222-3333-4444-555555555555'] });
    await seen(5, { uuids: ['aaaaaaaa-2222-3333-4444-555555555555'] });
    await seen(6, { uuids: ['aaaaaaaa-2222-3333-4444-555555555555'] });
    await call('post', `/${mac(6)}/ignore`);
    const approved = await call('post', `/${mac(5)}/approve`).send(rest('d-one', 1));
    expect([approved.status, approved.headers.location]).toEqual([201, '/api/v1/machines/d-one']);
    const machine = machineSchema.parse(approved.body);
    expect(machine.spec.macs).toEqual([mac(5), mac(4)]);
    const events = await request(service.api.app)
      .get('/api/v1/machines/d-one/events')
      .set('Authorization', `Bearer ${service.tokens.viewer}`);
    expect(eventPageSchema.parse(events.body).items).toMatchObject([
      { type: 'machine.declared', source: 'api', data: { actor: 'the-admin', discovered: [mac(5), mac(4)].sort() } },
    ]);
    expect(await macsOf('&ignored=show')).not.toContain(mac(4));
    expect(await macsOf('&ignored=only')).toEqual([mac(6)]);
    const again = expectProblem(await call('post', `/${mac(5)}/approve`).send(rest('d-two', 2)), 409, 'conflict');
    expect(again.detail).toContain('belongs to machine d-one');
    expect(again.hint).toContain('PUT');
  });

  it('are approved with the cards that were chosen', async () => {
    await seen(7, { uuids: ['bbbbbbbb-2222-3333-4444-555555555555'] });
    await seen(8, { uuids: ['bbbbbbbb-2222-3333-4444-555555555555'] });
    const wrong = await call('post', `/${mac(7)}/approve`).send({ ...rest('d-three', 3), macs: [mac(8)] });
    expect(expectProblem(wrong, 400, 'invalid-request').detail).toContain(mac(7));
    const macs = ['52:54:00:99:FF:01', mac(7)];
    const approved = await call('post', `/${mac(7)}/approve`).send({ ...rest('d-three', 3), macs });
    expect(machineSchema.parse(approved.body).spec.macs).toEqual(['52:54:00:99:ff:01', mac(7)]);
    expect(await macsOf()).toContain(mac(8));
  });

  it('are not approved with what is no declaration, or a name that is taken, and stay on the list', async () => {
    await seen(9);
    const { stage3: _, ...bare } = rest('d-four', 4);
    const bad = expectProblem(await call('post', `/${mac(9)}/approve`).send(bare), 400, 'invalid-request');
    expect(bad.details?.problems).toEqual([expect.stringContaining('stage3')]);
    expectProblem(await call('post', `/${mac(9)}/approve`).send({}), 400, 'invalid-request');
    expectProblem(await call('post', `/${mac(9)}/approve`).send(rest('d-one', 9)), 409, 'conflict');
    expect(await macsOf()).toContain(mac(9));
    const never = expectProblem(await call('post', `/${mac(200)}/approve`).send(rest('d-five', 5)), 404, 'not-found');
    expect(never.hint).toContain('POST /machines');
    expectProblem(await call('get', '/no-mac'), 400, 'invalid-request');
  });

  it('are not approved with more cards than a machine has, which anybody could claim', async () => {
    for (let n = 100; n < 117; n++) await seen(n, { uuids: ['cccccccc-2222-3333-4444-555555555555'] });
    const many = await call('post', `/${mac(100)}/approve`).send(rest('d-six', 6));
    expect(expectProblem(many, 400, 'invalid-request').detail).toContain('17 network cards');
    const one = await call('post', `/${mac(100)}/approve`).send({ ...rest('d-six', 6), macs: [mac(100)] });
    expect(one.status).toBe(201);
  });

  it('are forgotten, ignored and shown again', async () => {
    await seen(10);
    expect((await call('post', `/${mac(10)}/ignore`)).body.ignoredAt).toMatch(/^20/);
    expect(await macsOf()).not.toContain(mac(10));
    expect((await call('post', `/${mac(10)}/unignore`)).body.ignoredAt).toBeNull();
    expect(await macsOf()).toContain(mac(10));
    expect((await call('delete', `/${mac(10)}`)).status).toBe(204);
    expectProblem(await call('delete', `/${mac(10)}`), 404, 'not-found');
    await seen(10);
    expect(await macsOf()).toContain(mac(10));
  });

  it.each<['post' | 'delete', string]>([
    ['post', '/approve'],
    ['post', '/ignore'],
    ['post', '/unignore'],
    ['delete', ''],
  ])('are changed by administrators only: %s %s', async (method, action) => {
    const address = await seen(11);
    for (const role of ['viewer', 'operator', 'unlocker'] as const)
      expectProblem(await call(method, `/${address}${action}`, role).send(rest('d-no', 7)), 403, 'forbidden');
    expect(await macsOf()).toContain(address);
  });

  it('tell a page when their list changes', async () => {
    const stop = new AbortController();
    const heard: SseMessage[] = [];
    const headers = { authorization: `Bearer ${service.tokens.viewer}` };
    for await (const message of readFeed(`${url}/api/v1/discovered-machines/feed`, headers, stop.signal)) {
      heard.push(message);
      if (heard.length === 2) break;
      await seen(12);
    }
    stop.abort();
    const [before, after] = heard.map(({ event, data }) => ({ event, ...JSON.parse(data) }));
    expect(before.event).toBe('discovered');
    expect(after).toMatchObject({ event: 'discovered', shown: before.shown + 1, ignored: before.ignored });
    expect(after.lastSeenAt).toMatch(/^20.*Z$/);
  });
});
