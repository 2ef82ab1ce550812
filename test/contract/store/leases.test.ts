import { describe, expect, test } from 'vitest';
import type { Lease } from '../../../src/domain/ports/netboot.ts';
import { STORES } from './contract.ts';

const lease = (n: number, mac: string, state: Lease['state'] = 'bound'): Lease => ({
  address: `10.0.${n >> 8}.${n & 255}`,
  mac,
  expiresAt: Number.MAX_SAFE_INTEGER,
  state,
});
const mac = (n: number): string =>
  `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;

describe.each(STORES)('many leases at once on $name', ({ open }) => {
  test.each([0, 1, 5, 64, 85, 300])('%i of them', async (count) => {
    await using rig = await open();
    const { leases } = rig.store;
    await leases.putAll(Array.from({ length: count }, (_, n) => lease(n, mac(n))));
    expect(await leases.list()).toHaveLength(count);
    // Everybody moves by one address.
    await leases.putAll(Array.from({ length: count }, (_, n) => lease(n + 1, mac(n))));
    expect(await leases.list()).toHaveLength(count);
    for (let n = 0; n < count; n += 37) expect((await leases.ofMac(mac(n)))?.address).toBe(lease(n + 1, '').address);
  });

  test('an address that is set aside takes no lease of that MAC, and gives way to a new lease', async () => {
    await using rig = await open();
    const { leases } = rig.store;
    await leases.putAll([lease(1, mac(1)), lease(2, mac(2))]);
    await leases.put(lease(3, mac(1), 'declined'));
    expect((await leases.ofMac(mac(1)))?.address).toBe('10.0.0.1');
    await leases.put(lease(1, mac(1), 'declined'));
    expect(await leases.ofMac(mac(1))).toBeUndefined();
    await leases.put(lease(1, mac(2)));
    expect((await leases.list()).map(({ address, state }) => [address, state])).toEqual([
      ['10.0.0.1', 'bound'],
      ['10.0.0.3', 'declined'],
    ]);
  });

  test('all or none', async () => {
    await using rig = await open();
    const { leases } = rig.store;
    const some = Array.from({ length: 8 }, (_, n) => lease(n, mac(n === 7 ? 6 : n)));
    await expect(leases.putAll(some)).rejects.toThrow();
    expect(await leases.list()).toEqual([]);
  });
});
