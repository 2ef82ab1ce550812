import { describe, expect, test } from 'vitest';
import { ConflictError, NotFoundError } from '../../../src/foundation/errors.ts';
import { SPEC } from '../../support/step-view.ts';
import { SERVED, STORES } from './contract.ts';

describe.each(STORES)('machines on $name', ({ open }) => {
  test('a declared machine is found by name, id and each MAC address in any case', async () => {
    await using rig = await open();
    const machine = await rig.machine({ macs: ['52:54:00:77:00:01', '52:54:00:77:00:02'] });
    expect(machine).toMatchObject({ source: 'api', stage: 'unknown', lastSeq: 1, createdAt: rig.clock.now() });
    const { machines, timeline } = rig.store;
    expect(await machines.get('m1')).toEqual(machine);
    expect(await machines.get(machine.id)).toEqual(machine);
    expect(await machines.findByMac('52:54:00:77:00:02')).toEqual(machine);
    expect(await machines.findByMac('52:54:00:77:00:01'.toUpperCase())).toEqual(machine);
    expect(await machines.findByMac('00:00:00:00:00:00')).toBeUndefined();
    expect(await timeline.read(machine.id, {})).toMatchObject([
      { seq: 1, type: 'machine.declared', source: 'api', data: { actor: 'tester' } },
    ]);
    await expect(machines.get('m2')).rejects.toThrow(NotFoundError);
  });

  test('the specification comes back as it went in', async () => {
    await using rig = await open();
    const machine = await rig.machine();
    expect((await rig.store.machines.get(machine.id)).spec).toEqual(SPEC);
  });

  test('names and MAC addresses are unique, and the conflict says whose they are', async () => {
    await using rig = await open();
    await rig.machine();
    await expect(rig.machine({ macs: [] })).rejects.toThrow(ConflictError);
    const sameMac = rig.machine({ name: 'm2' });
    await expect(sameMac).rejects.toMatchObject({ code: 'conflict', details: { mac: SPEC.macs[0], owner: 'm1' } });
    expect(await rig.store.machines.list()).toHaveLength(1);
  });

  test('lists by name', async () => {
    await using rig = await open();
    for (const name of ['c', 'a', 'b']) await rig.machine({ name, macs: [] });
    expect((await rig.store.machines.list()).map((machine) => machine.spec.name)).toEqual(['a', 'b', 'c']);
  });

  test('a change names the fields that differ, moves MAC addresses, and is no event when nothing differs', async () => {
    await using rig = await open();
    const { id } = await rig.machine();
    const { machines, timeline } = rig.store;
    rig.clock.advance(1000);
    const spec = { ...SPEC, macs: ['52:54:00:77:00:09'], address: '10.77.0.99' };
    const changed = await machines.change('m1', spec, 'config', 'file');
    expect(changed).toMatchObject({ id, spec, source: 'config', lastSeq: 2 });
    expect(await machines.findByMac('52:54:00:77:00:01')).toBeUndefined();
    expect((await machines.findByMac('52:54:00:77:00:09'))?.id).toBe(id);
    expect((await timeline.read(id, { afterSeq: 1 })).map((event) => event.data)).toEqual([
      { actor: 'file', fields: ['address', 'macs'] },
    ]);
    expect((await machines.change('m1', spec, 'config', 'file')).lastSeq).toBe(2);
    await expect(machines.change('m1', SPEC, 'api', 'me')).rejects.toThrow(ConflictError);
    await expect(machines.change('nobody', SPEC, 'api', 'me')).rejects.toThrow(NotFoundError);
  });

  test('a change to a taken name is refused', async () => {
    await using rig = await open();
    await rig.machine();
    await rig.machine({ name: 'm2', macs: [] });
    await expect(rig.store.machines.change('m2', SPEC, 'api', 'me')).rejects.toThrow(ConflictError);
    expect((await rig.store.machines.get('m2')).lastSeq).toBe(1);
  });

  test('a removed machine is gone, its name is free, and its events stay', async () => {
    await using rig = await open();
    const machine = await rig.machine();
    const { machines, timeline } = rig.store;
    const run = await rig.order(machine);
    await expect(machines.remove('m1', 'me')).rejects.toMatchObject({ code: 'conflict', details: { runId: run.id } });
    await rig.store.runs.requestCancel(run.id, 'me');
    await machines.remove('m1', 'me');
    await expect(machines.get(machine.id)).rejects.toThrow(NotFoundError);
    expect(await machines.findByMac('52:54:00:77:00:01')).toBeUndefined();
    await expect(timeline.append(machine.id, [SERVED])).rejects.toThrow(NotFoundError);
    await expect(rig.order(machine)).rejects.toThrow(NotFoundError);
    const types = (await timeline.read(machine.id, {})).map((event) => event.type);
    expect(types).toEqual([
      'machine.declared',
      'run.queued',
      'run.cancel-requested',
      'run.cancelled',
      'machine.removed',
    ]);
    const again = await rig.machine();
    expect(again.id).not.toBe(machine.id);
    expect(await timeline.read(machine.id, {})).toHaveLength(5);
    await expect(machines.remove('nobody', 'me')).rejects.toThrow(NotFoundError);
  });
});
