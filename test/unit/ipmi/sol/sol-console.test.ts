import { describe, expect, test } from 'vitest';
import {
  AuthenticationError,
  ConflictError,
  DecodeError,
  UnreachableError,
} from '../../../../src/foundation/errors.ts';
import { CompletionCodeError } from '../../../../src/protocols/ipmi/completion-code.ts';
import { RakpStatusError } from '../../../../src/protocols/ipmi/rakp/status.ts';
import { createSolRig, never, type SolRig } from './sol-rig.ts';

/** What a wait that must not be over says. */
async function settled(promise: Promise<unknown>): Promise<string> {
  return Promise.race([
    promise.then(
      () => 'done',
      (error: unknown) => (error instanceof Error ? error.constructor.name : 'rejected'),
    ),
    new Promise<string>((resolve) => setImmediate(() => resolve('waiting'))),
  ]);
}

/** Another console that takes over by the commands alone. */
async function thief(rig: SolRig, deactivate = true): Promise<void> {
  const transport = await rig.open(never);
  if (deactivate) rig.server.deactivate(1);
  rig.server.activate(transport.managedSystemSessionId, { payloadType: 1, instance: 1, auxiliary: 0xc0 });
}

const disconnects = (events: readonly { readonly kind: string }[]) =>
  events.filter(({ kind }) => kind === 'disconnected');

describe('SOL console', () => {
  test('connects, carries both ways, gives up what it has', async () => {
    await using rig = createSolRig();
    const console = rig.console();
    await rig.clock.advance(100);
    rig.line.output('login: ');
    await rig.clock.advance(100);
    const written = console.write(Buffer.from('root\r'), never);
    await rig.clock.advance(100);
    await written;
    expect(console.transcript()).toBe('login: ');
    expect(console.story()).toEqual(['connected']);
    expect(rig.line.received().toString()).toBe('root\r');
    await console[Symbol.asyncDispose]();
    expect(rig.server.owner()).toBe(0);
    expect(rig.commands.filter((name) => name.includes('ctivate'))).toEqual([
      '1 Activate Payload',
      '1 Deactivate Payload',
    ]);
    expect(rig.clock.sleepers).toBe(0);
    expect(console.story()).toEqual(['connected']);
  });

  test('each packet is acknowledged at once, in a packet without characters', async () => {
    await using rig = createSolRig();
    await using _console = rig.console();
    await rig.clock.advance(100);
    rig.line.output('abc');
    await rig.clock.advance(50);
    const acks = rig.carried.filter(({ direction }) => direction === 'to-bmc');
    expect(acks.map(({ payload }) => payload.toString('hex'))).toEqual(['00010300']);
  });

  test('a write resolves when the controller has taken all of it, not before', async () => {
    await using rig = createSolRig({ inboundPayloadSize: 8 });
    await using console = rig.console();
    await rig.clock.advance(100);
    let dropped = 0;
    rig.fate(({ direction }) => (direction === 'to-bmc' && dropped++ < 2 ? [] : [0]));
    const written = console.write(Buffer.from('0123456789'), never);
    await rig.clock.advance(500);
    expect(await settled(written)).toBe('waiting');
    await rig.clock.advance(1_000);
    await written;
    expect(rig.line.received().toString()).toBe('0123456789');
  });

  test('typing does not put off the repetition of a lost packet', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(100);
    let dropped = 0;
    rig.fate(({ direction }) => (direction === 'to-bmc' && dropped++ === 0 ? [] : [0]));
    const writes: Promise<void>[] = [];
    for (const key of 'abcdefgh') {
      writes.push(console.write(Buffer.from(key), never));
      await rig.clock.advance(100);
    }
    await Promise.all(writes);
    expect(rig.line.received().toString()).toBe('abcdefgh');
  });

  test('a break reaches the line', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(100);
    await Promise.all([console.sendBreak(never), rig.clock.advance(100)]);
    expect(rig.line.breaks).toBe(1);
    rig.line.outputBreak();
    await rig.clock.advance(100);
    expect(console.story()).toEqual(['connected', 'break']);
  });

  test('too much input that nobody takes is refused, the rest is kept', async () => {
    await using rig = createSolRig({ accept: () => ({ accepted: 0, nack: true }) });
    const console = rig.console();
    await rig.clock.advance(100);
    const kept = console.write(Buffer.alloc(64 * 1024), never);
    await expect(console.write(Buffer.of(1), never)).rejects.toBeInstanceOf(ConflictError);
    expect(await settled(kept)).toBe('waiting');
    const end = Promise.all([
      expect(kept).rejects.toMatchObject({ details: { taken: 0 } }),
      console[Symbol.asyncDispose](),
    ]);
    await rig.clock.advance(1_000);
    await end;
  });

  test('a write that was taken in part says how much', async () => {
    let room = 5;
    await using rig = createSolRig({
      accept(characters) {
        const accepted = Math.min(room, characters.length);
        room -= accepted;
        return { accepted, nack: accepted < characters.length };
      },
    });
    await using console = rig.console();
    await rig.clock.advance(100);
    const written = console.write(Buffer.from('12345678'), never);
    const told = expect(written).rejects.toMatchObject({ code: 'unreachable', details: { taken: 5 } });
    await rig.clock.advance(3_000);
    rig.restart();
    await rig.clock.advance(10);
    await told;
    await expect(console.write(Buffer.from('x'), never)).rejects.toMatchObject({ details: { taken: 0 } });
  });

  test('a NACK holds input until the controller takes it back', async () => {
    let open = false;
    await using rig = createSolRig({
      accept: (characters) => (open ? { accepted: characters.length, nack: false } : { accepted: 0, nack: true }),
    });
    await using console = rig.console();
    await rig.clock.advance(100);
    const written = console.write(Buffer.from('held'), never);
    await rig.clock.advance(10);
    expect(rig.server.received).toBe(1);
    open = true;
    rig.server.resume();
    await rig.clock.advance(10);
    await written;
    expect(rig.line.received().toString()).toBe('held');
  });

  test('ending the wait of a write does not end the console', async () => {
    await using rig = createSolRig({ accept: () => ({ accepted: 0, nack: true }) });
    await using console = rig.console();
    await rig.clock.advance(100);
    const stop = new AbortController();
    const written = console.write(Buffer.from('x'), stop.signal);
    stop.abort(new Error('enough'));
    await expect(written).rejects.toThrow('enough');
    expect(console.story()).toEqual(['connected']);
  });
});

describe('SOL console that is lost', () => {
  test('controller restarts: told at once, set up again within the first wait', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(40_000);
    rig.restart();
    await rig.clock.advance(10);
    expect(console.story()).toEqual(['connected', 'lost']);
    await rig.clock.advance(1_000);
    expect(console.story()).toEqual(['connected', 'lost', 'connected']);
    rig.line.output('again');
    await rig.clock.advance(100);
    expect(console.transcript()).toBe('again');
  });

  test('waits double to two minutes, half of each at random, and never end', async () => {
    await using rig = createSolRig();
    rig.refuse(new UnreachableError('no answer'));
    await using console = rig.console();
    await rig.clock.advance(1_000_000);
    const waits = disconnects(console.events).map((event) => (event as { retryMs?: number }).retryMs ?? 0);
    for (const [index, wait] of waits.slice(0, 9).entries()) {
      const most = Math.min(120_000, 1_000 * 2 ** index);
      expect(wait).toBeGreaterThan(most / 2 - 1);
      expect(wait).toBeLessThanOrEqual(most);
    }
    expect(waits.length).toBeGreaterThan(10);
    expect(new Set(waits.map(Math.round)).size).toBeGreaterThan(8);
  });

  test('wrong credentials: refused, and not tried again until asked', async () => {
    await using rig = createSolRig();
    rig.refuse(new AuthenticationError('wrong password'));
    await using console = rig.console();
    await rig.clock.advance(1_000_000);
    expect(console.events).toEqual([{ kind: 'disconnected', reason: 'refused', why: 'wrong password', retryMs: null }]);
    rig.refuse(undefined);
    console.reconnect({});
    await rig.clock.advance(10);
    expect(console.story()).toEqual(['refused', 'connected']);
  });

  test.each([
    ['no free session on the controller', new RakpStatusError('no session', 0x01), 'lost'],
    ['rubbish in the handshake', new DecodeError('short'), 'lost'],
    ['no cipher suite in common', new RakpStatusError('no suite', 0x11), 'refused'],
    ['too low a privilege', new CompletionCodeError('raise', 0xd4), 'refused'],
  ])('%s', async (_what, error, reason) => {
    await using rig = createSolRig();
    rig.refuse(error);
    await using console = rig.console();
    await rig.clock.advance(10);
    expect(console.events).toMatchObject([{ reason, retryMs: reason === 'lost' ? expect.any(Number) : null }]);
  });

  test('a session that no longer answers is found out by the keep-alive', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(30_000);
    rig.commandFate(() => 'silent');
    await rig.clock.advance(47_000);
    expect(console.story().slice(0, 2)).toEqual(['connected', 'lost']);
  });

  test('a question that is not answered is asked again, and a console that talks meanwhile is alive', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(1_000);
    let silent = 4;
    rig.commandFate(() => (silent-- > 0 ? 'silent' : undefined));
    await rig.clock.advance(60_000);
    expect(console.story()).toEqual(['connected']);
    rig.commandFate(() => 'silent');
    for (let second = 0; second < 300; second++) {
      rig.line.output('.');
      await rig.clock.advance(1_000);
    }
    expect(console.story()).toEqual(['connected']);
    rig.commandFate(() => undefined);
  });

  test('our own lost session has it: taken back, since nobody misses it', async () => {
    await using rig = createSolRig();
    const first = rig.console();
    await rig.clock.advance(30_000);
    // The path is cut: neither the deactivation nor the close arrives, and the controller keeps the console.
    const owner = rig.server.owner();
    rig.commandFate((_name, session) => (session === owner ? 'silent' : undefined));
    rig.server.sessionEnded = () => undefined;
    await rig.clock.advance(80_000);
    expect(first.story()).toEqual(['connected', 'lost', 'connected']);
    const end = first[Symbol.asyncDispose]();
    await rig.clock.advance(2_000);
    await end;
  });

  test('what is left of our own activation in the same session is begun anew', async () => {
    await using rig = createSolRig();
    rig.server.activate(1, { payloadType: 1, instance: 1, auxiliary: 0xc0 });
    await using console = rig.console();
    await rig.clock.advance(100);
    expect(console.story()).toEqual(['connected']);
    expect(rig.commands.slice(0, 4).map((name) => name.slice(2))).toEqual([
      'Activate Payload',
      'Get Payload Instance Info',
      'Deactivate Payload',
      'Activate Payload',
    ]);
  });

  test('a controller that takes no input although it answers commands is set up anew', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(100);
    rig.fate(({ direction }) => (direction === 'to-bmc' ? [] : [0]));
    const written = expect(console.write(Buffer.from('x'), never)).rejects.toMatchObject({ details: { taken: 0 } });
    await rig.clock.advance(30_000);
    await written;
    expect(console.story().slice(0, 2)).toEqual(['connected', 'lost']);
    expect(console.events.find(({ kind }) => kind === 'disconnected')).toMatchObject({ why: /takes no input/ });
  });

  test('reconnect while connected sets the line up anew', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(100);
    console.reconnect({});
    await rig.clock.advance(10);
    expect(console.story()).toEqual(['connected', 'lost', 'connected']);
  });

  test('reconnect while it connects is done with that attempt, and not kept for the next loss', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    console.reconnect({ steal: true });
    await rig.clock.advance(40_000);
    expect(console.story()).toEqual(['connected']);
    await thief(rig);
    await rig.clock.advance(100_000);
    expect(console.story()).toEqual(['connected', 'stolen']);
  });

  test('disposing while it waits or connects leaves nothing behind', async () => {
    await using rig = createSolRig();
    rig.refuse(new UnreachableError('no answer'));
    const waiting = rig.console();
    await rig.clock.advance(10);
    await waiting[Symbol.asyncDispose]();
    const connecting = rig.console();
    await connecting[Symbol.asyncDispose]();
    expect(rig.clock.sleepers).toBe(0);
  });
});

describe('SOL console and others', () => {
  test('occupied: reported, left alone, taken when asked', async () => {
    await using rig = createSolRig();
    await thief(rig, false);
    await using console = rig.console();
    await rig.clock.advance(1_000_000);
    expect(console.events).toMatchObject([{ reason: 'occupied', retryMs: null, why: /session 00000001h has it/ }]);
    console.reconnect({ steal: true });
    await rig.clock.advance(10);
    expect(console.story()).toEqual(['occupied', 'connected']);
    expect(rig.commands.filter((name) => name.endsWith('Deactivate Payload'))).toHaveLength(1);
  });

  test('steal as an option takes it once; a board that hands it to somebody else for ever is not fought', async () => {
    await using rig = createSolRig();
    await thief(rig, false);
    rig.commandFate((name) => (name === 'Activate Payload' ? { refusal: 0x80 } : undefined));
    await using console = rig.console({ steal: true });
    await rig.clock.advance(100_000);
    expect(console.story()).toEqual(['occupied']);
    expect(rig.commands.filter((name) => name.endsWith('Deactivate Payload'))).toHaveLength(1);
  });

  test('stolen with a word from the controller: reported within seconds, not taken back, the thief left alone', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(100);
    await thief(rig);
    await rig.clock.advance(100);
    expect(console.events.at(-1)).toMatchObject({ reason: 'stolen', retryMs: null });
    await rig.clock.advance(1_000_000);
    expect(console.story()).toEqual(['connected', 'stolen']);
    expect(rig.server.owner()).toBe(2);
  });

  test('stolen without a word: found out by the keep-alive', async () => {
    await using rig = createSolRig({ announceDeactivation: false });
    await using console = rig.console();
    await rig.clock.advance(30_000);
    await thief(rig);
    await rig.clock.advance(20_000);
    expect(console.story()).toEqual(['connected', 'stolen']);
  });

  test('a thief that gives it up first and comes a second later is one all the same', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(100);
    rig.server.deactivate(1);
    await rig.clock.advance(1_500);
    await thief(rig, false);
    await rig.clock.advance(5_000);
    expect(console.story()).toEqual(['connected', 'stolen']);
  });

  test('deactivated by nobody who wants it: set up again, after ten seconds', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(100);
    rig.server.deactivate(1);
    await rig.clock.advance(9_000);
    expect(console.story()).toEqual(['connected', 'lost']);
    await rig.clock.advance(6_000);
    expect(console.story()).toEqual(['connected', 'lost', 'connected']);
  });

  test('closing just after an unnoticed theft leaves the thief its console', async () => {
    await using rig = createSolRig({ announceDeactivation: false });
    const console = rig.console();
    await rig.clock.advance(1_000);
    await thief(rig);
    await console[Symbol.asyncDispose]();
    expect(rig.server.owner()).toBe(2);
  });
});
