import { expect, test } from 'vitest';
import { ConflictError } from '../../../src/foundation/errors.ts';
import { act, createEngineRig, done, fakeStep, wait } from '../../support/engine-rig.ts';

test('a queued run is cancelled without a step being touched', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('system', { look: () => ({ next: done() }) });
  const { id } = await rig.order('system');
  await rig.store.runs.requestCancel(id, 'me');
  rig.start([step]);
  await rig.clock.advance(3000);
  expect((await rig.store.runs.get(id)).state).toBe('cancelled');
  expect(step.looks + step.cleanUps).toBe(0);
});

test('a wait is broken off within a second, steps clean up, and the run is cancelled', async () => {
  await using rig = await createEngineRig();
  const first = fakeStep('netboot', { look: () => ({ next: done() }) });
  const step = fakeStep('system', { look: () => ({ next: wait('long', 50_000) }) });
  const { id } = await rig.order('netboot', 'system');
  rig.start([first, step]);
  await rig.clock.advance(7000);
  await rig.store.runs.requestCancel(id, 'me');
  await rig.clock.advance(900);
  expect((await rig.store.runs.get(id)).state).toBe('cancelled');
  expect([first.cleanUps, step.cleanUps]).toEqual([1, 1]);
  expect((await rig.story(id)).slice(-2)).toEqual(['run.cancel-requested', 'run.cancelled']);
  await expect(rig.store.runs.requestCancel(id, 'me')).rejects.toThrow(ConflictError);
});

test('an act is broken off and its end recorded as not known', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('activate', {
    look: () => ({ next: act('follow') }),
    act: async (_view, _action, signal) => {
      await rig.clock.sleep(1e9, signal);
      return null;
    },
  });
  const { id } = await rig.order('activate');
  rig.start([step]);
  await rig.clock.advance(1000);
  await rig.store.runs.requestCancel(id, 'me');
  await rig.clock.advance(900);
  expect((await rig.store.runs.get(id)).state).toBe('cancelled');
  expect(await rig.store.runs.actions(id)).toMatchObject([{ error: { code: 'interrupted' } }]);
  expect(step).toMatchObject({ acts: 1, cleanUps: 1 });
});

test('cancelled while nobody drove it: the next owner cleans up and does nothing else', async () => {
  await using rig = await createEngineRig();
  const first = fakeStep('power-on', { look: () => ({ next: wait('power', 1000) }) });
  const { id } = await rig.order('power-on');
  await rig.serve([first]);
  await rig.store.runs.requestCancel(id, 'me');
  const second = fakeStep('power-on', { look: () => ({ next: act('power-on') }) });
  rig.start([second]);
  await rig.clock.advance(100);
  expect(second).toMatchObject({ looks: 0, acts: 0, cleanUps: 1 });
  expect((await rig.store.runs.get(id)).state).toBe('cancelled');
});

test('a second cancellation during clean-up changes nothing', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('system', {
    look: () => ({ next: wait('x', 1000) }),
    cleanUp: (_view, signal) => rig.clock.sleep(5000, signal),
  });
  const { id } = await rig.order('system');
  rig.start([step]);
  await rig.clock.advance(1000);
  await rig.store.runs.requestCancel(id, 'me');
  await rig.clock.advance(1000);
  await rig.store.runs.requestCancel(id, 'me');
  await rig.clock.advance(5000);
  expect(step.cleanUps).toBe(1);
  const story = await rig.story(id);
  expect(story.filter((line) => line === 'run.cancel-requested')).toHaveLength(1);
  expect(story.at(-1)).toBe('run.cancelled');
});
