import { describe, expect, it } from 'vitest';
import { NotFoundError, UnreachableError } from '../../../src/foundation/errors.ts';
import { settle } from '../../support/manual-clock.ts';
import { drain, NEVER, openConsoleRig, told } from './rig.ts';

const VIEWER = { actor: 'tester' };
const STOLEN = { kind: 'disconnected', reason: 'stolen', why: 'another console', retryMs: null } as const;

describe('viewers', () => {
  it('share one line and see the same bytes, each from where it asked', async () => {
    await using rig = await openConsoleRig();
    const machine = await rig.machine();
    const [one, two] = await Promise.all([
      rig.consoles.attach(machine, VIEWER, NEVER),
      rig.consoles.attach(machine, VIEWER, NEVER),
    ]);
    expect(rig.bmcs.lines).toHaveLength(1);
    rig.bmcs.line().say('BIOS\r\n');
    expect(told(await drain(one))).toEqual(['state connected', '0:BIOS\r\n']);
    rig.bmcs.line().say('login: ');
    const late = await rig.consoles.attach(machine, { ...VIEWER, from: 8 }, NEVER);
    expect(told(await drain(one))).toEqual(['6:login: ']);
    expect(told(await drain(two))).toEqual(['state connected', '0:BIOS\r\nlogin: ']);
    expect(told(await drain(late))).toEqual(['state connected', '8:gin: ']);
    const beyond = await rig.consoles.attach(machine, { ...VIEWER, from: 1e9 }, NEVER);
    rig.bmcs.line().say('x');
    expect(told(await drain(beyond))).toEqual(['state connected', '13:x']);
  });

  it('keep what they were told although the line goes on', async () => {
    await using rig = await openConsoleRig({ scrollBackBytes: 40_000 });
    const seat = await rig.consoles.attach(await rig.machine(), VIEWER, NEVER);
    rig.bmcs.line().say('a'.repeat(20_000));
    const first = await drain(seat);
    for (let n = 0; n < 10; n++) rig.bmcs.line().say('b'.repeat(20_000));
    expect(told(first)[1]).toBe(`0:${'a'.repeat(20_000)}`);
  });

  it('are limited for each machine', async () => {
    await using rig = await openConsoleRig({ mostViewers: 2 });
    const machine = await rig.machine();
    const seat = await rig.consoles.attach(machine, VIEWER, NEVER);
    await rig.consoles.attach(machine, VIEWER, NEVER);
    const third = rig.consoles.attach(machine, VIEWER, NEVER);
    await expect(third).rejects.toMatchObject({ code: 'conflict' });
    await seat[Symbol.asyncDispose]();
    await seat[Symbol.asyncDispose]();
    await rig.consoles.attach(machine, VIEWER, NEVER);
    await expect(rig.consoles.attach(machine, VIEWER, NEVER)).rejects.toThrow('the most there may be');
  });

  it('that are slow hold up nobody, are told what they lost, and find it on disk', async () => {
    await using rig = await openConsoleRig({ scrollBackBytes: 100_000, firstBytes: 30_000 });
    const machine = await rig.machine();
    const slow = await rig.consoles.attach(machine, VIEWER, NEVER);
    const quick = await rig.consoles.attach(machine, VIEWER, NEVER);
    await drain(slow);
    await drain(quick);
    let seen = 0;
    for (let n = 0; n < 50; n++) {
      rig.bmcs.line().say(String(n % 10).repeat(10_000));
      for (const message of await drain(quick)) if (message.kind === 'output') seen += message.bytes.length;
    }
    expect(seen).toBe(500_000);
    const [mark, ...rest] = told(await drain(slow));
    expect(mark).toBe('lost@470000: this viewer was too slow: 470000 bytes from 0 on were left out');
    expect(rest.join('')).toHaveLength('470000:'.length + 30_000);
    await rig.clock.advance(1000);
    const again = await rig.consoles.attach(machine, { ...VIEWER, from: 0 }, NEVER);
    const all = told(await drain(again));
    expect(all).toHaveLength(2);
    expect(all[1]).toHaveLength(2 + 500_000);
  });

  it('wait for what comes, and stop waiting when told to', async () => {
    await using rig = await openConsoleRig();
    const seat = await rig.consoles.attach(await rig.machine(), VIEWER, NEVER);
    await drain(seat);
    const next = seat.next(NEVER);
    await settle();
    rig.bmcs.line().say('now');
    expect(told([await next])).toEqual(['0:now']);
    const leave = new AbortController();
    const waiting = seat.next(leave.signal);
    leave.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('the line', () => {
  it('keeps marks and states in their places', async () => {
    await using rig = await openConsoleRig();
    const machine = await rig.machine();
    const seat = await rig.consoles.attach(machine, VIEWER, NEVER);
    const line = rig.bmcs.line();
    await drain(seat);
    line.say('abc');
    line.emit({ kind: 'lost', why: 'overrun' });
    line.emit({ kind: 'lost', why: 'overrun' });
    line.say('def');
    line.emit({ kind: 'disconnected', reason: 'lost', why: 'no answer', retryMs: 1000 });
    expect(told(await drain(seat))).toEqual(['0:abc', 'lost@3: overrun', '3:def', 'state disconnected lost']);
    line.emit({ kind: 'connected' });
    line.say('ghi');
    const mark = 'lost@6: the console was disconnected: no answer';
    expect(told(await drain(seat))).toEqual([mark, 'state connected', '6:ghi']);
    await rig.clock.advance(1000);
    const other = await rig.consoles.attach(machine, { ...VIEWER, from: 1 }, NEVER);
    expect(told(await drain(other))).toEqual(['state connected', '1:bc', 'lost@3: overrun', '3:def', mark, '6:ghi']);
  });

  it('stays open a little after the last viewer, and goes on by offset when it is opened again', async () => {
    await using rig = await openConsoleRig({ lingerMs: 5000 });
    const machine = await rig.machine();
    const first = await rig.consoles.attach(machine, VIEWER, NEVER);
    rig.bmcs.line().say('one\n');
    await first[Symbol.asyncDispose]();
    await rig.clock.advance(4999);
    expect(rig.bmcs.line().closed).toBe(false);
    const second = await rig.consoles.attach(machine, VIEWER, NEVER);
    await rig.clock.advance(60_000);
    expect(rig.bmcs.line().closed).toBe(false);
    await second[Symbol.asyncDispose]();
    rig.bmcs.line().say('two\n');
    await rig.clock.advance(5000);
    expect(rig.bmcs.line().closed).toBe(true);
    const third = await rig.consoles.attach(machine, { ...VIEWER, from: 4 }, NEVER);
    expect(rig.bmcs.lines).toHaveLength(2);
    rig.bmcs.line().say('three\n');
    expect(told(await drain(third))).toEqual([
      'state connected',
      '4:two\n',
      'lost@8: nobody watched the console before this point',
      '8:three\n',
    ]);
  });

  it('is not opened when there is none, and a failure is told to all who wait, then tried anew', async () => {
    await using rig = await openConsoleRig();
    const machine = await rig.machine();
    rig.bmcs.hasConsole = false;
    await expect(rig.consoles.attach(machine, VIEWER, NEVER)).rejects.toMatchObject({ code: 'invalid-request' });
    rig.bmcs.failure = new UnreachableError('no BMC');
    const both = [rig.consoles.attach(machine, VIEWER, NEVER), rig.consoles.attach(machine, VIEWER, NEVER)];
    for (const one of both) await expect(one).rejects.toThrow('no BMC');
    rig.bmcs.failure = undefined;
    rig.bmcs.hasConsole = true;
    const seat = await rig.consoles.attach(machine, VIEWER, NEVER);
    expect(told(await drain(seat))).toEqual(['state connected']);
  });

  it('that was taken is told as an event once, and is taken back only when somebody says so', async () => {
    await using rig = await openConsoleRig();
    const machine = await rig.machine();
    const seat = await rig.consoles.attach(machine, VIEWER, NEVER);
    rig.bmcs.line().emit(STOLEN);
    rig.bmcs.line().emit(STOLEN);
    expect(told(await drain(seat))).toEqual(['state disconnected stolen']);
    seat.reconnect({ steal: true });
    rig.bmcs.line().emit({ kind: 'connected' });
    rig.bmcs.line().emit({ kind: 'disconnected', reason: 'occupied', why: 'in use', retryMs: null });
    expect(told(await drain(seat))).toEqual(['state disconnected occupied']);
    expect(rig.bmcs.line().steals).toEqual([false, true]);
    const events = await rig.store.timeline.read(machine.id, { afterSeq: 1 });
    expect(events.map(({ type, source, data }) => [type, source, data])).toEqual([
      ['console.stolen', 'console', { why: 'another console' }],
    ]);
  });

  it('takes input and breaks, which are one event for each seat that tells who, not what', async () => {
    await using rig = await openConsoleRig();
    const machine = await rig.machine();
    const seat = await rig.consoles.attach(machine, { actor: 'ann' }, NEVER);
    const other = await rig.consoles.attach(machine, { actor: 'bob' }, NEVER);
    await rig.consoles.attach(machine, { actor: 'only looks' }, NEVER);
    await seat.write(Buffer.from('root\r'), NEVER);
    await seat.write(Buffer.from('hunter2\r'), NEVER);
    await seat.sendBreak(NEVER);
    await other.sendBreak(NEVER);
    expect([rig.bmcs.line().written, rig.bmcs.line().breaks]).toEqual([['root\r', 'hunter2\r'], 2]);
    const events = await rig.store.timeline.read(machine.id, { afterSeq: 1 });
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['console.input-taken', { actor: 'ann' }],
      ['console.input-taken', { actor: 'bob' }],
    ]);
    expect(JSON.stringify(events)).not.toContain('hunter2');
  });

  it('goes through the new controller when the machine is declared anew, and ends when it is removed', async () => {
    await using rig = await openConsoleRig();
    await rig.start();
    const machine = await rig.machine();
    const seat = await rig.consoles.attach(machine, VIEWER, NEVER);
    rig.bmcs.line().say('old');
    await drain(seat);
    const bmcs = [{ protocol: 'ipmi', host: '10.0.0.9', user: 'x', password: 'env:X' }] as const;
    await rig.store.machines.change(machine.id, { ...machine.spec, bmcs }, 'api', 'tester');
    await rig.clock.advance(500);
    const [first, second] = rig.bmcs.lines;
    expect([first?.closed, second?.machine.spec.bmcs[0]?.host]).toEqual([true, '10.0.0.9']);
    first?.say('a ghost');
    second?.say('new');
    expect(told(await drain(seat)).filter((word) => !word.startsWith('state'))).toEqual([
      'lost@3: the console was connected anew',
      '3:new',
    ]);
    await rig.store.machines.remove(machine.id, 'tester');
    await rig.clock.advance(500);
    expect(second?.closed).toBe(true);
    await expect(seat.next(NEVER)).rejects.toBeInstanceOf(NotFoundError);
  });

  it('ends with the service, with its last text stored', async () => {
    await using rig = await openConsoleRig();
    await rig.start();
    const machine = await rig.machine();
    const seat = await rig.consoles.attach(machine, VIEWER, NEVER);
    await drain(seat);
    const waiting = seat.next(NEVER);
    rig.bmcs.line().say('last words');
    await waiting;
    const after = seat.next(NEVER);
    after.catch(() => undefined);
    await rig.stop();
    await expect(after).rejects.toThrow('the service ends');
    expect(await rig.store.consoleText.end(machine.id)).toBe(10);
    expect(rig.bmcs.line().closed).toBe(true);
    await expect(rig.consoles.attach(machine, VIEWER, NEVER)).rejects.toThrow('the service ends');
  });

  it('are limited in all', async () => {
    await using rig = await openConsoleRig({ mostLines: 1 });
    await rig.consoles.attach(await rig.machine(), VIEWER, NEVER);
    const other = await rig.machine({ name: 'm2', macs: ['52:54:00:77:00:02'] });
    await expect(rig.consoles.attach(other, VIEWER, NEVER)).rejects.toMatchObject({ code: 'conflict' });
  });
});
