import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissionsOf } from '../../../src/api/access.ts';
import { eventPageSchema } from '../../../src/api/schema/event.ts';
import { machineSchema } from '../../../src/api/schema/machine.ts';
import { problemSchema } from '../../../src/api/schema/problem.ts';
import { runSchema } from '../../../src/api/schema/run.ts';
import { createdTokenSchema, tokenSchema, whoamiSchema } from '../../../src/api/schema/token.ts';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import { type ApiService, startApiService, testHostKey, testMachine } from '../../support/api-service.ts';

let service: ApiService;
beforeAll(async () => {
  service = await startApiService();
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

type Method = 'get' | 'post' | 'put' | 'delete';

function call(method: Method, path: string, role: TokenRole = 'admin') {
  return request(service.api.app)[method](`/api/v1${path}`).set('Authorization', `Bearer ${service.tokens[role]}`);
}

async function declare(name: string, number: number, change: object = {}) {
  const { body, status } = await call('post', '/machines').send({ ...testMachine(name, number), ...change });
  expect(status).toBe(201);
  return machineSchema.parse(body);
}

async function order(name: string, body: object, role: TokenRole = 'admin') {
  return await call('post', `/machines/${name}/runs`, role).send(body);
}

/** Every error answers as a problem document whose status is the answer's. */
function expectProblem(response: request.Response, status: number, code: string) {
  expect({ status: response.status, code: response.body.code }).toEqual({ status, code });
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  const problem = problemSchema.parse(response.body);
  expect(problem.status).toBe(status);
  expect(problem.instance).toBe(response.headers['x-request-id']);
  return problem;
}

describe('machines', () => {
  it('are declared, shown, changed, renamed and removed, each with its event and actor', async () => {
    const created = await call('post', '/machines').send(testMachine('alpha', 1));
    expect(created.status).toBe(201);
    expect(created.headers.location).toBe('/api/v1/machines/alpha');
    const machine = machineSchema.parse(created.body);
    expect(machine).toMatchObject({ name: 'alpha', source: 'api', stage: 'unknown', run: null, lastRun: null });

    const shown = await call('get', '/machines/alpha', 'viewer');
    expect(machineSchema.parse(shown.body)).toEqual(machine);

    const renamed = await call('put', '/machines/alpha').send({ ...testMachine('alpha2', 1), bootTries: 3 });
    expect(renamed.status).toBe(200);
    expect(machineSchema.parse(renamed.body)).toMatchObject({ id: machine.id, name: 'alpha2', spec: { bootTries: 3 } });
    expectProblem(await call('get', '/machines/alpha'), 404, 'not-found');

    expect((await call('delete', '/machines/alpha2')).status).toBe(204);
    expectProblem(await call('get', `/machines/${machine.id}`), 404, 'not-found');
    const { items } = eventPageSchema.parse((await call('get', `/machines/${machine.id}/events`)).body);
    expect(items.map(({ seq, type, source, data }) => [seq, type, source, data.actor])).toEqual([
      [1, 'machine.declared', 'api', 'the-admin'],
      [2, 'machine.changed', 'api', 'the-admin'],
      [3, 'machine.removed', 'api', 'the-admin'],
    ]);
  });

  it('are paged by name', async () => {
    for (const [index, name] of ['page-c', 'page-a', 'page-b'].entries()) await declare(name, 10 + index);
    const names: string[] = [];
    let cursor = 'page';
    for (let pages = 0; pages < 3; pages++) {
      const { body, status } = await call('get', '/machines').query({ limit: 1, cursor });
      expect(status).toBe(200);
      names.push(...body.items.map((machine: { name: string }) => machine.name));
      cursor = body.next;
    }
    expect(names).toEqual(['page-a', 'page-b', 'page-c']);
    expect(cursor).toBeNull();
  });

  it('refuse what is taken or wrong, naming every problem', async () => {
    await declare('taken', 20);
    expect(
      expectProblem(await call('post', '/machines').send(testMachine('taken', 21)), 409, 'conflict').detail,
    ).toContain('taken');
    expectProblem(await call('post', '/machines').send(testMachine('other', 20)), 409, 'conflict');
    expectProblem(await call('put', '/machines/nobody').send(testMachine('nobody', 22)), 404, 'not-found');
    const wrong = { ...testMachine('X', 23), adress: 1, address: '10.0.0.300' };
    const { details } = expectProblem(await call('post', '/machines').send(wrong), 400, 'invalid-request');
    expect(details?.problems).toEqual([
      expect.stringContaining('name: must be lower-case'),
      expect.stringContaining('address: is not an IPv4 address'),
      expect.stringContaining('did you mean "address"?'),
    ]);
  });

  it('of the configuration file cannot be changed or removed', async () => {
    const { spec } = await declare('of-the-file', 30);
    await service.store.machines.change('of-the-file', spec, 'config', 'config');
    expectProblem(await call('put', '/machines/of-the-file').send({ ...spec, bootTries: 4 }), 409, 'conflict');
    expectProblem(await call('delete', '/machines/of-the-file'), 409, 'conflict');
  });

  it('show references and never a value; arguments of commands to admins only', async () => {
    const own = await startApiService({ commands: true });
    const spec = {
      ...testMachine('m1'),
      disks: [{ name: 'root', passphrase: { command: ['vault', 'read', 'PATH-ARG'] } }],
    };
    const get = (path: string, role: TokenRole) =>
      request(own.api.app).get(`/api/v1${path}`).set('Authorization', `Bearer ${own.tokens[role]}`);
    const post = request(own.api.app).post('/api/v1/machines').set('Authorization', `Bearer ${own.tokens.admin}`);
    expect((await post.send(spec)).status).toBe(201);
    for (const path of ['/machines', '/machines/m1', '/machines/m1/events']) {
      expect((await get(path, 'unlocker')).text).not.toContain('PATH-ARG');
    }
    expect((await get('/machines/m1', 'unlocker')).body.spec.disks[0].passphrase).toEqual({ command: ['vault'] });
    expect((await get('/machines/m1', 'admin')).body.spec.disks).toEqual(spec.disks);
    await own[Symbol.asyncDispose]();
  });

  it('list generations that proved themselves', async () => {
    const { id } = await declare('proven', 31);
    const { body: run } = await order('proven', { kind: 'update' });
    const toplevel = '/nix/store/abc-nixos';
    const provenAt = 1_700_000_000_000;
    await service.store.generations.prove({ machineId: id, toplevel, runId: run.id, provenAt, bootId: 'b' });
    const { body } = await call('get', '/machines/proven/generations', 'viewer');
    expect(body).toEqual({ items: [{ toplevel, runId: run.id, provenAt: '2023-11-14T22:13:20.000Z' }] });
  });
});

describe('runs', () => {
  it('are accepted with their plan and place', async () => {
    await declare('run-a', 40);
    const response = await order('run-a', { kind: 'boot' }, 'unlocker');
    expect(response.status).toBe(202);
    const run = runSchema.parse(response.body);
    expect(response.headers.location).toBe(`/api/v1/runs/${run.id}`);
    expect(run).toMatchObject({ machine: 'run-a', kind: 'boot', state: 'queued', step: null, actor: 'the-unlocker' });
    expect(run.steps.map(({ name, state }) => [name, state])).toEqual([
      ['power-on', 'pending'],
      ['unlock', 'pending'],
      ['system', 'pending'],
      ['session', 'pending'],
    ]);
    expect((await call('get', `/runs/${run.id}`, 'viewer')).body).toEqual(response.body);
    expect((await call('get', '/machines/run-a', 'viewer')).body.run).toMatchObject({ id: run.id, state: 'queued' });
    const second = expectProblem(await order('run-a', { kind: 'unlock' }), 409, 'conflict');
    expect(second.details).toMatchObject({ runId: run.id });
  });

  it('are cancelled: a queued one at once, an ended one not again', async () => {
    await declare('run-b', 41);
    const { body } = await order('run-b', { kind: 'power', verb: 'on' });
    const cancelled = await call('post', `/runs/${body.id}/cancel`, 'operator');
    expect([cancelled.status, cancelled.body.state]).toEqual([202, 'cancelled']);
    expectProblem(await call('post', `/runs/${body.id}/cancel`), 409, 'conflict');
    expectProblem(await call('post', '/runs/none/cancel'), 404, 'not-found');
    const machine = machineSchema.parse((await call('get', '/machines/run-b')).body);
    expect([machine.run, machine.lastRun?.state]).toEqual([null, 'cancelled']);
    const { items } = eventPageSchema.parse((await call('get', `/runs/${body.id}/events`, 'viewer')).body);
    expect(items.map(({ type, data }) => [type, data.actor])).toEqual([
      ['run.queued', 'the-admin'],
      ['run.cancel-requested', 'the-operator'],
      ['run.cancelled', undefined],
    ]);
  });

  it('are listed by machine and state, and paged', async () => {
    await declare('run-c', 42);
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) {
      const { body } = await order('run-c', { kind: 'power', verb: 'on' });
      ids.unshift(body.id);
      await call('post', `/runs/${body.id}/cancel`);
    }
    const list = async (query: object) => (await call('get', '/runs', 'viewer').query(query)).body;
    const first = await list({ machine: 'run-c', limit: 2 });
    expect(first.items.map((run: { id: string }) => run.id)).toEqual(ids.slice(0, 2));
    const rest = await list({ machine: 'run-c', limit: 2, cursor: first.next });
    expect([rest.items.map((run: { id: string }) => run.id), rest.next]).toEqual([ids.slice(2), null]);
    expect((await list({ machine: 'run-c', state: 'queued,running' })).items).toEqual([]);
    expect((await list({ machine: 'run-c', state: 'cancelled' })).items).toHaveLength(3);
    expectProblem(await call('get', '/runs').query({ state: 'over' }), 400, 'invalid-request');
    expectProblem(await call('get', '/runs').query({ machine: 'nobody' }), 404, 'not-found');
  });

  it('of a removed machine stay readable by its id, without a name', async () => {
    const { id } = await declare('run-d', 43);
    const { body } = await order('run-d', { kind: 'power', verb: 'off' });
    await call('post', `/runs/${body.id}/cancel`);
    await call('delete', '/machines/run-d');
    expect((await call('get', `/runs/${body.id}`)).body).toMatchObject({ machine: null, machineId: id });
    expect((await call('get', '/runs').query({ machine: id })).body.items).toHaveLength(1);
  });

  it('come back for the same Idempotency-Key of the same token only', async () => {
    await declare('run-e', 44);
    const withKey = (body: object, role: TokenRole = 'admin') =>
      call('post', '/machines/run-e/runs', role).set('Idempotency-Key', 'key-1').send(body);
    const first = await withKey({ kind: 'power', verb: 'on' });
    const again = await withKey({ kind: 'power', verb: 'on' });
    expect([first.status, again.status, again.body.id]).toEqual([202, 202, first.body.id]);
    expectProblem(await withKey({ kind: 'power', verb: 'off' }), 409, 'conflict');
    await call('post', `/runs/${first.body.id}/cancel`);
    expect((await withKey({ kind: 'power', verb: 'on' })).body.id).toBe(first.body.id);
    const other = await withKey({ kind: 'power', verb: 'on' }, 'operator');
    expect(other.status).toBe(202);
    expect(other.body.id).not.toBe(first.body.id);
    const tooLong = call('post', '/machines/run-e/runs').set('Idempotency-Key', 'x'.repeat(201));
    expectProblem(await tooLong.send({ kind: 'power', verb: 'on' }), 400, 'invalid-request');
  });

  it.each([
    [{}, 'body.kind'],
    [{ kind: 'explode' }, 'body.kind'],
    [{ kind: 'power' }, 'body.verb'],
    [{ kind: 'power', verb: 'toggle' }, 'body.verb'],
    [{ kind: 'boot', netboot: 'yes' }, 'body.netboot'],
    [{ kind: 'boot', force: true }, 'body'],
    [{ kind: 'rebuild', action: 'dry' }, 'body.action'],
    [{ kind: 'rebuild', flake: 'https://u:p@example.org/x' }, 'body.flake'],
    [{ kind: 'update', attribute: 'a"b' }, 'body.attribute'],
  ])('refuse %j', async (body, where) => {
    const { details } = expectProblem(await order('run-a', body), 400, 'invalid-request');
    expect(String(details?.problems)).toMatch(new RegExp(`^${where}[.:]`));
  });

  it('refuse what the machine cannot do, with a hint', async () => {
    await declare('bare', 45, { bmcs: [], disks: [], rebuild: undefined });
    const problem = expectProblem(await order('bare', { kind: 'power', verb: 'on' }), 400, 'invalid-request');
    expect(problem.hint).toContain('bmcs');
    expectProblem(await order('nobody', { kind: 'unlock' }), 404, 'not-found');
  });
});

describe('events and output', () => {
  it('are paged forwards and backwards', async () => {
    const { id } = await declare('events', 50);
    const fact = { type: 'file.served', source: 'http', data: { name: 'initrd', bytes: 3 } } as const;
    await service.store.timeline.append(
      id,
      Array.from({ length: 9 }, () => fact),
    );
    const seqs = async (query: object) => {
      const page = eventPageSchema.parse((await call('get', '/machines/events/events', 'viewer').query(query)).body);
      return [page.items.map(({ seq }) => seq), page.next];
    };
    expect(await seqs({ limit: 4 })).toEqual([[1, 2, 3, 4], 4]);
    expect(await seqs({ limit: 4, after: 8 })).toEqual([[9, 10], null]);
    expect(await seqs({ limit: 3, before: 8 })).toEqual([[5, 6, 7], null]);
    expect(await seqs({ after: 2, before: 5 })).toEqual([[3, 4], null]);
    expect(await seqs({ after: 10 })).toEqual([[], null]);
    for (const query of [
      { limit: 0 },
      { limit: 1001 },
      { after: -1 },
      { after: 'x' },
      { since: 1 },
      { after: ['1', '2'] },
    ]) {
      expectProblem(await call('get', '/machines/events/events').query(query), 400, 'invalid-request');
    }
    expectProblem(await call('get', '/machines/nobody/events'), 404, 'not-found');
    expectProblem(await call('get', '/runs/none/events'), 404, 'not-found');
  });

  it('show output by byte range, as text that no browser runs', async () => {
    await declare('output', 51);
    const { body: run } = await order('output', { kind: 'rebuild' });
    const index = run.steps.findIndex((step: { name: string }) => step.name === 'activate');
    await service.store.output.append(run.id, index, 0, Buffer.from('<b>one</b>\n'));
    await service.store.output.append(run.id, index, 11, Buffer.from('zwölf\n'));
    const all = await call('get', `/runs/${run.id}/output`, 'viewer');
    expect(all.text).toBe('<b>one</b>\nzwölf\n');
    expect(all.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'x-output-from': '0',
      'x-output-to': '18',
      'x-output-end': '18',
    });
    expect((await call('get', `/runs/${run.id}/output`).query({ from: 11, step: index })).text).toBe('zwölf\n');
    expect((await call('get', `/runs/${run.id}/output`).query({ step: 0 })).text).toBe('');
    expectProblem(await call('get', `/runs/${run.id}/output`).query({ from: 99 }), 400, 'invalid-request');
    expectProblem(await call('get', `/runs/${run.id}/output`).query({ step: 99 }), 404, 'not-found');
    expectProblem(await call('get', '/runs/none/output'), 404, 'not-found');
  });
});

describe('tokens', () => {
  it('are made, used, listed without themselves, and removed', async () => {
    const made = await call('post', '/tokens').send({ name: 'ci', role: 'viewer' });
    expect(made.status).toBe(201);
    const { token, ...rest } = createdTokenSchema.parse(made.body);
    const asked = () => request(service.api.app).get('/api/v1/whoami').set('Authorization', `bearer ${token}`);
    expect(whoamiSchema.parse((await asked()).body)).toEqual({
      name: 'ci',
      role: 'viewer',
      via: 'token',
      permissions: permissionsOf('viewer'),
    });
    const list = await call('get', '/tokens');
    expect(list.text).not.toContain(token);
    const found = list.body.items.find((each: { id: string }) => each.id === rest.id);
    expect(tokenSchema.parse(found).lastUsedAt).not.toBeNull();
    expectProblem(await call('post', '/tokens').send({ name: 'ci', role: 'admin' }), 409, 'conflict');
    expect((await call('delete', `/tokens/${rest.id}`)).status).toBe(204);
    expectProblem(await asked(), 401, 'unauthorized');
    expectProblem(await call('delete', `/tokens/${rest.id}`), 404, 'not-found');
  });

  it('keep the last administrator in', async () => {
    const { body } = await call('get', '/tokens');
    const admin = body.items.find((each: { role: string }) => each.role === 'admin');
    expectProblem(await call('delete', `/tokens/${admin.id}`), 409, 'conflict');
  });

  it.each([
    {},
    { name: 'x' },
    { name: '', role: 'viewer' },
    { name: 'a\nb', role: 'viewer' },
    { name: 'x', role: 'root' },
  ])('refuse %j', async (body) => {
    expectProblem(await call('post', '/tokens').send(body), 400, 'invalid-request');
  });

  it('are stored as hashes only', async () => {
    const rows = JSON.stringify(await service.store.tokens.list());
    for (const token of Object.values(service.tokens)) expect(rows).not.toContain(token);
  });
});

describe('the answers of a machine in many states', () => {
  it('have a schema for each', async () => {
    await declare('schema', 60, { stage1: { hostKeys: [testHostKey(5)], identity: 'env:K' } });
    const page = (await call('get', '/machines').query({ limit: 500 })).body;
    for (const item of page.items) machineSchema.parse(item);
    for (const item of (await call('get', '/runs').query({ limit: 500 })).body.items) runSchema.parse(item);
  });
});
