import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../../src/domain/machine.ts';
import { createInventory } from '../../../../src/netboot/inventory.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { sampleMachine } from '../../../support/netboot-ports.ts';

function rig() {
  const clock = createManualClock();
  const asked: string[] = [];
  const machines: Machine[] = [sampleMachine({ name: 'm1', macs: ['a', 'b'], address: '10.0.0.11' })];
  const inventory = createInventory({
    clock,
    machines: {
      async list() {
        asked.push('list');
        return [...machines];
      },
      async findByMac(mac) {
        asked.push(mac);
        return machines.find(({ spec }) => spec.macs.includes(mac));
      },
    },
  });
  return { clock, asked, machines, inventory };
}

describe('inventory', () => {
  it('asks once a second for each MAC and for the addresses', async () => {
    const { clock, asked, inventory } = rig();
    for (let n = 0; n < 3; n++) {
      expect((await inventory.machineByMac('a'))?.id).toBe('id-m1');
      expect(await inventory.machineByMac('x')).toBeUndefined();
      expect([...(await inventory.reserved())]).toEqual(['10.0.0.11']);
    }
    expect(asked).toEqual(['a', 'x', 'list']);
    await clock.advance(1000);
    await inventory.machineByMac('a');
    await inventory.reserved();
    expect(asked).toEqual(['a', 'x', 'list', 'a', 'list']);
  });

  it('knows strangers by the list while that is fresh, and newly declared machines after a second', async () => {
    const { clock, asked, machines, inventory } = rig();
    await inventory.reserved();
    expect(await inventory.machineByMac('new')).toBeUndefined();
    machines.push(sampleMachine({ name: 'm2', macs: ['new'], address: '10.0.0.12' }));
    await clock.advance(1000);
    expect((await inventory.machineByMac('new'))?.id).toBe('id-m2');
    expect(asked).toEqual(['list', 'new']);
  });

  it('reads everything once for all who ask at the same time, and again after a failure', async () => {
    const { asked, inventory } = rig();
    await Promise.all([inventory.reserved(), inventory.reserved()]);
    expect(asked).toEqual(['list']);
    let fails = true;
    const failing = createInventory({
      clock: createManualClock(),
      machines: {
        list: async () => (fails ? Promise.reject(new Error('disk')) : []),
        findByMac: async () => (fails ? Promise.reject(new Error('disk')) : undefined),
      },
    });
    await expect(failing.reserved()).rejects.toThrow('disk');
    await expect(failing.machineByMac('a')).rejects.toThrow('disk');
    fails = false;
    expect((await failing.reserved()).size).toBe(0);
    expect(await failing.machineByMac('a')).toBeUndefined();
  });

  it('does not grow with the addresses that somebody invents', async () => {
    const { asked, inventory } = rig();
    await inventory.machineByMac('a');
    for (let n = 0; n < 8192; n++) await inventory.machineByMac(`x${n}`);
    await inventory.machineByMac('a');
    expect(asked.filter((mac) => mac === 'a').length).toBe(2);
  });
});
