import { createServer, request as httpRequest, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../support/manual-clock.ts';
import { expectProblem, type HardwareRig, type Method, startHardwareRig } from './hardware-rig.ts';

let rig: HardwareRig;
let server: Server;
let url: string;
/** Requests that have come in and are neither answered nor broken off. */
let inHand: Set<ServerResponse>;
beforeEach(async () => {
  rig = await startHardwareRig();
  const open = new Set<ServerResponse>();
  inHand = open;
  server = createServer((request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (request.headers['x-late'] === undefined) rig.service.api.app(request, response);
    else response.once('close', () => rig.service.api.app(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  // Nobody's leaving is an error of the service.
  expect(rig.errors).toEqual([]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rig.service[Symbol.asyncDispose]();
});

/** A request that can be broken off, unlike supertest's. */
function ask(method: Method, path: string, body?: object, headers: Record<string, string> = {}) {
  const outgoing = httpRequest(`${url}/api/v1${path}`, {
    method: method.toUpperCase(),
    agent: false,
    headers: {
      authorization: `Bearer ${rig.service.tokens.operator}`,
      'content-type': 'application/json',
      ...headers,
    },
  });
  const answer = Promise.withResolvers<number | 'broken off'>();
  outgoing.once('response', (response) => {
    response.resume();
    answer.resolve(response.statusCode ?? 0);
  });
  outgoing.once('error', () => answer.resolve('broken off'));
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  return { answer: answer.promise, breakOff: () => void outgoing.destroy() };
}

/** Waits for something that real sockets bring about. */
async function until(what: string, seen: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await seen())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}, ${inHand.size} in hand`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A machine whose controller holds every call until it is told to go on, and the first of them. */
async function held(kind: 'read' | 'write' = 'read') {
  const machine = await rig.declare();
  const gate = Promise.withResolvers<void>();
  machine.bmc.gate = gate.promise;
  const first =
    kind === 'read' ? ask('get', `${machine.path}/power`) : ask('put', `${machine.path}/identify`, { light: 'off' });
  await until('the first call', () => machine.bmc.calls.length === 1);
  return { ...machine, first, goOn: () => gate.resolve() };
}

describe('calls to one controller', () => {
  it('go one at a time of each kind, and more than eight of a kind do not wait', async () => {
    const { path, bmc, first, goOn } = await held();
    const reads = Array.from({ length: 9 }, () => ask('get', `${path}/sensors`));
    const refused = await Promise.race(reads.map(({ answer }) => answer));
    expect(refused).toBe(503);
    const busy = await rig.call('get', `${path}/chassis`);
    expect(expectProblem(busy, 503, 'bmc-busy').hint).toContain('less often');
    expect(busy.headers['retry-after']).toBe('5');
    const writes = Array.from({ length: 10 }, () => ask('put', `${path}/identify`, { light: 'on' }));
    expect(await Promise.race(writes.map(({ answer }) => answer))).toBe(503);
    // Another machine's controller is another line.
    const other = await rig.declare();
    expect((await rig.call('get', `${other.path}/power`)).status).toBe(200);
    goOn();
    const statuses = await Promise.all([first, ...reads, ...writes].map(({ answer }) => answer));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1 + 8 + 9);
    expect(bmc.calls.toSorted()).toEqual([
      ...Array(9).fill('identify "on"'),
      'powerState',
      ...Array(8).fill('sensors'),
    ]);
    expect([bmc.open, bmc.mostOpen]).toEqual([0, 2]);
    expect((await rig.eventsOf(path)).map(({ type }) => type)).toEqual(Array(9).fill('bmc.identified'));
    bmc.gate = undefined;
    expect((await rig.call('get', `${path}/power`)).status).toBe(200);
  });

  it('that change something do not wait for a list that takes long', async () => {
    const { path, bmc } = await rig.declare();
    const gate = Promise.withResolvers<void>();
    bmc.gate = gate.promise;
    const list = ask('get', `${path}/sensors`);
    await until('the list', () => bmc.calls.length === 1);
    bmc.gate = undefined;
    expect(await ask('put', `${path}/identify`, { light: 'on' }).answer).toBe(200);
    gate.resolve();
    expect(await list.answer).toBe(200);
  });

  it('are dropped with their client: reads at any time', async () => {
    const { path, bmc, first } = await held();
    const waiting = ask('get', `${path}/chassis`);
    const next = ask('get', `${path}/sensors`);
    await until('both wait', () => inHand.size === 3);
    await settle();
    waiting.breakOff();
    await until('one is gone', () => inHand.size === 2);
    first.breakOff();
    await until('the next call', () => bmc.calls.includes('sensors'));
    expect([await first.answer, await waiting.answer]).toEqual(['broken off', 'broken off']);
    expect(bmc.calls).toEqual(['powerState', 'sensors']);
    next.breakOff();
    await until('no session', () => bmc.open === 0);
  });

  it('that change something are dropped while they wait, and else go to their end', async () => {
    const { path, bmc, first, goOn } = await held();
    const begun = ask('put', `${path}/identify`, { light: 'on' });
    first.breakOff();
    await until('the change', () => bmc.calls.includes('identify "on"'));
    const waiting = ask('put', `${path}/identify`, { light: 'off' });
    const stays = ask('put', `${path}/identify`, { light: 3 });
    await until('both wait', () => inHand.size === 3);
    await settle();
    begun.breakOff();
    waiting.breakOff();
    await until('both are gone', () => inHand.size === 1);
    goOn();
    expect(await stays.answer).toBe(200);
    expect((await rig.eventsOf(path)).map(({ data }) => [data.light, data.outcome])).toEqual([
      ['on', 'done'],
      [3, 'done'],
    ]);
    expect(bmc.calls).toEqual(['powerState', 'identify "on"', 'identify {"seconds":3}']);
  });

  it('are not even begun for a client that left before they were looked at', async () => {
    const { path, bmc } = await rig.declare();
    const late = ask('get', `${path}/power`, undefined, { 'x-late': '1' });
    await until('it has come', () => inHand.size === 1);
    late.breakOff();
    await until('it is gone', () => inHand.size === 0);
    await settle(10);
    expect(bmc.calls).toEqual([]);
  });

  it('do not erase a log for a client that is no longer there to take it', async () => {
    const { path, bmc, first, goOn } = await held();
    const clear = ask('delete', `${path}/event-log`);
    first.breakOff();
    await until('the log is read', () => bmc.calls.includes('eventLog'));
    clear.breakOff();
    await until('it is gone', () => inHand.size === 0);
    goOn();
    await until('no session', () => bmc.open === 0);
    expect([bmc.calls, bmc.log.length]).toEqual([['powerState', 'eventLog'], 3]);
    expect(await rig.eventsOf(path)).toEqual([]);
  });

  it('are refused at once while a run is active, without waiting for their turn', async () => {
    const { path, goOn, first } = await held();
    expect((await rig.call('post', `${path}/runs`, { kind: 'power', verb: 'on' })).status).toBe(202);
    expect(await ask('put', `${path}/boot-override`, { device: 'pxe' }).answer).toBe(409);
    goOn();
    expect(await first.answer).toBe(200);
  });

  it('heed a run that begins while they wait', async () => {
    const { path, bmc, goOn } = await held('write');
    const override = ask('put', `${path}/boot-override`, { device: 'pxe' });
    const light = ask('put', `${path}/identify`, { light: 'on' });
    await until('both wait', () => inHand.size === 3);
    await settle();
    expect((await rig.call('post', `${path}/runs`, { kind: 'power', verb: 'on' })).status).toBe(202);
    goOn();
    expect([await override.answer, await light.answer]).toEqual([409, 200]);
    expect(bmc.calls).toEqual(['identify "off"', 'identify "on"']);
  });
});

describe('when the service closes', () => {
  it('a change in hand is made and told, and what waits is refused', async () => {
    url = await rig.service.listen();
    const { path, bmc, first, goOn } = await held();
    const begun = ask('put', `${path}/identify`, { light: 'on' });
    first.breakOff();
    await until('the change', () => bmc.calls.includes('identify "on"'));
    const waiting = ask('put', `${path}/identify`, { light: 'off' });
    // Answered after the one before has come in.
    for (let turn = 0; turn < 3; turn++) expect(await ask('get', path).answer).toBe(200);
    // Nothing but the change itself holds the service now.
    begun.breakOff();
    let closed = false;
    const closing = rig.service.close().then(() => {
      closed = true;
    });
    expect(await waiting.answer).toBe(503);
    await settle(20);
    expect(closed).toBe(false);
    goOn();
    await closing;
    expect((await rig.eventsOf(path)).map(({ data }) => [data.light, data.outcome])).toEqual([['on', 'done']]);
  });
});
