import { describe, expect, it } from 'vitest';
import { createLeaseBook } from '../../../src/netboot/dhcp/lease-book.ts';
import { type InterfaceOptions, servedInterface, subnetMask } from '../../../src/netboot/options.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { memoryLeases, memoryMachines, sampleMachine } from '../../support/netboot-ports.ts';

const own: InterfaceOptions = {
  name: 'eth0',
  address: { address: '10.0.0.1', prefixLength: 24 },
  mode: 'full',
  leaseSeconds: 60,
  dns: [],
  pool: { from: '10.0.0.1', to: '10.0.0.4' },
};
const m1 = sampleMachine({ name: 'm1', macs: ['a', 'b', 'c', 'd', 'e'], address: '10.0.0.2' });
const away = sampleMachine({ name: 'm2', macs: ['x'], address: '192.168.0.2' });

function book() {
  const clock = createManualClock();
  const leases = memoryLeases();
  return { clock, leases, book: createLeaseBook({ leases, machines: memoryMachines([m1, away]), clock }, own) };
}

describe('lease book', () => {
  it("gives a machine's first card its own address, and nothing where that is on another network", async () => {
    const { book: b } = book();
    expect(await b.assign(m1, 'a')).toBe('10.0.0.2');
    expect(await b.assign(away, 'x')).toBeUndefined();
  });

  it('never gives out our own address nor a reserved one, and gives no address twice', async () => {
    const { book: b } = book();
    const given = await Promise.all(['b', 'c', 'd'].map((mac) => b.assign(m1, mac)));
    expect(given).toEqual(['10.0.0.3', '10.0.0.4', undefined]);
  });

  it('frees an offer after a minute, and a lease when it expires', async () => {
    const { clock, book: b } = book();
    expect(await b.assign(m1, 'b')).toBe('10.0.0.3');
    await clock.advance(61_000);
    expect(await b.assign(m1, 'c')).toBe('10.0.0.3');
  });

  it('keeps a granted address for its card and releases it only to its holder', async () => {
    const { leases, book: b } = book();
    await b.grant('b', '10.0.0.4');
    expect(await b.assign(m1, 'b')).toBe('10.0.0.4');
    await b.release('c', '10.0.0.4');
    expect(await leases.ofAddress('10.0.0.4')).toBeDefined();
    await b.release('b', '10.0.0.4');
    expect(await leases.ofAddress('10.0.0.4')).toBeUndefined();
  });

  it('sets an address aside that a client found in use, but no reserved one', async () => {
    const { leases, book: b } = book();
    await b.grant('b', '10.0.0.3');
    expect(await b.decline('b', '10.0.0.3')).toBe(true);
    expect(await leases.ofAddress('10.0.0.3')).toMatchObject({ state: 'declined' });
    expect(await b.assign(m1, 'b')).toBe('10.0.0.4');
    await b.grant('a', '10.0.0.2');
    expect(await b.decline('c', '10.0.0.2')).toBe(false);
  });
});

describe('interfaces', () => {
  const off = { ...own, mode: 'off' } as const;
  it('serves the only enabled one', () => {
    expect(servedInterface([off, own])?.name).toBe('eth0');
    expect(servedInterface([off])).toBeUndefined();
  });
  it('refuses two, saying why and what to do', () => {
    expect(() => servedInterface([own, { ...own, name: 'eth1' }])).toThrow(
      /eth0, eth1 are enabled.*one interface only.*mode: off/,
    );
  });
  it.each([
    { from: '10.0.0.9', to: '10.0.0.3' },
    { from: '10.0.1.1', to: '10.0.1.9' },
  ])('refuses the pool %o', (pool) => {
    expect(() => servedInterface([{ ...own, pool }])).toThrow(/pool/);
  });
  it.each([
    [8, '255.0.0.0'],
    [24, '255.255.255.0'],
    [30, '255.255.255.252'],
    [32, '255.255.255.255'],
  ])('mask of /%i', (length, mask) => {
    expect(subnetMask(length)).toBe(mask);
  });
});
