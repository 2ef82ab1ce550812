import { expect, test } from 'vitest';
import { LeaseLostError } from '../../../src/domain/lease-lost.ts';
import { act, createEngineRig, done, fakeStep, wait } from '../../support/engine-rig.ts';

test('a graceful stop lets go of the run, and a restart goes on at once', async () => {
  await using rig = await createEngineRig();
  const before = fakeStep('system', { look: () => ({ next: wait('x', 50_000) }) });
  const { id } = await rig.order('system');
  const stop = rig.start([before]);
  await rig.clock.advance(100);
  await stop();
  expect((await rig.store.runs.get(id)).state).toBe('running');
  const after = fakeStep('system', { look: () => ({ next: done() }) });
  rig.start([after], { exclusive: false });
  await rig.clock.advance(100);
  expect((await rig.store.runs.get(id)).state).toBe('succeeded');
  const taken = (await rig.events()).find((event) => event.type === 'run.taken-over');
  expect(taken?.data).toEqual({ fence: 2, why: 'restart' });
});

test('a stop lets an act end within its time, and begins no other', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('power-on', {
    look: () => ({ next: act('power-on') }),
    act: async (_view, _action, signal) => {
      await rig.clock.sleep(2000, signal);
      return 'accepted';
    },
  });
  const { id } = await rig.order('power-on');
  const stop = rig.start([step]);
  await rig.clock.advance(1000);
  await stop();
  expect(step.acts).toBe(1);
  expect(await rig.store.runs.actions(id)).toMatchObject([{ result: 'accepted', error: null }]);
  expect((await rig.store.runs.get(id)).state).toBe('running');
});

test('an act that does not end in that time stays open in the record, and is looked at before it is done again', async () => {
  await using rig = await createEngineRig();
  const before = fakeStep('activate', {
    look: () => ({ next: act('follow') }),
    act: async (_view, _action, signal) => {
      await rig.clock.sleep(1e9, signal);
      return null;
    },
  });
  const { id } = await rig.order('activate');
  const stop = rig.start([before]);
  await rig.clock.advance(1000);
  await stop();
  expect(await rig.store.runs.actions(id)).toMatchObject([{ endedAt: null, error: null }]);
  const open: unknown[] = [];
  const after = fakeStep('activate', {
    look(view) {
      open.push(view.actions[0]?.endedAt);
      return { next: view.actions.length === 1 ? act('follow') : done() };
    },
  });
  rig.start([after]);
  await rig.clock.advance(100);
  expect(open[0]).toBeNull();
  expect((await rig.store.runs.actions(id)).map((record) => [record.attempt, record.endedAt === null])).toEqual([
    [1, true],
    [2, false],
  ]);
});

test('a deadline that passed while nobody was there leaves time for a look', async () => {
  await using rig = await createEngineRig();
  const before = fakeStep('system', { look: () => ({ next: wait('x', 50_000) }) });
  const { id } = await rig.order({ step: 'system', params: {}, deadlineMs: 30_000 });
  await rig.serve([before]);
  await rig.clock.advance(300_000);
  const after = fakeStep('system', { look: () => ({ next: done() }) });
  rig.start([after]);
  await rig.clock.advance(100);
  expect((await rig.store.runs.get(id)).state).toBe('succeeded');
});

test('but not for ever', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('system', { look: () => ({ facts: { seen: 'nobody' }, next: wait('x', 1000) }) });
  const { id } = await rig.order({ step: 'system', params: {}, deadlineMs: 30_000 });
  await rig.serve([step]);
  await rig.clock.advance(300_000);
  rig.start([step]);
  await rig.clock.advance(9000);
  expect((await rig.store.runs.get(id)).state).toBe('running');
  await rig.clock.advance(1500);
  expect((await rig.store.runs.get(id)).error?.message).toContain('last seen: nobody');
});

test('a failure that was on record before the crash is not tried again, only cleaned up', async () => {
  await using rig = await createEngineRig();
  const before = fakeStep('unlock', {
    look: () => ({ next: { kind: 'fail', error: { code: 'wrong-passphrase', message: 'no' } } }),
    cleanUp: (_view, signal) => rig.clock.sleep(1e9, signal),
  });
  const { id } = await rig.order('unlock');
  const stop = rig.start([before]);
  await rig.clock.advance(100);
  await stop();
  expect((await rig.store.runs.get(id)).state).toBe('running');
  const after = fakeStep('unlock', { look: () => ({ next: act('send-passphrase') }) });
  rig.start([after]);
  await rig.clock.advance(100);
  expect(after).toMatchObject({ looks: 0, acts: 0, cleanUps: 1 });
  expect(await rig.store.runs.get(id)).toMatchObject({ state: 'failed', error: { code: 'wrong-passphrase' } });
});

test('a run that was claimed too often is given up', async () => {
  await using rig = await createEngineRig();
  const { id } = await rig.order('system');
  for (let n = 0; n < 3; n++) {
    await rig.store.runs.claim('dead', 1);
    await rig.clock.advance(10);
  }
  const step = fakeStep('system', { look: () => ({ next: done() }) });
  rig.start([step], { maximumClaims: 3 });
  await rig.clock.advance(100);
  expect(step.looks + step.cleanUps).toBe(0);
  expect((await rig.store.runs.get(id)).error).toMatchObject({ code: 'claimed-too-often', step: 'system' });
});

test('an owner that cannot renew stops itself before its lease ends, and writes nothing more', async () => {
  await using rig = await createEngineRig();
  let broken = false;
  const runs = {
    ...rig.store.runs,
    renew: (...args: Parameters<typeof rig.store.runs.renew>) =>
      broken ? new Promise<never>(() => undefined) : rig.store.runs.renew(...args),
  };
  let stoppedAt: number | undefined;
  const step = fakeStep('activate', {
    look: () => ({ next: act('follow') }),
    act: async (_view, _action, signal) => {
      signal.addEventListener('abort', () => {
        stoppedAt = rig.clock.now();
      });
      await rig.clock.sleep(1e9, signal);
      return null;
    },
  });
  await rig.order({ step: 'activate', params: {}, deadlineMs: 600_000 });
  rig.start([step], { parallel: 1 }, { ...rig.store, runs });
  await rig.clock.advance(10_000);
  broken = true;
  const brokenAt = rig.clock.now();
  await rig.clock.advance(11_500);
  expect(stoppedAt).toBeUndefined();
  const { lastSeq } = await rig.store.machines.get('m1');
  await rig.clock.advance(1000);
  expect((stoppedAt ?? 0) - brokenAt).toBe(12_000);
  expect((await rig.store.machines.get('m1')).lastSeq).toBe(lastSeq);
});

test('an owner that was overtaken writes nothing and does not act', async () => {
  await using rig = await createEngineRig();
  const step = fakeStep('power-on', {
    async look(_view, n) {
      // While this owner looks, its lease is ended and somebody else claims the run.
      if (n === 1) {
        await rig.store.runs.expireLeases();
        await rig.store.runs.claim('other', 600_000);
      }
      return { facts: { n }, next: act('power-on') };
    },
  });
  const { id } = await rig.order('power-on');
  rig.start([step]);
  await rig.clock.advance(30_000);
  expect(step).toMatchObject({ looks: 1, acts: 0, cleanUps: 0 });
  expect((await rig.story(id)).at(-1)).toBe('run.taken-over');
  await rig.store.runs.renew({ runId: id, owner: 'other', fence: 2 }, 1000);
  await expect(rig.store.runs.renew({ runId: id, owner: 'other', fence: 1 }, 1000)).rejects.toThrow(LeaseLostError);
});

test('a store that cannot write keeps the act from happening; the run goes on when it can again', async () => {
  await using rig = await createEngineRig();
  let full = true;
  const runs = {
    ...rig.store.runs,
    write: (...args: Parameters<typeof rig.store.runs.write>) =>
      full && args[1].actionStarted ? Promise.reject(new Error('disk full')) : rig.store.runs.write(...args),
  };
  const step = fakeStep('power-on', { look: (view) => ({ next: view.actions.length === 0 ? act('on') : done() }) });
  const { id } = await rig.order({ step: 'power-on', params: {}, deadlineMs: 600_000 });
  rig.start([step], {}, { ...rig.store, runs });
  await rig.clock.advance(10_000);
  expect(step.acts).toBe(0);
  full = false;
  await rig.clock.advance(20_000);
  expect(step.acts).toBe(1);
  expect((await rig.store.runs.get(id)).state).toBe('succeeded');
});
