import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashOfToken, newTokenText } from '../../../src/api/token-text.ts';
import type { Machine } from '../../../src/domain/machine.ts';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { type ApiService, startApiService } from '../../support/api-service.ts';
import { type ConsoleRefusal, openConsoleClient } from '../../support/console-client.ts';
import { type ConsoleBmcs, createConsoleBmcs } from '../../support/console-rig.ts';
import { SPEC } from '../../support/step-view.ts';

let service: ApiService;
let bmcs: ConsoleBmcs;
let url: string;
let machine: Machine;
let number = 0;

beforeAll(async () => {
  bmcs = createConsoleBmcs();
  service = await startApiService({
    bmcs: { ...fixed(bmcs) },
    heartbeatMs: 100,
    console: { mostViewers: 3, lingerMs: 50 },
  });
  url = await service.listen();
});
afterAll(() => service[Symbol.asyncDispose]());
beforeEach(async () => {
  number++;
  const mac = `52:54:00:78:00:${number.toString(16).padStart(2, '0')}`;
  machine = await service.store.machines.declare({ ...SPEC, name: `c${number}`, macs: [mac] }, 'api', 'test');
});

/** The same controllers, whatever a test sets on them later. */
function fixed(rig: ConsoleBmcs) {
  return {
    open: (...args: Parameters<ConsoleBmcs['open']>) => rig.open(...args),
    resetAuthentication: () => Promise.resolve(),
  };
}

const bearer = (role: TokenRole) => ({ authorization: `Bearer ${service.tokens[role]}` });
const place = (query = '', base = url): string =>
  `${base.replace('http', 'ws')}/api/v1/machines/${machine.spec.name}/console${query}`;
const open = (query = '', role: TokenRole = 'operator') => openConsoleClient(place(query), bearer(role));
const line = () => bmcs.line();

async function refusal(address: string, headers: Record<string, string>): Promise<[status: number, code: string]> {
  try {
    const client = await openConsoleClient(address, headers);
    client.socket.terminate();
  } catch (error) {
    const { status, type, body } = error as ConsoleRefusal;
    expect(type).toBe('application/problem+json');
    return [status, JSON.parse(body).code];
  }
  throw new Error('the console was opened');
}

describe('the WebSocket of a console', () => {
  it('shows the same bytes to all, from where each asked, and says where they are', async () => {
    const one = await open();
    await one.until('connected', () => one.messages.length === 1);
    expect(one.messages).toEqual([{ type: 'state', line: 'connected' }]);
    line().say('\x1b[2JBIOS \xff\r\n');
    await one.until('told', () => one.text().endsWith('\n'));
    const two = await open('?from=4&mode=view');
    line().say('login: ');
    for (const client of [one, two]) await client.until('told', () => client.text().endsWith('login: '));
    expect(one.text().slice(4)).toBe(two.text());
    expect(two.messages).toContainEqual({ type: 'offset', offset: 4 });
    expect([one.offset(), two.offset()]).toEqual([20, 20]);
    line().emit({ kind: 'lost', why: 'overrun' });
    line().emit({ kind: 'disconnected', reason: 'stolen', why: 'somebody', retryMs: null });
    await one.until('stolen', () => one.messages.length === 4);
    expect(one.messages.slice(2)).toEqual([
      { type: 'lost', offset: 20, why: 'overrun' },
      { type: 'state', line: 'disconnected', reason: 'stolen', why: 'somebody', retryMs: null },
    ]);
    one.socket.close();
    two.socket.close();
    expect((await one.closed).code).toBe(1005);
  });

  it('goes on by offset after a lost connection', async () => {
    const first = await open();
    line().say('before');
    await first.until('told', () => first.text() === 'before');
    first.socket.terminate();
    await first.closed;
    line().say(' while away');
    const second = await open(`?from=${first.offset()}`);
    line().say(' after');
    await second.until('told', () => second.text() === ' while away after');
    second.socket.terminate();
  });

  it('types in mode write only, and records who did', async () => {
    const looks = await open();
    const types = await open('?mode=write');
    looks.socket.send(Buffer.from('x'));
    looks.socket.send('{"type":"break"}');
    await looks.until('refused', () => looks.messages.filter(({ type }) => type === 'error').length === 2);
    expect(looks.messages.at(-1)).toMatchObject({ type: 'error', code: 'forbidden' });
    types.socket.send(Buffer.from('root\r'));
    types.socket.send(Buffer.from([0x03, 0xff]));
    types.socket.send('{"type":"break"}');
    types.socket.send('{"type":"reconnect","steal":true}');
    types.socket.send('{"type":"reconnect"}');
    await types.until('done', () => line().steals.length === 3);
    expect([line().written, line().breaks, line().steals]).toEqual([['root\r', '\x03\xff'], 1, [false, true, false]]);
    const events = await service.store.timeline.read(machine.id, { afterSeq: 1 });
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['console.input-taken', { actor: 'the-operator' }],
      ['console.reconnect-ordered', { actor: 'the-operator', steal: true }],
      ['console.reconnect-ordered', { actor: 'the-operator', steal: false }],
    ]);
    for (const bad of ['', '{', '[]', '{"type":"launch"}', '{"type":"break","x":1}', '{"type":"reconnect","steal":1}'])
      types.socket.send(bad);
    const errors = () => types.messages.filter(({ type }) => type === 'error');
    await types.until('refused', () => errors().length === 6);
    expect(new Set(errors().map((message) => message.type === 'error' && message.code))).toEqual(
      new Set(['invalid-request']),
    );
    types.socket.send(Buffer.from('still here'));
    await types.until('typed', () => line().written.length === 3);
    looks.socket.terminate();
    types.socket.terminate();
  });

  it('reads no more than a little ahead while the line takes no input', async () => {
    const client = await open('?mode=write');
    await client.until('connected', () => client.messages.length > 0);
    const { promise, resolve } = Promise.withResolvers<void>();
    line().stuck = promise;
    for (let n = 0; n < 400; n++) client.socket.send(Buffer.alloc(60_000, 65));
    await new Promise((wait) => setTimeout(wait, 500));
    expect(client.socket.bufferedAmount).toBeGreaterThan(1_000_000);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    line().stuck = undefined;
    resolve();
    await client.until('typed', () => line().written.length === 400);
    client.socket.terminate();
  });

  it('closes on frames that are too large or broken', async () => {
    const large = await open('?mode=write');
    large.socket.send(Buffer.alloc(64 * 1024 + 1));
    expect((await large.closed).code).toBe(1009);
    const broken = await open();
    const { socket } = broken.socket as unknown as { socket?: { write(data: Buffer): void } };
    const raw = socket ?? (broken.socket as unknown as { _socket: { write(data: Buffer): void } })._socket;
    raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect((await broken.closed).code).toBe(1002);
  });

  it('ends when the machine is removed', async () => {
    const client = await open();
    await service.store.machines.remove(machine.id, 'test');
    expect(await client.closed).toEqual({ code: 4404, reason: 'the machine was removed' });
  });

  it('ends when the rights do', async () => {
    const text = newTokenText(systemEntropy);
    const { id } = await service.store.tokens.create({ name: 'short', role: 'operator', hash: hashOfToken(text) });
    const client = await openConsoleClient(place(), { authorization: `Bearer ${text}` });
    await new Promise((wait) => setTimeout(wait, 250));
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await service.store.tokens.remove(id);
    expect((await client.closed).code).toBe(1008);
  });
});

describe('another client', () => {
  it('of other make (the one of Node) understands the service', async () => {
    // Its options are no part of the standard, and of no type that we have.
    const Client = WebSocket as unknown as new (at: string, options: object) => WebSocket;
    const client = new Client(place('?mode=write'), { headers: bearer('operator') });
    client.binaryType = 'arraybuffer';
    const frames: string[] = [];
    client.addEventListener('message', ({ data }) => {
      frames.push(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString('latin1'));
    });
    await new Promise((resolve) => client.addEventListener('open', resolve, { once: true }));
    line().say('login: \xff');
    client.send(Buffer.from('root\r'));
    client.send('{"type":"break"}');
    const end = performance.now() + 5000;
    while (line().breaks === 0 || frames.length < 3) {
      if (performance.now() > end) throw new Error(frames.join('\n'));
      await new Promise((wait) => setTimeout(wait, 5));
    }
    expect(frames).toEqual(['{"type":"state","line":"connected"}', '{"type":"offset","offset":0}', 'login: \xc3\xbf']);
    expect(line().written).toEqual(['root\r']);
    const closed = new Promise<CloseEvent>((resolve) => client.addEventListener('close', resolve, { once: true }));
    client.close(1000, 'enough');
    expect((await closed).wasClean).toBe(true);
  });
});

describe('an upgrade is refused with a problem', () => {
  it('without rights', async () => {
    expect(await refusal(place(), {})).toEqual([401, 'unauthorized']);
    expect(await refusal(place(), { authorization: `Bearer ${newTokenText(systemEntropy)}` })).toEqual([
      401,
      'unauthorized',
    ]);
    expect(await refusal(place(), bearer('viewer'))).toEqual([403, 'forbidden']);
    expect(bmcs.lines.filter((each) => each.machine.id === machine.id)).toEqual([]);
  });

  it('with a token in the URL, or another query that is none', async () => {
    for (const query of [`?token=${service.tokens.admin}`, '?mode=root', '?from=-1', '?from=x'])
      expect(await refusal(place(query), bearer('operator'))).toEqual([400, 'invalid-request']);
    expect(await refusal(place(`?token=${service.tokens.admin}`), {})).toEqual([401, 'unauthorized']);
  });

  it('for machines that are not there, have no console, or too many viewers', async () => {
    const nobody = place().replace(machine.spec.name, 'nobody');
    expect(await refusal(nobody, bearer('operator'))).toEqual([404, 'not-found']);
    expect(await refusal(place().replace(machine.spec.name, '%ff'), bearer('operator'))).toEqual([
      400,
      'invalid-request',
    ]);
    bmcs.hasConsole = false;
    expect(await refusal(place(), bearer('operator'))).toEqual([400, 'invalid-request']);
    bmcs.hasConsole = true;
    const three = await Promise.all([open(), open(), open()]);
    expect(await refusal(place(), bearer('operator'))).toEqual([409, 'conflict']);
    for (const { socket } of three) socket.terminate();
  });

  it('with a handshake that is none', async () => {
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `GET /api/v1/machines/${machine.spec.name}/console HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: ${bearer('operator').authorization}\r\n\r\n`,
    );
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('a session cookie', () => {
  async function cookie(role: TokenRole): Promise<string> {
    const response = await request(url).post('/api/v1/session').set('Authorization', bearer(role).authorization);
    return response.get('Set-Cookie')?.[0]?.split(';')[0] ?? '';
  }

  it('opens a console from pages of this service only', async () => {
    const pair = await cookie('operator');
    const client = await openConsoleClient(place(), { cookie: pair, origin: url });
    await client.until('connected', () => client.messages.length > 0);
    client.socket.close();
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', `${url}.evil.example`, 'file://'])
      expect(await refusal(place(), { cookie: pair, origin })).toEqual([403, 'origin-refused']);
    expect(await refusal(place(), { cookie: pair })).toEqual([403, 'origin-refused']);
    expect(await refusal(place(), { cookie: await cookie('viewer'), origin: url })).toEqual([403, 'forbidden']);
  });

  it('counts a proxy that passes Host on, whatever the default port is written as', async () => {
    const pair = await cookie('operator');
    const headers = { cookie: pair, origin: 'https://boot.example', host: 'boot.example:443' };
    const client = await openConsoleClient(place(), headers);
    client.socket.terminate();
    expect(await refusal(place(), { ...headers, host: 'boot.example:8443' })).toEqual([403, 'origin-refused']);
  });
});

describe('requests beside', () => {
  it('that ask for another protocol elsewhere are answered as if they had not', async () => {
    const who = await request(url)
      .get('/api/v1/whoami')
      .set({ ...bearer('viewer'), connection: 'Upgrade', upgrade: 'h2c' });
    expect([who.status, who.body.name]).toEqual([200, 'the-viewer']);
    const elsewhere = `${url.replace('http', 'ws')}/api/v1/machines`;
    await expect(openConsoleClient(elsewhere, bearer('viewer'))).rejects.toMatchObject({ status: 200 });
  });

  it('plain ones are told to upgrade', async () => {
    const response = await request(url).get(`/api/v1/machines/${machine.spec.name}/console`).set(bearer('operator'));
    expect([response.status, response.body.code, response.headers.upgrade]).toEqual([
      426,
      'upgrade-required',
      'websocket',
    ]);
  });
});

describe('too many consoles', () => {
  it('are refused, and others have their place when one leaves', async () => {
    const own = await startApiService({ mostConsoles: 2, bmcs: fixed(createConsoleBmcs()) });
    const address = await own.listen();
    await own.store.machines.declare({ ...SPEC, name: 'o1' }, 'api', 'test');
    const at = `${address.replace('http', 'ws')}/api/v1/machines/o1/console`;
    const headers = { authorization: `Bearer ${own.tokens.operator}` };
    const [one] = await Promise.all([openConsoleClient(at, headers), openConsoleClient(at, headers)]);
    expect(await refusal(at, headers)).toEqual([503, 'too-many-consoles']);
    one.socket.close();
    await one.closed;
    await new Promise((wait) => setTimeout(wait, 50));
    (await openConsoleClient(at, headers)).socket.terminate();
    await own[Symbol.asyncDispose]();
  });
});

describe('a service that closes', () => {
  it('ends consoles on a unix socket with 1001, at once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bootwright-console-'));
    const socket = join(folder, 'api.sock');
    const own = await startApiService({ listen: { socket }, bmcs: fixed(createConsoleBmcs()) });
    await own.listen();
    await own.store.machines.declare({ ...SPEC, name: 'u1' }, 'api', 'test');
    const client = await openConsoleClient(`ws+unix:${socket}:/api/v1/machines/u1/console`, {
      authorization: `Bearer ${own.tokens.operator}`,
    });
    await client.until('connected', () => client.messages.length > 0);
    const started = performance.now();
    await own[Symbol.asyncDispose]();
    expect((await client.closed).code).toBe(1001);
    expect(performance.now() - started).toBeLessThan(1500);
    rmSync(folder, { recursive: true });
  });
});
