import { expect, test } from 'vitest';
import type { StepView } from '../../../src/domain/step.ts';
import { act, createEngineRig, done, fakeStep, wait } from '../../support/engine-rig.ts';

test('drives the plan in order and records each step of it', async () => {
  await using rig = await createEngineRig();
  const views: StepView[] = [];
  const first = fakeStep('power-on', {
    look: () => ({ facts: { power: 'on' }, stage: '0', next: done({ was: 'off' }) }),
  });
  const second = fakeStep('system', {
    look(view) {
      views.push(view);
      return { next: done({ bootId: 'b' }) };
    },
  });
  rig.start([first, second]);
  const { id } = await rig.order('power-on', 'system');
  await rig.clock.advance(100);

  expect(await rig.story(id)).toEqual([
    'run.queued',
    'run.started',
    'step.entered power-on',
    'step.observed power-on',
    'step.done power-on',
    'step.entered system',
    'step.observed system',
    'step.done system',
    'run.succeeded',
  ]);
  const run = await rig.store.runs.get(id);
  expect(run).toMatchObject({ state: 'succeeded', results: { 0: { was: 'off' }, 1: { bootId: 'b' } } });
  expect(views[0]?.resultOf('power-on')).toEqual({ was: 'off' });
  expect(views[0]?.resultOf('system')).toBeUndefined();
  const entered = (await rig.events()).filter((event) => event.type === 'step.entered').at(-1);
  expect(views[0]?.enteredSeq).toBe(entered?.seq);
  expect((await rig.store.machines.get('m1')).stage).toBe('0');
});

test('an act is on record before it is performed, and ended after', async () => {
  await using rig = await createEngineRig();
  const during: unknown[] = [];
  let runId = '';
  const step = fakeStep('power-on', {
    look: (view) => ({ next: view.actions.length === 0 ? act('power-on') : done() }),
    async act() {
      during.push(...(await rig.store.runs.actions(runId)));
      return { kind: 'accepted' };
    },
  });
  runId = (await rig.order('power-on')).id;
  rig.start([step]);
  await rig.clock.advance(100);
  expect(during).toMatchObject([{ label: 'power-on', attempt: 1, endedAt: null }]);
  const [ended] = await rig.store.runs.actions(runId);
  expect(ended).toMatchObject({ label: 'power-on', attempt: 1, result: { kind: 'accepted' }, error: null });
  expect(ended?.endedAt).not.toBeNull();
  expect(await rig.story(runId)).toEqual([
    'run.queued',
    'run.started',
    'step.entered power-on',
    'step.observed power-on',
    'action.started power-on',
    'action.ended power-on',
    'step.done power-on',
    'run.succeeded',
  ]);
});

test('attempts of a label count up within step and round', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('reboot', {
    look(view) {
      if (view.actions.length === 3) return { next: done() };
      return { next: act(view.actions.length === 1 ? 'other' : 'try') };
    },
  });
  const { id } = await rig.order('reboot');
  rig.start([step]);
  await rig.clock.advance(100);
  const acts = await rig.store.runs.actions(id);
  expect(acts.map(({ label, attempt }) => [label, attempt])).toEqual([
    ['try', 1],
    ['other', 1],
    ['try', 2],
  ]);
});

test('facts and reasons are recorded only when they differ', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('system', {
    look: (_view, n) => ({
      facts: { state: n < 3 ? 'starting' : 'running' },
      next: n < 5 ? wait(n < 4 ? 'a' : 'b') : done(),
    }),
  });
  const { id } = await rig.order('system');
  rig.start([step]);
  await rig.clock.advance(10_000);
  expect(step.looks).toBe(5);
  expect((await rig.story(id)).slice(3)).toEqual([
    'step.observed system',
    'step.waited system',
    'step.observed system',
    'step.waited system',
    'step.done system',
    'run.succeeded',
  ]);
});

test('a stage is told again when somebody else moved it meanwhile', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('system', { look: () => ({ facts: { up: true }, stage: '3', next: wait('more', 1000) }) });
  await rig.order('system');
  rig.start([step]);
  await rig.clock.advance(100);
  expect((await rig.store.machines.get('m1')).stage).toBe('3');
  await rig.store.timeline.append(rig.machine.id, [{ type: 'boot.asked', source: 'dhcp', data: {}, stage: '0' }]);
  expect((await rig.store.machines.get('m1')).stage).toBe('0');
  await rig.clock.advance(1100);
  expect((await rig.store.machines.get('m1')).stage).toBe('3');
});

test('a wait ends with an event of somebody else, not with our own, and a burst is one look', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('netboot', { look: (_view, n) => ({ facts: { n }, next: wait(`look ${n}`, 30_000) }) });
  await rig.order('netboot');
  rig.start([step]);
  await rig.clock.advance(10_000);
  // Each look writes two events of our own; they must not lead to another look.
  expect(step.looks).toBe(1);
  for (let n = 0; n < 20; n++) {
    await rig.store.timeline.append(rig.machine.id, [{ type: 'file.served', source: 'tftp', data: { n } }]);
  }
  await rig.clock.advance(50);
  expect(step.looks).toBe(2);
  await rig.store.timeline.append(rig.machine.id, [{ type: 'file.served', source: 'tftp', data: {} }]);
  await rig.clock.advance(50);
  expect(step.looks).toBe(2);
  await rig.clock.advance(200);
  expect(step.looks).toBe(3);
  await rig.clock.advance(30_000);
  expect(step.looks).toBe(4);
});

test('an event that comes during a look leads to another look', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('netboot', {
    async look(_view, n) {
      if (n === 1) await rig.store.timeline.append(rig.machine.id, [{ type: 'file.served', source: 'tftp', data: {} }]);
      return { next: n === 1 ? wait('a file', 30_000) : done() };
    },
  });
  const { id } = await rig.order('netboot');
  rig.start([step]);
  await rig.clock.advance(500);
  expect((await rig.store.runs.get(id)).state).toBe('succeeded');
});

test('a step that acts without end is stopped', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('reboot', { look: () => ({ next: act('again') }) });
  const { id } = await rig.order('reboot');
  rig.start([step], { maximumActs: 5 });
  await rig.clock.advance(100);
  expect(step.acts).toBe(5);
  expect((await rig.store.runs.get(id)).error).toMatchObject({ code: 'bug', step: 'reboot' });
});

test('a plan with a step that this version lacks fails with its name', async () => {
  await using rig = await createEngineRig();
  const { id } = await rig.order('session');
  rig.start([]);
  await rig.clock.advance(100);
  const { state, error } = await rig.store.runs.get(id);
  expect(state).toBe('failed');
  expect(error?.message).toContain('session');
});

test('drives no more runs at once than told', async () => {
  await using rig = await createEngineRig();
  const { spec } = rig.machine;
  let busy = 0;
  let most = 0;
  const step = fakeStep('system', {
    async look(_view, _n, signal) {
      busy += 1;
      most = Math.max(most, busy);
      await rig.clock.sleep(1000, signal);
      busy -= 1;
      return { next: done() };
    },
  });
  for (let n = 2; n <= 6; n++) {
    const machine = await rig.store.machines.declare({ ...spec, name: `m${n}`, macs: [] }, 'api', 'test');
    const plan = [{ step: 'system' as const, params: {}, deadlineMs: 60_000 }];
    await rig.store.runs.create({ machineId: machine.id, request: { kind: 'boot' }, plan, actor: 'test' });
  }
  rig.start([step], { parallel: 2 });
  await rig.clock.advance(5000);
  expect(most).toBe(2);
  const runs = await rig.store.runs.list({});
  expect(runs.map((run) => run.state)).toEqual(Array(5).fill('succeeded'));
});
