import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { type ConsoleSocketOptions, serveConsole } from '../../../src/api/console/serve-console.ts';
import { HttpError } from '../../../src/api/http-error.ts';
import type { ConsoleMessage, ConsoleSeat } from '../../../src/domain/ports/consoles.ts';
import { abortable } from '../../../src/foundation/deadline.ts';
import { NotFoundError, UnreachableError } from '../../../src/foundation/errors.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';

type Behaviour = { answersPings?: boolean; takes?: boolean; answersClose?: boolean };

/** A socket whose other side does what a test says. */
class FakeSocket extends EventEmitter {
  readonly sent: (Buffer | string)[] = [];
  readonly closes: [code: number, reason: string][] = [];
  readonly behaviour: Behaviour;
  isPaused = false;
  pings = 0;
  terminated = false;

  constructor(behaviour: Behaviour) {
    super();
    this.behaviour = behaviour;
  }

  send(data: Buffer | string, done: (error?: Error) => void): void {
    this.sent.push(data);
    if (this.behaviour.takes !== false) queueMicrotask(done);
  }
  ping(): void {
    this.pings++;
    if (this.behaviour.answersPings !== false) queueMicrotask(() => this.emit('pong'));
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
    if (this.behaviour.answersClose !== false) queueMicrotask(() => this.emit('close', code, Buffer.from(reason)));
  }
  terminate(): void {
    this.terminated = true;
    this.emit('close', 1006, Buffer.alloc(0));
  }
}

function createRig(behaviour: Behaviour = {}, options: ConsoleSocketOptions = {}) {
  const clock = createManualClock();
  const socket = new FakeSocket(behaviour);
  const closing = new AbortController();
  const messages: ConsoleMessage[] = [];
  const written: string[] = [];
  let wake = Promise.withResolvers<void>();
  const rig = {
    clock,
    socket,
    closing,
    written,
    check: async (): Promise<unknown> => undefined,
    stuck: undefined as Promise<void> | undefined,
    failure: undefined as Error | undefined,
    say(message: ConsoleMessage) {
      messages.push(message);
      wake.resolve();
    },
    fail(error: Error) {
      rig.failure = error;
      wake.resolve();
    },
    ended: Promise.resolve(),
  };
  const seat: ConsoleSeat = {
    async next(signal) {
      for (;;) {
        if (rig.failure) throw rig.failure;
        const message = messages.shift();
        if (message !== undefined) return message;
        wake = Promise.withResolvers<void>();
        await abortable(wake.promise, signal);
      }
    },
    async write(bytes, signal) {
      if (rig.stuck !== undefined) await abortable(rig.stuck, signal);
      written.push(bytes.toString());
    },
    sendBreak: async () => undefined,
    reconnect: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  rig.ended = serveConsole(
    socket as unknown as WebSocket,
    {
      ...{ clock, seat, mode: 'write', log: silentLog, closing: closing.signal },
      check: () => rig.check(),
      recordReconnect: async () => undefined,
    },
    { heartbeatMs: 1000, stallMs: 3000, idleMs: 60_000, ...options },
  );
  return rig;
}

const output = (offset: number, text: string): ConsoleMessage => ({ kind: 'output', offset, bytes: Buffer.from(text) });

describe('one viewer of a console', () => {
  it('gets bytes as they are, and an offset only where it cannot count', async () => {
    const rig = createRig();
    rig.say({ kind: 'state', state: { line: 'connected' } });
    rig.say(output(5, 'ab'));
    rig.say(output(7, 'c'));
    rig.say({ kind: 'lost', offset: 8, why: 'overrun' });
    rig.say(output(8, 'd'));
    rig.say(output(20, 'e'));
    await settle();
    await settle(20);
    expect(rig.socket.sent.map(String)).toEqual([
      '{"type":"state","line":"connected"}',
      '{"type":"offset","offset":5}',
      'ab',
      'c',
      '{"type":"lost","offset":8,"why":"overrun"}',
      'd',
      '{"type":"offset","offset":20}',
      'e',
    ]);
    rig.socket.emit('close', 1000, Buffer.alloc(0));
    await rig.ended;
    expect([rig.socket.closes, rig.clock.sleepers]).toEqual([[], 0]);
  });

  it('stays while it answers pings, and is cut when it does not', async () => {
    const well = createRig();
    await well.clock.advance(50_000);
    expect([well.socket.pings, well.socket.closes]).toEqual([50, []]);
    const dead = createRig({ answersPings: false, answersClose: false });
    await dead.clock.advance(2000);
    expect([dead.socket.closes[0]?.[0], dead.socket.terminated]).toEqual([1013, false]);
    await dead.clock.advance(2000);
    await dead.ended;
    expect(dead.socket.terminated).toBe(true);
  });

  it('is not cut for its silence while nothing is read from it', async () => {
    const rig = createRig({ answersPings: false });
    const { promise, resolve } = Promise.withResolvers<void>();
    rig.stuck = promise;
    for (let n = 0; n < 20; n++) rig.socket.emit('message', Buffer.from(String(n)), true);
    await settle();
    expect([rig.socket.isPaused, rig.written]).toEqual([true, []]);
    await rig.clock.advance(10_000);
    expect(rig.socket.closes).toEqual([]);
    rig.stuck = undefined;
    resolve();
    await settle(10);
    expect([rig.socket.isPaused, rig.written.join()]).toEqual([false, Array.from({ length: 20 }, (_, n) => n).join()]);
  });

  it('is cut when it takes nothing, and closed when nothing is sent for long', async () => {
    const slow = createRig({ takes: false });
    slow.say(output(0, 'x'));
    slow.say(output(1, 'y'));
    await slow.clock.advance(2999);
    expect([slow.socket.sent.map(String), slow.socket.closes]).toEqual([['{"type":"offset","offset":0}'], []]);
    await slow.clock.advance(1);
    await slow.ended;
    expect(slow.socket.closes[0]?.[0]).toBe(1013);
    const idle = createRig();
    await idle.clock.advance(40_000);
    idle.socket.emit('message', Buffer.from('x'), true);
    await idle.clock.advance(60_000);
    expect(idle.socket.closes).toEqual([]);
    await idle.clock.advance(2000);
    expect(idle.socket.closes).toEqual([[1000, 'idle']]);
  });

  it('is closed with the code that tells why', async () => {
    const reasons: [(rig: ReturnType<typeof createRig>) => void, number][] = [
      [(rig) => rig.closing.abort(), 1001],
      [(rig) => rig.fail(new UnreachableError('the service ends')), 1001],
      [(rig) => rig.fail(new NotFoundError('removed')), 4404],
      [(rig) => rig.fail(new Error('a bug')), 1011],
      [
        (rig) => {
          rig.check = () => Promise.reject(new HttpError('forbidden', 'no more'));
        },
        1008,
      ],
      [
        (rig) => {
          rig.check = () => Promise.reject(new Error('the store is gone'));
        },
        1011,
      ],
    ];
    for (const [happens, code] of reasons) {
      const rig = createRig();
      await settle();
      happens(rig);
      await rig.clock.advance(1500);
      await rig.ended;
      expect(rig.socket.closes.map(([each]) => each)).toEqual([code]);
      expect(rig.clock.sleepers).toBe(0);
    }
  });
});
