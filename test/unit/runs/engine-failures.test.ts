import { expect, test } from 'vitest';
import type { PlanEntry } from '../../../src/domain/run.ts';
import { AuthenticationError, UnreachableError } from '../../../src/foundation/errors.ts';
import { type Log, silentLog } from '../../../src/foundation/log.ts';
import { act, createEngineRig, done, fakeStep, wait } from '../../support/engine-rig.ts';

const SYSTEM: PlanEntry = { step: 'system', params: {}, deadlineMs: 60_000 };

test('a failed step fails the run with its words, after clean-up of what was entered, last first', async () => {
  await using rig = await createEngineRig();
  const order: string[] = [];
  const cleanUp = (name: string) => async () => void order.push(name);
  const first = fakeStep('netboot', { look: () => ({ next: done() }), cleanUp: cleanUp('netboot') });
  const error = { code: 'wrong-passphrase', message: 'cryptroot refused it', hint: 'check it', lastSeen: 'a prompt' };
  const second = fakeStep('unlock', { look: () => ({ next: { kind: 'fail', error } }), cleanUp: cleanUp('unlock') });
  const third = fakeStep('system', { look: () => ({ next: done() }), cleanUp: cleanUp('system') });
  const { id } = await rig.order('netboot', 'unlock', 'system');
  rig.start([first, second, third]);
  await rig.clock.advance(100);
  const run = await rig.store.runs.get(id);
  expect(run).toMatchObject({ state: 'failed', error: { ...error, step: 'unlock' } });
  expect(order).toEqual(['unlock', 'netboot']);
  const last = (await rig.events()).at(-1);
  expect(last).toMatchObject({ type: 'run.failed', step: 'unlock', data: error });
});

test('trouble is told once while it stays the same, waits longer each time, and names itself at the deadline', async () => {
  await using rig = await createEngineRig();
  const at: number[] = [];
  const began = rig.clock.now();
  const step = fakeStep('system', {
    look() {
      at.push(rig.clock.now() - began);
      throw new UnreachableError('ask 10.77.0.11: no answer');
    },
  });
  const { id } = await rig.order({ ...SYSTEM, deadlineMs: 40_000 });
  rig.start([step]);
  await rig.clock.advance(45_000);
  expect(at).toEqual([0, 1000, 3000, 7000, 15_000, 25_000, 35_000]);
  const story = await rig.story(id);
  expect(story.filter((line) => line === 'step.troubled system')).toHaveLength(1);
  expect((await rig.store.runs.get(id)).error).toEqual({
    code: 'deadline-passed',
    message: 'system: nothing more within 40 s; nothing was seen; last trouble: ask 10.77.0.11: no answer',
    step: 'system',
  });
});

test('trouble that passes lets the step go on, and later trouble begins with a short wait again', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('system', {
    look(_view, n) {
      if (n === 1 || n === 3) throw new UnreachableError('no answer');
      return { next: n === 2 ? wait('more', 1000) : done() };
    },
  });
  const { id } = await rig.order('system');
  rig.start([step]);
  await rig.clock.advance(3000);
  const events = await rig.store.timeline.readRun(id, {});
  expect(events.filter((event) => event.type === 'step.troubled').map((event) => event.data.nextTryMs)).toEqual([
    1000, 1000,
  ]);
  expect((await rig.store.runs.get(id)).state).toBe('succeeded');
});

test('an act that failed is on record as such, and the step looks before anything else', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('reboot', {
    look: (view) => ({ next: view.actions.length < 2 ? act('reboot') : done() }),
    async act() {
      throw new UnreachableError('connection lost');
    },
  });
  const { id } = await rig.order('reboot');
  rig.start([step]);
  await rig.clock.advance(5000);
  expect(step).toMatchObject({ looks: 3, acts: 2 });
  const acts = await rig.store.runs.actions(id);
  expect(acts.map((record) => record.error?.code)).toEqual(['unreachable', 'unreachable']);
  expect((await rig.store.runs.get(id)).state).toBe('succeeded');
});

test('an error that will not pass fails the run at once, with hint and details', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('unlock', {
    look() {
      throw new AuthenticationError('host key differs', { details: { seen: 'SHA256:x', hint: 'enrol it' } });
    },
  });
  const { id } = await rig.order('unlock');
  rig.start([step]);
  await rig.clock.advance(100);
  expect(step.looks).toBe(1);
  expect((await rig.store.runs.get(id)).error).toEqual({
    code: 'authentication-failed',
    message: 'host key differs',
    step: 'unlock',
    hint: 'enrol it',
    details: { seen: 'SHA256:x' },
  });
});

test('an exception nobody meant fails the run as a bug: the stack goes to the log alone', async () => {
  const logged: unknown[] = [];
  const log: Log = { ...silentLog, error: (fields) => void logged.push(fields.error), child: () => log };
  await using rig = await createEngineRig({ log });
  const step = fakeStep('verify', {
    look() {
      throw new TypeError('x is not a function');
    },
  });
  const { id } = await rig.order('verify');
  rig.start([step]);
  await rig.clock.advance(100);
  const { error } = await rig.store.runs.get(id);
  expect(error).toEqual({ code: 'bug', message: 'verify failed unexpectedly: x is not a function', step: 'verify' });
  expect(JSON.stringify(await rig.events())).not.toContain('.ts:');
  expect(logged[0]).toBeInstanceOf(TypeError);
});

test('a deadline names what was last seen and when', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('system', {
    look: () => ({ facts: { seen: 'stage-1 SSH answered' }, next: wait('system', 1000) }),
  });
  const { id } = await rig.order({ ...SYSTEM, deadlineMs: 120_000 });
  rig.start([step]);
  await rig.clock.advance(119_000);
  expect((await rig.store.runs.get(id)).state).toBe('running');
  await rig.clock.advance(1500);
  // The test clock began at 2023-11-14T22:13:20Z; the last look was a second before the deadline.
  const lastSeen = 'stage-1 SSH answered (22:15:19Z)';
  expect((await rig.store.runs.get(id)).error).toEqual({
    code: 'deadline-passed',
    message: `system: nothing more within 120 s; last seen: ${lastSeen}`,
    step: 'system',
    lastSeen,
  });
});

test('a look that hangs and does not listen is left behind after the deadline', async () => {
  await using rig = await createEngineRig();
  let told = false;
  const step = fakeStep('system', {
    look(_view, _n, signal) {
      signal.addEventListener('abort', () => {
        told = true;
      });
      return new Promise(() => undefined);
    },
  });
  const { id } = await rig.order({ ...SYSTEM, deadlineMs: 10_000 });
  rig.start([step]);
  await rig.clock.advance(10_100);
  expect(told).toBe(true);
  expect((await rig.store.runs.get(id)).state).toBe('running');
  await rig.clock.advance(5000);
  expect((await rig.store.runs.get(id)).error?.code).toBe('deadline-passed');
});

test('an act broken off by the deadline is ended in the record as not known', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('activate', {
    look: () => ({ next: act('follow') }),
    act: async (_view, _action, signal) => {
      await rig.clock.sleep(1e9, signal);
      return null;
    },
  });
  const { id } = await rig.order({ step: 'activate', params: {}, deadlineMs: 10_000 });
  rig.start([step]);
  await rig.clock.advance(11_000);
  expect(await rig.store.runs.actions(id)).toMatchObject([{ label: 'follow', error: { code: 'interrupted' } }]);
  expect((await rig.store.runs.get(id)).error?.code).toBe('deadline-passed');
});

test('a deadline goes back in the plan for as many rounds as it may', async () => {
  await using rig = await createEngineRig();
  const rounds: (readonly [number, number])[] = [];
  const power = fakeStep('power-on', {
    look(view) {
      rounds.push([view.round, view.actions.length]);
      return { next: view.actions.length === 0 ? act('cycle') : done() };
    },
  });
  const system = fakeStep('system', { look: () => ({ facts: { seen: 'black screen' }, next: wait('system') }) });
  const { id } = await rig.order('power-on', { ...SYSTEM, deadlineMs: 10_000, rewind: { to: 0, rounds: 3 } });
  rig.start([power, system]);
  await rig.clock.advance(35_000);
  // In each round the step begins without acts of its own, whatever earlier rounds did.
  expect(rounds).toEqual([
    [1, 0],
    [1, 1],
    [2, 0],
    [2, 1],
    [3, 0],
    [3, 1],
  ]);
  const run = await rig.store.runs.get(id);
  expect(run).toMatchObject({ state: 'failed', round: 3, error: { code: 'deadline-passed' } });
  const rewound = (await rig.events()).filter((event) => event.type === 'run.rewound');
  expect(rewound.map((event) => event.data)).toMatchObject([
    { from: 'system', to: 'power-on', round: 2, why: expect.stringContaining('black screen') },
    { from: 'system', to: 'power-on', round: 3 },
  ]);
});

test('rounds are counted from the entry that is gone back to, whatever was used before it', async () => {
  await using rig = await createEngineRig();
  const power = fakeStep('power-on', { look: () => ({ next: done() }) });
  // The way up takes two rounds; the reboot after it has its own two.
  const up = fakeStep('netboot', { look: (view) => ({ next: view.round === 1 ? wait('up') : done() }) });
  const reboot = fakeStep('reboot', {
    look: (view) => ({ next: view.actions.length === 0 ? act('order-reboot') : done() }),
  });
  const system = fakeStep('system', { look: () => ({ next: wait('system') }) });
  const { id } = await rig.order(
    'power-on',
    { ...SYSTEM, step: 'netboot', deadlineMs: 10_000, rewind: { to: 0, rounds: 2 } },
    'reboot',
    { ...SYSTEM, deadlineMs: 10_000, rewind: { to: 2, rounds: 2 } },
  );
  rig.start([power, up, reboot, system]);
  await rig.clock.advance(60_000);
  expect(await rig.store.runs.get(id)).toMatchObject({ state: 'failed', round: 3, error: { code: 'deadline-passed' } });
  const ordered = (await rig.store.runs.actions(id)).filter((done) => done.label === 'order-reboot');
  expect(ordered.map((done) => done.round)).toEqual([2, 3]);
});

test('a failure that says so goes back for another round at once, while the plan has one', async () => {
  await using rig = await createEngineRig();
  const power = fakeStep('power-on', { look: () => ({ next: done() }) });
  const error = { code: 'booted-otherwise', message: 'came up from its disk' };
  const netboot = fakeStep('netboot', { look: (view) => ({ next: { kind: 'fail', error, again: view.round < 3 } }) });
  const { id } = await rig.order('power-on', { ...SYSTEM, step: 'netboot', rewind: { to: 0, rounds: 5 } });
  rig.start([power, netboot]);
  await rig.clock.advance(100);
  expect(await rig.store.runs.get(id)).toMatchObject({ state: 'failed', round: 3, error });
  const rewound = (await rig.events()).filter((event) => event.type === 'run.rewound');
  expect(rewound.map((event) => event.data)).toEqual([
    { from: 'netboot', to: 'power-on', round: 2, why: error.message },
    { from: 'netboot', to: 'power-on', round: 3, why: error.message },
  ]);
});

test('a failure that would go back fails in the last round', async () => {
  await using rig = await createEngineRig();
  const error = { code: 'booted-otherwise', message: 'came up from its disk' };
  const netboot = fakeStep('netboot', { look: () => ({ next: { kind: 'fail', error, again: true } }) });
  const { id } = await rig.order({ ...SYSTEM, step: 'netboot', rewind: { to: 0, rounds: 2 } });
  rig.start([netboot]);
  await rig.clock.advance(100);
  expect(netboot.looks).toBe(2);
  expect(await rig.store.runs.get(id)).toMatchObject({ state: 'failed', round: 2, error });
});

test('a step that cannot clean up is told of, and keeps no other from it', async () => {
  await using rig = await createEngineRig();
  const first = fakeStep('netboot', { look: () => ({ next: done() }) });
  const second = fakeStep('unlock', {
    look: () => ({ next: { kind: 'fail', error: { code: 'no', message: 'no' } } }),
    async cleanUp() {
      throw new UnreachableError('BMC is silent');
    },
  });
  const { id } = await rig.order('netboot', 'unlock');
  rig.start([first, second]);
  await rig.clock.advance(100);
  expect(first.cleanUps).toBe(1);
  const troubled = (await rig.events()).filter((event) => event.type === 'step.troubled');
  expect(troubled).toMatchObject([{ step: 'unlock', data: { message: 'clean-up: BMC is silent' } }]);
  expect((await rig.store.runs.get(id)).error?.code).toBe('no');
});

test('clean-up that hangs ends with its own deadline', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('netboot', {
    look: () => ({ next: { kind: 'fail', error: { code: 'no', message: 'no' } } }),
    cleanUp: (_view, signal) => rig.clock.sleep(1e9, signal),
  });
  const { id } = await rig.order('netboot');
  rig.start([step]);
  await rig.clock.advance(29_000);
  expect(await rig.store.runs.get(id)).toMatchObject({ state: 'running', error: { code: 'no' } });
  await rig.clock.advance(1500);
  expect((await rig.store.runs.get(id)).state).toBe('failed');
});
