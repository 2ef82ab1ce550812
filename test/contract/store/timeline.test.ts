import { describe, expect, test } from 'vitest';
import type { NewEvent } from '../../../src/domain/event.ts';
import { NotFoundError } from '../../../src/foundation/errors.ts';
import { SERVED, STORES } from './contract.ts';

describe.each(STORES)('timeline on $name', ({ open }) => {
  test('numbers are gapless per machine, however many append at once and however many of them fail', async () => {
    await using rig = await open();
    const { store } = rig;
    const machines = [await rig.machine(), await rig.machine({ name: 'm2', macs: [] })];
    const unserializable: NewEvent = { ...SERVED, data: { big: 1n as unknown as number } };
    const appends = Array.from({ length: 120 }, async (_, n) => {
      const machine = machines[n % 2];
      if (machine === undefined) return 0;
      if (n % 5 === 0) {
        await expect(store.timeline.append(machine.id, [SERVED, unserializable])).rejects.toThrow();
        return 0;
      }
      return (await store.timeline.append(machine.id, Array(1 + (n % 3)).fill(SERVED))).length;
    });
    const written = (await Promise.all(appends)).reduce((sum, count) => sum + count, 0);
    const all = await Promise.all(machines.map((machine) => store.timeline.read(machine.id, {})));
    for (const [index, events] of all.entries()) {
      expect(events.map((event) => event.seq)).toEqual(events.map((_, n) => n + 1));
      expect((await store.machines.get(machines[index]?.id ?? '')).lastSeq).toBe(events.length);
    }
    expect(all.flat()).toHaveLength(written + 2);
  });

  test('gives back what was appended, and the same when read', async () => {
    await using rig = await open();
    const { id } = await rig.machine();
    const run = await rig.order(await rig.store.machines.get(id));
    const event: NewEvent = {
      type: 'boot.asked',
      source: 'dhcp',
      data: { a: [1, { b: null }] },
      stage: '0',
      runId: run.id,
      step: 'netboot',
    };
    const [appended] = await rig.store.timeline.append(id, [event]);
    expect(appended).toEqual({ ...event, machineId: id, seq: 3, at: rig.clock.now() });
    expect(await rig.store.timeline.read(id, { afterSeq: 2 })).toEqual([appended]);
    expect((await rig.store.timeline.readRun(run.id, {})).at(-1)).toEqual(appended);
    expect(await rig.store.timeline.append(id, [])).toEqual([]);
  });

  test('the last stage of a batch moves the machine', async () => {
    await using rig = await open();
    const { id } = await rig.machine();
    await rig.clock.advance(5000);
    await rig.store.timeline.append(id, [{ ...SERVED, stage: '0' }, { ...SERVED, stage: '1' }, SERVED]);
    expect(await rig.store.machines.get(id)).toMatchObject({ stage: '1', stageAt: rig.clock.now() });
    await rig.clock.advance(5000);
    await rig.store.timeline.append(id, [SERVED]);
    expect(await rig.store.machines.get(id)).toMatchObject({ stage: '1', stageAt: rig.clock.now() - 5000 });
  });

  test('pages forwards and backwards', async () => {
    await using rig = await open();
    const { id } = await rig.machine();
    await rig.store.timeline.append(id, Array(250).fill(SERVED));
    const page = async (options: Parameters<typeof rig.store.timeline.read>[1]) =>
      (await rig.store.timeline.read(id, options)).map((event) => event.seq);
    expect(await page({ limit: 3 })).toEqual([1, 2, 3]);
    expect(await page({ afterSeq: 249 })).toEqual([250, 251]);
    expect(await page({ beforeSeq: 4 })).toEqual([1, 2, 3]);
    expect(await page({ beforeSeq: 100, limit: 2 })).toEqual([98, 99]);
    expect(await page({ afterSeq: 10, beforeSeq: 20, limit: 2 })).toEqual([11, 12]);
    expect(await page({})).toHaveLength(251);
    expect(await rig.store.timeline.read('nobody', {})).toEqual([]);
  });

  test('an unknown machine is refused', async () => {
    await using rig = await open();
    await expect(rig.store.timeline.append('nobody', [SERVED])).rejects.toThrow(NotFoundError);
  });

  test('listeners are woken after the commit, and not when nothing happened', async () => {
    await using rig = await open();
    const { id } = await rig.machine();
    const { timeline, runs } = rig.store;
    const woken: string[] = [];
    const seen: Promise<number>[] = [];
    const wake = (machineId: string): void => {
      woken.push(machineId);
      seen.push(timeline.read(machineId, {}).then((events) => events.length));
    };
    const listening = timeline.onChange(wake);
    const failing = timeline.onChange(() => {
      throw new Error('a listener of no concern to the writer');
    });
    await timeline.append(id, [SERVED]);
    await expect(timeline.append('nobody', [SERVED])).rejects.toThrow();
    expect(woken).toEqual([id]);
    expect(await seen[0]).toBe(2);
    const run = await rig.order(await rig.store.machines.get(id));
    await runs.requestCancel(run.id, 'me');
    expect(woken).toHaveLength(3);
    listening[Symbol.dispose]();
    failing[Symbol.dispose]();
    await timeline.append(id, [SERVED]);
    expect(woken).toHaveLength(3);
  });
});
