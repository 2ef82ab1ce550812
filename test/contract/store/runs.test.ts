import { describe, expect, test } from 'vitest';
import { LeaseLostError } from '../../../src/domain/lease-lost.ts';
import { ConflictError, NotFoundError } from '../../../src/foundation/errors.ts';
import { STORES, type StoreRig } from './contract.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

async function claimed(rig: StoreRig, owner = 'one') {
  const run = await rig.order(await rig.machine());
  const claim = await rig.store.runs.claim(owner, 15_000);
  return { run, claim, guard: { runId: run.id, owner, fence: 1 } };
}

describe.each(STORES)('runs on $name', ({ open }) => {
  test('an ordered run comes back whole', async () => {
    await using rig = await open();
    const machine = await rig.machine();
    const run = await rig.order(machine);
    expect(run).toEqual(await rig.store.runs.get(run.id));
    expect(run).toMatchObject({
      ...{ machineId: machine.id, state: 'queued', cursor: 0, round: 1, fence: 0, results: {}, error: null },
      ...{ request: { kind: 'boot' }, actor: 'tester', enteredSeq: 0 },
      plan: [{ step: 'power-on' }, { params: { deep: [1, null, 'x'] }, rewind: { to: 0, rounds: 2 } }],
    });
    expect(await rig.store.timeline.readRun(run.id, {})).toMatchObject([
      {
        type: 'run.queued',
        data: { kind: 'boot', params: { kind: 'boot' }, actor: 'tester', steps: ['power-on', 'system'] },
      },
    ]);
    await expect(rig.store.runs.get('nothing')).rejects.toThrow(NotFoundError);
  });

  test('a machine has one active run; the conflict names it', async () => {
    await using rig = await open();
    const machine = await rig.machine();
    const orders = await Promise.allSettled(Array.from({ length: 8 }, () => rig.order(machine)));
    const [first] = orders.flatMap((order) => (order.status === 'fulfilled' ? [order.value] : []));
    const refused = orders.flatMap((order) => (order.status === 'rejected' ? [order.reason] : []));
    expect(refused).toHaveLength(7);
    for (const error of refused) {
      expect(error).toBeInstanceOf(ConflictError);
      expect(error.details).toMatchObject({ runId: first?.id, kind: 'boot' });
    }
    expect((await rig.store.machines.get(machine.id)).lastSeq).toBe(2);
    await rig.store.runs.requestCancel(first?.id ?? '', 'me');
    await rig.order(machine);
  });

  test('an idempotency key gives the same run for a day, to the same actor and order', async () => {
    await using rig = await open();
    const machine = await rig.machine();
    const other = await rig.machine({ name: 'm2', macs: [] });
    const run = await rig.order(machine, 'key');
    expect((await rig.order(machine, 'key')).id).toBe(run.id);
    await expect(rig.order(other, 'key')).rejects.toMatchObject({ code: 'conflict', details: { runId: run.id } });
    await rig.store.runs.requestCancel(run.id, 'me');
    expect((await rig.order(machine, 'key')).id).toBe(run.id);
    await rig.clock.advance(DAY_MS + 1);
    expect((await rig.order(machine, 'key')).id).not.toBe(run.id);
  });

  test('lists newest first, by machine and state, in pages', async () => {
    await using rig = await open();
    const machines = [];
    for (let n = 0; n < 5; n++) machines.push(await rig.machine({ name: `n${n}`, macs: [] }));
    const ids: string[] = [];
    for (const machine of machines) ids.unshift((await rig.order(machine)).id);
    const list = async (filter: Parameters<typeof rig.store.runs.list>[0]) =>
      (await rig.store.runs.list(filter)).map((run) => run.id);
    expect(await list({})).toEqual(ids);
    expect(await list({ limit: 2 })).toEqual(ids.slice(0, 2));
    expect(await list({ limit: 2, before: ids[1] ?? '' })).toEqual(ids.slice(2, 4));
    await rig.store.runs.requestCancel(ids[2] ?? '', 'me');
    expect(await list({ states: ['cancelled'] })).toEqual([ids[2]]);
    expect(await list({ states: [] })).toEqual([]);
    expect(await list({ limit: -1 })).toEqual([]);
    expect(await list({ machineId: machines[0]?.id ?? '', states: ['queued', 'running'] })).toEqual([ids[4]]);
  });

  test('the oldest queued run is claimed once, whoever asks', async () => {
    await using rig = await open();
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push((await rig.order(await rig.machine({ name: `n${n}`, macs: [] }))).id);
    const claims = await Promise.all(Array.from({ length: 10 }, (_, n) => rig.store.runs.claim(`owner${n}`, 15_000)));
    expect(claims.flatMap((run) => (run === undefined ? [] : [run.id])).sort()).toEqual(ids);
    expect(claims[0]).toMatchObject({ id: ids[0], state: 'running', fence: 1, startedAt: rig.clock.now() });
  });

  test('a run whose lease is over is taken over, and the former owner writes nothing more', async () => {
    await using rig = await open();
    const { run, guard } = await claimed(rig);
    await rig.clock.advance(14_000);
    expect(await rig.store.runs.claim('two', 15_000)).toBeUndefined();
    expect(await rig.store.runs.renew(guard, 15_000)).toEqual({ cancelRequestedAt: null });
    await rig.clock.advance(14_000);
    expect(await rig.store.runs.claim('two', 15_000)).toBeUndefined();
    await rig.clock.advance(1000);
    expect(await rig.store.runs.claim('two', 15_000)).toMatchObject({ id: run.id, fence: 2 });
    const { lastSeq } = await rig.store.machines.get('m1');
    await expect(rig.store.runs.renew(guard, 15_000)).rejects.toThrow(LeaseLostError);
    await expect(rig.store.runs.release(guard)).rejects.toThrow(LeaseLostError);
    const event = { type: 'step.waited', source: 'engine', data: { why: 'x' } } as const;
    await expect(rig.store.runs.write(guard, { cursor: 1 }, [event])).rejects.toThrow(LeaseLostError);
    expect((await rig.store.machines.get('m1')).lastSeq).toBe(lastSeq);
    expect((await rig.store.runs.get(run.id)).cursor).toBe(0);
    const events = await rig.store.timeline.readRun(run.id, {});
    expect(events.at(-1)).toMatchObject({ type: 'run.taken-over', data: { fence: 2, why: 'lease-expired' } });
  });

  test('a released lease and all leases ended at start are taken over at once', async () => {
    await using rig = await open();
    const { run, guard } = await claimed(rig);
    await rig.store.runs.release(guard);
    expect(await rig.store.runs.claim('two', 15_000)).toMatchObject({ id: run.id, fence: 2 });
    expect(await rig.store.runs.expireLeases()).toBe(1);
    expect(await rig.store.runs.claim('three', 15_000)).toMatchObject({ id: run.id, fence: 3 });
    expect((await rig.store.timeline.readRun(run.id, {})).at(-1)?.data).toEqual({ fence: 3, why: 'restart' });
  });

  test('a write changes the row, records acts and events, all or none', async () => {
    await using rig = await open();
    const { run, guard } = await claimed(rig);
    const { runs } = rig.store;
    const entered = { type: 'step.entered', source: 'engine', step: 'power-on', data: {} } as const;
    const at = rig.clock.now();
    const after = await runs.write(guard, { cursor: 1, round: 2, stepEnteredAt: at, stepDeadlineAt: at + 5 }, [
      entered,
    ]);
    expect(after).toMatchObject({ cursor: 1, round: 2, stepEnteredAt: at, stepDeadlineAt: at + 5, enteredSeq: 4 });
    expect((await rig.store.timeline.readRun(run.id, {})).at(-1)).toMatchObject({ ...entered, runId: run.id, seq: 4 });
    await runs.write(guard, { result: { planIndex: 0, value: { a: 1 } } }, []);
    await runs.write(guard, { result: { planIndex: 1, value: 'b' } }, []);
    await runs.write(guard, { result: { planIndex: 0, value: { a: 2 } } }, []);
    expect((await runs.get(run.id)).results).toEqual({ 0: { a: 2 }, 1: 'b' });
    const act = { planIndex: 0, round: 1, label: 'on', attempt: 1 };
    await runs.write(guard, { actionStarted: { ...act, detail: { verb: 'on' }, startedAt: at } }, []);
    await expect(
      runs.write(guard, { cursor: 9, actionStarted: { ...act, detail: {}, startedAt: at } }, [entered]),
    ).rejects.toThrow();
    expect((await runs.get(run.id)).cursor).toBe(1);
    const begun = { ...act, detail: { verb: 'on' }, startedAt: at, endedAt: null, result: null, error: null };
    expect(await runs.actions(run.id)).toEqual([begun]);
    const end = { endedAt: at + 3, result: [1, 'x'], error: { code: 'c', message: 'm' } };
    await runs.write(guard, { actionEnded: { ...act, ...end } }, []);
    expect(await runs.actions(run.id)).toEqual([{ ...begun, ...end }]);
    await expect(runs.write(guard, { actionEnded: { ...act, ...end } }, [])).rejects.toThrow('no open start');
  });

  test('an ended run is nobody’s, and the machine is free', async () => {
    await using rig = await open();
    const { run, guard } = await claimed(rig);
    const error = { code: 'x', message: 'y' };
    const ended = await rig.store.runs.write(guard, { state: 'failed', error, endedAt: rig.clock.now() }, []);
    expect(ended).toMatchObject({ state: 'failed', error, endedAt: rig.clock.now() });
    await expect(rig.store.runs.write(guard, {}, [])).rejects.toThrow(LeaseLostError);
    await rig.clock.advance(60_000);
    expect(await rig.store.runs.claim('two', 15_000)).toBeUndefined();
    await expect(rig.store.runs.requestCancel(run.id, 'me')).rejects.toThrow(ConflictError);
    await rig.order(await rig.store.machines.get('m1'));
  });

  test('a running run is told of cancellation, once', async () => {
    await using rig = await open();
    const { run, guard } = await claimed(rig);
    const told = await rig.store.runs.requestCancel(run.id, 'me');
    expect(told).toMatchObject({ state: 'running', cancelRequestedAt: rig.clock.now() });
    await rig.clock.advance(10);
    expect(await rig.store.runs.requestCancel(run.id, 'me')).toEqual(told);
    expect(await rig.store.runs.renew(guard, 15_000)).toEqual({ cancelRequestedAt: told.cancelRequestedAt });
    const types = (await rig.store.timeline.readRun(run.id, {})).map((event) => event.type);
    expect(types).toEqual(['run.queued', 'run.started', 'run.cancel-requested']);
    await expect(rig.store.runs.requestCancel('nothing', 'me')).rejects.toThrow(NotFoundError);
  });
});
