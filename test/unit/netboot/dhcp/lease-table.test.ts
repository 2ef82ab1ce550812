import { describe, expect, it } from 'vitest';
import type { Lease, Leases } from '../../../../src/domain/ports/netboot.ts';
import { createLeaseTable } from '../../../../src/netboot/dhcp/lease-table.ts';
import { memoryLeases } from '../../../support/netboot-ports.ts';

const lease = (address: string, mac: string, state: Lease['state'] = 'bound'): Lease => ({
  address,
  mac,
  expiresAt: 1000,
  state,
});

/** A store whose disk has no room for some. */
function rig(fails: (lease: Lease) => boolean = () => false) {
  const store = memoryLeases();
  const leases: Leases = {
    ...store,
    async put(one) {
      if (fails(one)) throw new Error('disk full');
      await store.put(one);
    },
  };
  return { store, table: createLeaseTable({ leases }) };
}

describe('lease table', () => {
  it('shows leases once they are written', async () => {
    const { store, table } = rig();
    const writes = ['1', '2', '3'].map((n) => table.put(lease(`10.0.0.${n}`, n)));
    expect(table.at('10.0.0.1')).toBeUndefined();
    await Promise.all(writes);
    expect(table.of('2')).toEqual(await store.ofMac('2'));
    await table.putAll([lease('10.0.0.4', '4'), lease('10.0.0.5', '5')]);
    expect(table.of('5')).toEqual(await store.ofMac('5'));
  });

  it('keeps the order of what concerns the same address or MAC', async () => {
    const { store, table } = rig();
    const [a, b] = ['10.0.0.1', '10.0.0.2'];
    await Promise.all([table.put(lease(a, 'x')), table.put(lease(b, 'x')), table.remove(b), table.put(lease(b, 'y'))]);
    expect([table.at(a), table.of('x'), table.at(b)?.mac]).toEqual([undefined, undefined, 'y']);
    expect([await store.ofAddress(a), await store.ofMac('x')]).toEqual([undefined, undefined]);
  });

  it('leaves a MAC its lease when an address is set aside in its name', async () => {
    const { table } = rig();
    await table.put(lease('10.0.0.1', 'x'));
    await table.put(lease('10.0.0.2', 'x', 'declined'));
    expect(table.of('x')?.address).toBe('10.0.0.1');
    await table.put(lease('10.0.0.1', 'x', 'declined'));
    expect(table.of('x')).toBeUndefined();
  });

  it('tells who asked that it could not be written, keeps nothing of it, and goes on', async () => {
    const { table } = rig(({ mac }) => mac === 'bad');
    await expect(table.put(lease('10.0.0.1', 'bad'))).rejects.toThrow('disk full');
    expect(table.at('10.0.0.1')).toBeUndefined();
    await table.put(lease('10.0.0.1', 'good'));
    expect(table.at('10.0.0.1')?.mac).toBe('good');
  });

  it('begins with what the store has', async () => {
    const { store, table } = rig();
    await store.put(lease('10.0.0.1', 'x'));
    await table.load();
    expect(table.of('x')?.address).toBe('10.0.0.1');
  });
});
