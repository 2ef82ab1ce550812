import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../src/domain/machine.ts';
import { AuthenticationError, UnreachableError } from '../../../src/foundation/errors.ts';
import { drain, NEVER, openConsoleRig, told } from './rig.ts';

type Rig = Awaited<ReturnType<typeof openConsoleRig>>;

function order(rig: Rig, { id }: Machine) {
  return rig.store.runs.create({
    machineId: id,
    request: { kind: 'power', verb: 'on' },
    plan: [{ step: 'power', params: {}, deadlineMs: 60_000 }],
    actor: 'tester',
  });
}

describe('recording', () => {
  it('opens the console while a run is active, and keeps the text with the run', async () => {
    await using rig = await openConsoleRig({ lingerMs: 1000 });
    await rig.start();
    const machine = await rig.machine({ console: {} });
    await rig.clock.advance(5000);
    expect(rig.bmcs.lines).toHaveLength(0);
    const run = await order(rig, machine);
    await rig.clock.advance(500);
    expect(rig.bmcs.lines).toHaveLength(1);
    expect(rig.bmcs.line().steals).toEqual([false]);
    rig.bmcs.line().say('POST\r\n');
    await rig.clock.advance(500);
    await rig.store.runs.requestCancel(run.id, 'tester');
    await rig.clock.advance(500);
    expect(rig.bmcs.line().closed).toBe(false);
    rig.bmcs.line().say('after\r\n');
    await rig.clock.advance(2000);
    expect(rig.bmcs.line().closed).toBe(true);
    const kept = await rig.store.consoleText.read({ machineId: machine.id }, 0, 1000);
    expect(kept.map(({ bytes, runId }) => [bytes.toString(), runId])).toEqual([
      ['POST\r\n', run.id],
      ['after\r\n', null],
    ]);
  });

  it('begins with the service when a run is active by then', async () => {
    await using rig = await openConsoleRig();
    const machine = await rig.machine({ console: { record: 'runs' } });
    await order(rig, machine);
    await rig.start();
    expect(rig.bmcs.lines).toHaveLength(1);
  });

  it('is always on where that is asked for, and off without the section or when it says so', async () => {
    await using rig = await openConsoleRig();
    await rig.start();
    const always = await rig.machine({ console: { record: 'always' } });
    for (const [n, spec] of [[2, { console: { record: 'off' } }] as const, [3, {}] as const]) {
      await order(rig, await rig.machine({ name: `m${n}`, macs: [`52:54:00:77:00:0${n}`], ...spec }));
    }
    await rig.clock.advance(500);
    expect(rig.bmcs.lines.map(({ machine }) => machine.id)).toEqual([always.id]);
    await rig.store.machines.change(always.id, { ...always.spec, console: { record: 'off' } }, 'api', 'tester');
    await rig.clock.advance(60_000);
    expect(rig.bmcs.line().closed).toBe(true);
  });

  it('is tried again when the BMC does not answer, seldom when it says no', async () => {
    await using rig = await openConsoleRig({ recordRetryMs: 1000 });
    let tries = 0;
    const { open } = rig.bmcs;
    rig.bmcs.open = (machine, signal) => {
      tries++;
      return open(machine, signal);
    };
    rig.bmcs.failure = new UnreachableError('no answer');
    await rig.start();
    const machine = await rig.machine({ console: { record: 'always' } });
    await rig.clock.advance(10_000);
    expect(tries).toBeGreaterThan(8);
    rig.bmcs.failure = new AuthenticationError('wrong password');
    await rig.clock.advance(1000);
    const before = tries;
    await rig.clock.advance(19_000);
    expect(tries - before).toBeLessThanOrEqual(1);
    rig.bmcs.failure = undefined;
    await rig.clock.advance(21_000);
    const seat = await rig.consoles.attach(machine, { actor: 'x' }, NEVER);
    expect(rig.bmcs.lines).toHaveLength(1);
    expect(told(await drain(seat))).toEqual(['state connected']);
  });

  it('never takes the console, and asks for it once more when another run begins', async () => {
    await using rig = await openConsoleRig();
    await rig.start();
    const machine = await rig.machine({ console: {} });
    const run = await order(rig, machine);
    await rig.clock.advance(500);
    rig.bmcs.line().emit({ kind: 'disconnected', reason: 'stolen', why: 'x', retryMs: null });
    await rig.clock.advance(200_000);
    expect(rig.bmcs.line().steals).toEqual([false]);
    await rig.store.runs.requestCancel(run.id, 'tester');
    await rig.clock.advance(500);
    await order(rig, machine);
    await rig.clock.advance(500);
    expect(rig.bmcs.lines).toHaveLength(1);
    expect(rig.bmcs.line().steals).toEqual([false, false]);
  });

  it('asks again for a console that somebody else has, without taking it and without a word to viewers', async () => {
    await using rig = await openConsoleRig({ recordRetryMs: 1000 });
    await rig.start();
    const machine = await rig.machine({ console: { record: 'always' } });
    await rig.clock.advance(500);
    const seat = await rig.consoles.attach(machine, { actor: 'x' }, NEVER);
    const occupied = { kind: 'disconnected', reason: 'occupied', why: 'session 7', retryMs: null } as const;
    rig.bmcs.line().emit(occupied);
    expect(told(await drain(seat))).toEqual(['state disconnected occupied']);
    for (let n = 0; n < 3; n++) {
      await rig.clock.advance(1000);
      rig.bmcs.line().emit(occupied);
    }
    expect(rig.bmcs.line().steals).toEqual([false, false, false, false]);
    expect(told(await drain(seat))).toEqual([]);
    rig.bmcs.line().emit({ kind: 'connected' });
    await rig.clock.advance(10_000);
    expect(rig.bmcs.line().steals).toHaveLength(4);
    expect(told(await drain(seat))).toEqual(['state connected']);
  });

  it('goes on after its line ended because nobody could use it', async () => {
    await using rig = await openConsoleRig();
    await rig.start();
    const machine = await rig.machine({ console: { record: 'always' } });
    await rig.clock.advance(500);
    await rig.store.machines.remove(machine.id, 'tester');
    await rig.clock.advance(100_000);
    expect([rig.bmcs.lines.length, rig.bmcs.line().closed]).toEqual([1, true]);
  });
});
