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

/** A store that keeps what was written together. */
function spied(fails: (batch: readonly Lease[]) => boolean = () => false) {
  const store = memoryLeases();
  const batches: string[][] = [];
  const leases: Leases = {
    ...store,
    async putAll(all) {
      batches.push(all.map(({ address }) => address));
      if (fails(all)) throw new Error('disk full');
      await store.putAll(all);
    },
  };
  return { batches, store, table: createLeaseTable({ leases }) };
}

describe('lease table', () => {
  it('writes the leases of one moment together, and shows them once they are written', async () => {
    const { batches, store, table } = spied();
    const writes = ['1', '2', '3'].map((n) => table.put(lease(`10.0.0.${n}`, n)));
    expect(table.at('10.0.0.1')).toBeUndefined();
    await Promise.all(writes);
    expect(batches).toEqual([['10.0.0.1', '10.0.0.2', '10.0.0.3']]);
    expect(table.of('2')).toEqual(await store.ofMac('2'));
  });

  it('keeps the order of what concerns the same address or MAC', async () => {
    const { batches, store, table } = spied();
    const [a, b] = ['10.0.0.1', '10.0.0.2'];
    await Promise.all([table.put(lease(a, 'x')), table.put(lease(b, 'x')), table.remove(b), table.put(lease(b, 'y'))]);
    expect(batches).toEqual([[a], [b], [b]]);
    expect([table.at(a), table.of('x'), table.at(b)?.mac]).toEqual([undefined, undefined, 'y']);
    expect([await store.ofAddress(a), await store.ofMac('x')]).toEqual([undefined, undefined]);
  });

  it('leaves a MAC its lease when an address is set aside in its name', async () => {
    const { table } = spied();
    await table.put(lease('10.0.0.1', 'x'));
    await table.put(lease('10.0.0.2', 'x', 'declined'));
    expect(table.of('x')?.address).toBe('10.0.0.1');
    await table.put(lease('10.0.0.1', 'x', 'declined'));
    expect(table.of('x')).toBeUndefined();
  });

  it('tells who asked that it could not be written, keeps nothing of it, and goes on', async () => {
    const { table } = spied((all) => all.some(({ mac }) => mac === 'bad'));
    await expect(table.put(lease('10.0.0.1', 'bad'))).rejects.toThrow('disk full');
    expect(table.at('10.0.0.1')).toBeUndefined();
    await table.put(lease('10.0.0.1', 'good'));
    expect(table.at('10.0.0.1')?.mac).toBe('good');
  });

  it('begins with what the store has', async () => {
    const { store, table } = spied();
    await store.put(lease('10.0.0.1', 'x'));
    await table.load();
    expect(table.of('x')?.address).toBe('10.0.0.1');
  });
});
