import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewEvent } from '../../../src/domain/event.ts';
import { type ApiService, startApiService, testMachine } from '../../support/api-service.ts';
import { readFeed, type SseMessage } from '../../support/sse-client.ts';

const FACT: NewEvent = { type: 'file.served', source: 'http', data: { name: 'initrd' } };

let service: ApiService;
let url: string;
beforeAll(async () => {
  service = await startApiService({ heartbeatMs: 100, mostFeeds: 8 });
  url = await service.listen();
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

function headers(role: 'viewer' | 'admin' = 'viewer', more: Record<string, string> = {}): Record<string, string> {
  return { authorization: `Bearer ${service.tokens[role]}`, ...more };
}

async function declare(name: string, number: number): Promise<string> {
  const body = JSON.stringify(testMachine(name, number));
  const response = await fetch(`${url}/api/v1/machines`, {
    method: 'POST',
    headers: headers('admin', { 'content-type': 'application/json' }),
    body,
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

async function send(path: string, body?: object): Promise<{ id: string }> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: headers('admin', { 'content-type': 'application/json' }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as { id: string };
}

/** Reads until `enough` says so, then hangs up. */
async function read(
  path: string,
  enough: (seen: SseMessage[]) => boolean,
  more: Record<string, string> = {},
): Promise<SseMessage[]> {
  const stop = new AbortController();
  const seen: SseMessage[] = [];
  for await (const message of readFeed(`${url}/api/v1${path}`, headers('viewer', more), stop.signal)) {
    seen.push(message);
    if (enough(seen)) break;
  }
  stop.abort();
  return seen;
}

const numbered = (messages: SseMessage[]): number[] =>
  messages.filter(({ id }) => /^\d+$/.test(id)).map(({ id }) => Number(id));
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('the feed of a machine', () => {
  it('begins with what comes, and has each event once as its own type', async () => {
    const id = await declare('m-live', 1);
    const reading = read('/machines/m-live/feed', (seen) => numbered(seen).length === 3);
    await service.store.timeline.append(id, [FACT]);
    const started = await service.store.timeline.read(id, {});
    // The first append may come before or after the feed is open; the later ones certainly come into it.
    expect(started).toHaveLength(2);
    const later = setInterval(() => void service.store.timeline.append(id, [FACT]), 20);
    const seen = await reading;
    clearInterval(later);
    const numbers = numbered(seen);
    expect(numbers).toEqual(range(numbers[0] ?? 0, (numbers[0] ?? 0) + 2));
    expect(seen[0]?.event).toMatch(/^(machine|file\.served)$/);
    const event = seen.find((message) => message.event === 'file.served');
    expect(JSON.parse(event?.data ?? '')).toMatchObject({
      machineId: id,
      type: 'file.served',
      title: 'file served',
      source: 'http',
    });
  });

  it('resumes from any number without gap or double, however often it is cut, while events come', async () => {
    const id = await declare('m-resume', 2);
    let writing = true;
    const writer = (async () => {
      for (let written = 0; written < 600; written += 3) {
        await service.store.timeline.append(id, [FACT, FACT, FACT]);
        if (written % 30 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      writing = false;
    })();
    const all: number[] = [];
    let lastId = '0';
    for (let cut = 1; all.at(-1) !== 601; cut++) {
      const seen = await read(
        `/machines/m-resume/feed?after=0`,
        (messages) => numbered(messages).length >= 1 + ((cut * 37) % 90) || numbered(messages).at(-1) === 601,
        { 'last-event-id': lastId },
      );
      all.push(...numbered(seen));
      lastId = String(all.at(-1));
    }
    await writer;
    expect(writing).toBe(false);
    expect(all).toEqual(range(1, 601));
  });

  it('ends when the machine is removed', async () => {
    const id = await declare('m-gone', 3);
    let removal: Promise<void> | undefined;
    const seen = await read('/machines/m-gone/feed?after=0', () => {
      removal ??= service.store.machines.remove(id, 'test');
      return false;
    });
    await removal;
    expect(numbered(seen)).toEqual([1, 2]);
    expect(seen.at(-1)).toMatchObject({ id: 'end', event: 'end', data: '{"reason":"machine-removed","state":null}' });
  });

  it.each(['x', '-1', '1e3', '99999999999999999999'])('refuses the number %s', async (text) => {
    const response = await fetch(`${url}/api/v1/machines/m-live/feed`, {
      headers: headers('viewer', { 'last-event-id': text }),
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'invalid-request']);
  });
});

describe('the feed of a run', () => {
  it('has all from its first event, states in between, and ends with the run', async () => {
    const id = await declare('r-live', 10);
    const run = await send('/machines/r-live/runs', { kind: 'power', verb: 'on' });
    const reading = read(`/runs/${run.id}/feed`, () => false);
    // Events that belong to no run are not in it.
    await service.store.timeline.append(id, [FACT]);
    await send(`/runs/${run.id}/cancel`);
    const seen = await reading;
    expect(seen.filter((message) => /^\d+$/.test(message.id)).map(({ id: seq, event }) => `${seq} ${event}`)).toEqual([
      '2 run.queued',
      '4 run.cancel-requested',
      '5 run.cancelled',
    ]);
    const states = seen.filter(({ event }) => event === 'run').map(({ data }) => JSON.parse(data).state);
    expect(states.at(-1)).toBe('cancelled');
    expect(seen.at(-1)).toMatchObject({ id: 'end', event: 'end', data: '{"reason":"run-ended","state":"cancelled"}' });
  });

  it('tells a browser that has seen the end to stop, and one that has not the rest', async () => {
    const { items } = (await (await fetch(`${url}/api/v1/runs?machine=r-live`, { headers: headers() })).json()) as {
      items: { id: string }[];
    };
    const path = `/runs/${items[0]?.id}/feed`;
    const over = await fetch(`${url}/api/v1${path}`, { headers: headers('viewer', { 'last-event-id': 'end' }) });
    expect(over.status).toBe(204);
    const rest = await read(path, () => false, { 'last-event-id': '4' });
    expect(rest.map(({ id }) => id)).toEqual(['5', '', 'end']);
    const none = await read(`${path}?after=5`, () => false);
    expect(none.map(({ event }) => event)).toEqual(['run', 'end']);
  });

  it('goes on over a long history page by page', async () => {
    const id = await declare('r-long', 11);
    const run = await send('/machines/r-long/runs', { kind: 'power', verb: 'on' });
    for (let count = 0; count < 10; count++) {
      await service.store.timeline.append(
        id,
        Array.from({ length: 77 }, () => ({ ...FACT, runId: run.id })),
      );
    }
    await send(`/runs/${run.id}/cancel`);
    expect(numbered(await read(`/runs/${run.id}/feed`, () => false))).toEqual(range(2, 774));
  });
});

describe('the fleet feed', () => {
  it('begins with every machine and goes on with each that changes, comes or goes', async () => {
    await declare('f-one', 20);
    const seen: SseMessage[] = [];
    const stop = new AbortController();
    const until = async (what: string): Promise<SseMessage> => {
      const end = performance.now() + 10_000;
      for (;;) {
        const found = seen.find(({ event, data }) => `${event} ${data}`.includes(what));
        if (found) return found;
        if (performance.now() > end) throw new Error(`no ${what} in ${JSON.stringify(seen.slice(-5))}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const reading = (async () => {
      for await (const message of readFeed(`${url}/api/v1/fleet/feed`, headers(), stop.signal)) seen.push(message);
    })().catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    await until('ready ');
    const names = seen
      .filter(({ event }) => event === 'machines')
      .flatMap(({ data }) => JSON.parse(data).items.map((m: { name: string }) => m.name));
    expect(names).toContain('f-one');
    expect(names).toEqual([...names].sort());

    const id = await declare('f-two', 21);
    await until('"name":"f-two"');
    const run = await send('/machines/f-two/runs', { kind: 'power', verb: 'on' });
    const change = JSON.parse((await until(run.id)).data);
    expect(change).toMatchObject({
      name: 'f-two',
      run: { id: run.id, kind: 'power', state: 'queued', stepCount: 1 },
      lastRun: null,
    });
    await service.store.timeline.append(id, [{ ...FACT, stage: '0' }]);
    await until('"stage":"0"');
    await send(`/runs/${run.id}/cancel`);
    await until('"lastRun":{"id"');
    await service.store.machines.remove(id, 'test');
    expect(JSON.parse((await until('removed ')).data)).toEqual({ id, name: 'f-two' });
    stop.abort();
    await reading;
  });
});

describe('clients', () => {
  it('are kept by heartbeats', async () => {
    const controller = new AbortController();
    const response = await fetch(`${url}/api/v1/machines/m-live/feed`, {
      headers: headers(),
      signal: controller.signal,
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk);
      if (text.includes(': keep-alive\n\n: keep-alive')) break;
    }
    controller.abort();
    expect(text).toMatch(/^retry: 2000\n\n/);
  });

  it('are cut when their token is removed', async () => {
    const made = (await send('/tokens', { name: 'leaver', role: 'viewer' })) as { id: string; token?: string };
    const response = await fetch(`${url}/api/v1/machines/m-live/feed`, {
      headers: { authorization: `Bearer ${made.token}` },
    });
    const removed = await fetch(`${url}/api/v1/tokens/${made.id}`, { method: 'DELETE', headers: headers('admin') });
    expect(removed.status).toBe(204);
    await response.text();
  });

  it('are cut when they take nothing, while the others go on', async () => {
    const own = await startApiService({ heartbeatMs: 60_000, stallMs: 300 });
    const address = new URL(await own.listen());
    const machine = await own.store.machines.declare(
      { ...(testMachine('slow') as never as Parameters<typeof own.store.machines.declare>[0]) },
      'api',
      'test',
    );
    const big: NewEvent = { ...FACT, data: { name: 'x'.repeat(60_000) } };
    for (let count = 0; count < 12; count++)
      await own.store.timeline.append(
        machine.id,
        Array.from({ length: 20 }, () => big),
      );
    const socket = connect(Number(address.port), address.hostname);
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.pause();
    const before = process.memoryUsage().rss;
    const cut = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.write(
      `GET /api/v1/machines/slow/feed?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${own.tokens.viewer}\r\n\r\n`,
    );
    const lively: number[] = [];
    const stop = new AbortController();
    const feed = readFeed(
      `http://${address.host}/api/v1/machines/slow/feed?after=0`,
      { authorization: `Bearer ${own.tokens.viewer}` },
      stop.signal,
    );
    for await (const message of feed) {
      if (/^\d+$/.test(message.id)) lively.push(Number(message.id));
      if (lively.length === 241) break;
    }
    stop.abort();
    expect(lively).toEqual(range(1, 241));
    // The kernel held what it could; once read, there is an end before the last event.
    await new Promise((resolve) => setTimeout(resolve, 600));
    let bytes = 0;
    socket.on('data', (data) => {
      bytes += data.length;
    });
    socket.resume();
    await cut;
    expect(bytes).toBeLessThan(241 * 60_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    await own[Symbol.asyncDispose]();
  });

  it('are refused when there are too many, and told when to come back', async () => {
    const controllers = Array.from({ length: 8 }, () => new AbortController());
    await Promise.all(
      controllers.map(({ signal }) => fetch(`${url}/api/v1/machines/m-live/feed`, { headers: headers(), signal })),
    );
    const refused = await fetch(`${url}/api/v1/machines/m-live/feed`, { headers: headers() });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
    expect(((await refused.json()) as { code: string }).code).toBe('too-many-feeds');
    for (const controller of controllers) controller.abort();
    const end = performance.now() + 5000;
    for (let open = false; !open; ) {
      const controller = new AbortController();
      const again = await fetch(`${url}/api/v1/machines/m-live/feed`, {
        headers: headers(),
        signal: controller.signal,
      });
      open = again.status === 200;
      controller.abort();
      if (performance.now() > end) throw new Error('feeds of clients that left are not given back');
    }
  });

  it('see their feeds end when the service closes', async () => {
    const own = await startApiService();
    const address = await own.listen();
    const bearer = { authorization: `Bearer ${own.tokens.viewer}` };
    const feeds = await Promise.all([
      fetch(`${address}/api/v1/fleet/feed`, { headers: bearer }),
      fetch(`${address}/api/v1/fleet/feed`, { headers: bearer }),
    ]);
    const reading = Promise.all(feeds.map((feed) => feed.text()));
    await own.close();
    for (const text of await reading) expect(text).toContain('event: ready');
    await own.store.close();
  });
});
