import fc from 'fast-check';
import request from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConsolePageBody, consoleMatchesSchema, consolePageSchema } from '../../../src/api/schema/console.ts';
import { viewChunks } from '../../../src/api/views/console-view.ts';
import type { Machine } from '../../../src/domain/machine.ts';
import { type ApiService, startApiService } from '../../support/api-service.ts';
import { openConsoleClient } from '../../support/console-client.ts';
import { createConsoleBmcs } from '../../support/console-rig.ts';
import { SPEC } from '../../support/step-view.ts';

let service: ApiService;
const bmcs = createConsoleBmcs();
const controllers = { open: bmcs.open, resetAuthentication: () => Promise.resolve() };
let machine: Machine;
let number = 0;

beforeAll(async () => {
  service = await startApiService({ bmcs: controllers, stallMs: 300, console: { lingerMs: 20, flushMs: 10 } });
});
afterAll(() => service[Symbol.asyncDispose]());
beforeEach(async () => {
  number++;
  const mac = `52:54:00:79:00:${number.toString(16).padStart(2, '0')}`;
  machine = await service.store.machines.declare({ ...SPEC, name: `t${number}`, macs: [mac] }, 'api', 'test');
});

const get = (path: string) =>
  request(service.api.app).get(`/api/v1${path}`).set('Authorization', `Bearer ${service.tokens.operator}`);
const text = (offset: number, bytes: string | Buffer, at = Date.now()) => ({
  offset,
  at,
  bytes: Buffer.from(bytes as string),
  lost: null,
});
const lost = (offset: number, why: string) => ({ offset, at: Date.now(), bytes: Buffer.alloc(0), lost: why });

describe('stored console text', () => {
  it('comes in pages that cut no character, with marks in place', async () => {
    const whole = Buffer.from('grüße aus der Konsole €\r\n'.repeat(20));
    await service.store.consoleText.append([
      {
        machineId: machine.id,
        chunks: [
          text(0, whole.subarray(0, 3)),
          text(3, whole.subarray(3, 300)),
          lost(300, 'overrun'),
          text(300, whole.subarray(300)),
        ],
      },
    ]);
    let from = 0;
    let read = '';
    const marks: unknown[] = [];
    for (;;) {
      const { status, body } = await get(`/machines/${machine.spec.name}/console/text?from=${from}&limit=16`);
      const page: ConsolePageBody = consolePageSchema.parse(body);
      expect([status, page.end]).toEqual([200, whole.length]);
      for (const item of page.items) {
        if (item.lost === null) read += item.text;
        else marks.push([item.offset, item.lost]);
      }
      if (page.next === from) break;
      from = page.next;
    }
    expect(read.replaceAll('\ufffd', '')).toBe(
      whole.subarray(0, 300).toString().replaceAll('\ufffd', '') +
        whole.subarray(300).toString().replaceAll('\ufffd', ''),
    );
    expect(new Set(marks.map(String))).toEqual(new Set(['300,overrun']));
    expect((await get(`/machines/${machine.spec.name}/console/text?limit=1`)).status).toBe(400);
    expect((await get(`/machines/${machine.spec.name}/console/text?from=9999`)).body).toMatchObject({
      items: [],
      next: 9999,
    });
  });

  it('is one text whatever bytes it is made of', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (bytes, size) => {
        const whole = Buffer.from(bytes);
        const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, n) => ({
          ...text(n * size, whole.subarray(n * size, (n + 1) * size), 0),
          runId: null,
        }));
        const { items, next } = viewChunks(chunks, 0);
        expect(items.map((item) => item.text).join('')).toBe(new TextDecoder().decode(whole.subarray(0, next)));
        expect(whole.length - next).toBeLessThanOrEqual(3);
        if (whole.length > 0) expect(next).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it('is searched, and read of one run as plain text', async () => {
    const { consoleText, runs } = service.store;
    await consoleText.append([{ machineId: machine.id, chunks: [text(0, 'before the run: panic\r\n')] }]);
    const run = await runs.create({
      machineId: machine.id,
      request: { kind: 'power', verb: 'on' },
      plan: [{ step: 'power', params: {}, deadlineMs: 60_000 }],
      actor: 'test',
    });
    const chunks = [text(23, 'Kernel \x1b[31mpa'), text(37, 'NIC\x1b[0m\r\n'), lost(46, 'over\nrun'), text(46, '\xff')];
    await consoleText.append([{ machineId: machine.id, chunks: chunks }]);
    await runs.requestCancel(run.id, 'test');
    const found = await get(`/machines/${machine.id}/console/search?text=Panic`);
    expect(consoleMatchesSchema.parse(found.body).items).toMatchObject([
      { offset: 0, runId: null, line: 'before the run: panic' },
      { offset: 23, runId: run.id, line: 'Kernel paNIC' },
    ]);
    const ofRun = await get(`/machines/${machine.id}/console/search?text=panic&run=${run.id}&limit=5`);
    expect(ofRun.body.items).toHaveLength(1);
    for (const bad of ['', '?text=', `?text=${'x'.repeat(201)}`, '?text=a&limit=0'])
      expect((await get(`/machines/${machine.id}/console/search${bad}`)).status).toBe(400);
    const plain = await get(`/runs/${run.id}/console`);
    expect([plain.status, plain.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(plain.text).toBe('Kernel \x1b[31mpaNIC\x1b[0m\r\n\r\n[output is missing here: over run]\r\n\xff');
    const next = plain.headers['x-console-next'];
    const rest = await get(`/runs/${run.id}/console?from=${next}`);
    expect([rest.text, rest.headers['x-console-next']]).toEqual(['', next]);
    expect((await get(`/machines/${machine.id}/console/text?run=${run.id}`)).body.items).toHaveLength(4);
    // A mistyped run is not one that said nothing; nor is another machine's.
    const other = await service.store.machines.declare(
      { ...SPEC, name: 'other', macs: ['52:54:00:79:01:00'] },
      'api',
      'test',
    );
    for (const path of [`${machine.id}/console/text?run=none`, `${other.id}/console/text?run=${run.id}`])
      expect((await get(`/machines/${path}`)).status).toBe(404);
    expect((await get(`/machines/${machine.id}/console/search?text=a&run=none`)).status).toBe(404);
  });

  it('stays readable by its id when the machine is removed', async () => {
    await service.store.consoleText.append([{ machineId: machine.id, chunks: [text(0, 'last words\r\n')] }]);
    await service.store.machines.remove(machine.id, 'test');
    expect((await get(`/machines/${machine.spec.name}/console/text`)).status).toBe(404);
    expect((await get(`/machines/${machine.id}/console/text`)).body.items[0].text).toBe('last words\r\n');
    expect((await get(`/machines/${machine.id}/console/search?text=WORDS`)).body.items).toHaveLength(1);
  });
});

describe('an order to reconnect', () => {
  it('opens the line, is recorded, and takes the console only when told to', async () => {
    const post = (body: object) =>
      request(service.api.app)
        .post(`/api/v1/machines/${machine.spec.name}/console/reconnect`)
        .set('Authorization', `Bearer ${service.tokens.operator}`)
        .send(body);
    expect((await post({})).status).toBe(204);
    expect((await post({ steal: true })).status).toBe(204);
    expect((await post({ steal: 'yes' })).status).toBe(400);
    expect(bmcs.line().steals).toEqual([false, false, true]);
    const events = await service.store.timeline.read(machine.id, { afterSeq: 1 });
    expect(events.map(({ source, data }) => [source, data])).toEqual([
      ['api', { actor: 'the-operator', steal: false }],
      ['api', { actor: 'the-operator', steal: true }],
    ]);
  });
});

describe('viewers over the network', () => {
  it('that take nothing are cut after a while, and hold up nobody', async () => {
    const url = await service.listen();
    const place = `${url.replace('http', 'ws')}/api/v1/machines/${machine.spec.name}/console`;
    const headers = { authorization: `Bearer ${service.tokens.operator}` };
    const slow = await openConsoleClient(place, headers);
    const quick = await openConsoleClient(place, headers);
    await quick.until('connected', () => quick.messages.length > 0);
    slow.socket.pause();
    let sent = 0;
    for (let n = 0; n < 250; n++) {
      bmcs.line().say('x'.repeat(64 * 1024));
      sent += 64 * 1024;
      await quick.until('told', () => quick.offset() === sent);
    }
    expect(quick.text()).toHaveLength(sent);
    const cut = slow.closed;
    await new Promise((wait) => setTimeout(wait, 500));
    slow.socket.resume();
    expect([1013, 1006]).toContain((await cut).code);
    expect(slow.text().length).toBeLessThan(sent);
    const back = await openConsoleClient(`${place}?from=${slow.offset()}`, headers);
    await back.until('told', () => back.offset() === sent);
    expect(back.messages.some(({ type }) => type === 'lost')).toBe(true);
    for (const { socket } of [quick, back]) socket.terminate();
  });

  it('go on by offset over a restart of the service', async () => {
    const own = await startApiService({ bmcs: controllers });
    const address = new URL(await own.listen());
    const { id } = await own.store.machines.declare({ ...SPEC, name: 'again' }, 'api', 'test');
    const place = `ws://${address.host}/api/v1/machines/again/console`;
    const headers = { authorization: `Bearer ${own.tokens.operator}` };
    const first = await openConsoleClient(place, headers);
    bmcs.line().say('before ');
    await first.until('told', () => first.text() === 'before ');
    bmcs.line().say('unseen ');
    await own.close();
    expect((await first.closed).code).toBe(1001);
    const seen = first.offset();
    expect(await own.store.consoleText.end(id)).toBe(14);
    const second = await own.again({ address: '127.0.0.1', port: Number(address.port) });
    const client = await openConsoleClient(`${place}?from=${Math.min(seen, 7)}`, headers);
    bmcs.line().say('after');
    await client.until('told', () => client.text() === 'unseen after');
    expect(client.messages).toContainEqual({
      type: 'lost',
      offset: 14,
      why: 'nobody watched the console before this point',
    });
    client.socket.terminate();
    await second.close();
    await own.store.close();
  });
});
