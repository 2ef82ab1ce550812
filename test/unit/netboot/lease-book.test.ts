import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/foundation/log.ts';
import type { AddressProbe } from '../../../src/netboot/dhcp/address-probe.ts';
import { createLeaseBook, type LeaseClient } from '../../../src/netboot/dhcp/lease-book.ts';
import { createLeaseTable } from '../../../src/netboot/dhcp/lease-table.ts';
import { subnetsOf } from '../../../src/netboot/dhcp/subnets.ts';
import type { InterfaceOptions } from '../../../src/netboot/options.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { memoryLeases } from '../../support/netboot-ports.ts';

const own: InterfaceOptions = {
  name: 'eth0',
  address: { address: '10.0.0.1', prefixLength: 24 },
  mode: 'full',
  leaseSeconds: 60,
  dns: [],
  pool: { from: '10.0.0.1', to: '10.0.0.4' },
  subnets: [{ network: { address: '10.1.0.0', prefixLength: 24 }, pool: { from: '10.1.0.8', to: '10.1.0.9' } }],
};
const signal = new AbortController().signal;
const first: LeaseClient = { mac: 'a', pooled: true, reserved: '10.0.0.2' };
const card = (mac: string): LeaseClient => ({ mac, pooled: true });

function book(options: { probe?: AddressProbe; interface?: Partial<InterfaceOptions> } = {}) {
  const clock = createManualClock();
  const store = memoryLeases();
  const leases = createLeaseTable({ leases: store });
  const inventory = { reserved: async () => new Set(['10.0.0.2', '192.168.0.2']) };
  const where = { ...own, ...options.interface };
  const subnets = subnetsOf(where);
  const probe = options.probe === undefined ? {} : { probe: options.probe };
  const made = createLeaseBook({ leases, inventory, clock, log: silentLog, ...probe }, where, subnets);
  const [near, far] = subnets;
  if (near === undefined || far === undefined) throw new Error('two networks');
  const offer = (client: LeaseClient, wanted?: string) => made.offer(client, near, wanted, signal);
  return { clock, store, leases, book: made, near, far, offer };
}

describe('lease book', () => {
  it("gives a machine's first card its own address, and nothing where that is on another network", async () => {
    const { book: b, near, far, offer } = book();
    expect(await offer(first)).toBe('10.0.0.2');
    expect(await b.recorded(first, near)).toBe('10.0.0.2');
    expect(await b.offer(first, far, undefined, signal)).toBeUndefined();
    expect(await offer({ ...first, reserved: '192.168.0.2' })).toBeUndefined();
  });

  it('never gives out our own address nor a reserved one, and gives no address twice', async () => {
    const { offer } = book();
    const given = await Promise.all(['b', 'c', 'd'].map((mac) => offer(card(mac))));
    expect(given).toEqual(['10.0.0.3', '10.0.0.4', undefined]);
  });

  it('gives an address of the network that the client is on', async () => {
    const { book: b, far, offer } = book();
    expect(await b.offer(card('b'), far, undefined, signal)).toBe('10.1.0.8');
    expect(await offer(card('b'))).toBe('10.0.0.3');
  });

  it('gives the address asked for when it is free, and another when not', async () => {
    const { offer } = book();
    expect(await offer(card('b'), '10.0.0.4')).toBe('10.0.0.4');
    expect(await offer(card('c'), '10.0.0.4')).toBe('10.0.0.3');
    expect(await offer(card('d'), '10.0.0.2')).toBeUndefined();
  });

  it('keeps the last holder his address as long as another is free', async () => {
    const { clock, book: b, offer } = book();
    await b.grant(card('b'), '10.0.0.3', 60);
    await clock.advance(61_000);
    expect(await offer(card('c'))).toBe('10.0.0.3');
    await clock.advance(61_000);
    expect(await offer(card('d'))).toBe('10.0.0.4');
    expect(await offer(card('b'))).toBe('10.0.0.3');
  });

  it('frees an offer after a minute, and a lease when it expires', async () => {
    const { clock, book: b, offer } = book();
    await b.grant(card('b'), '10.0.0.3', 60);
    await offer(card('c'));
    expect(await offer(card('d'))).toBeUndefined();
    await clock.advance(61_000);
    expect(await offer(card('d'))).toBeDefined();
    expect(await offer(card('e'))).toBeDefined();
  });

  it('keeps a granted address for its card and releases it only to its holder', async () => {
    const { store, book: b, near, offer } = book();
    await b.grant(card('b'), '10.0.0.4', 60);
    expect(await offer(card('b'))).toBe('10.0.0.4');
    await b.release('c', '10.0.0.4');
    expect(await store.ofAddress('10.0.0.4')).toBeDefined();
    await b.release('b', '10.0.0.4');
    expect(await store.ofAddress('10.0.0.4')).toBeUndefined();
    expect(await b.isFree(card('c'), near, '10.0.0.4')).toBe(true);
  });

  it('grants an address that two ask for at the same moment to one of them', async () => {
    const { store, book: b, near } = book();
    const ask = async (mac: string): Promise<boolean> =>
      (await b.isFree(card(mac), near, '10.0.0.4')) && b.grant(card(mac), '10.0.0.4', 60);
    expect(await Promise.all([ask('b'), ask('c')])).toEqual([true, false]);
    expect(await store.ofAddress('10.0.0.4')).toMatchObject({ mac: 'b' });
    expect(await b.grant(card('c'), '10.0.0.4', 60)).toBe(false);
  });

  it('finds a released address although the pool was found empty just before', async () => {
    const { book: b, offer } = book();
    await b.grant(card('b'), '10.0.0.3', 60);
    await b.grant(card('c'), '10.0.0.4', 60);
    expect(await offer(card('d'))).toBeUndefined();
    await b.release('c', '10.0.0.4');
    expect(await offer(card('d'))).toBe('10.0.0.4');
  });

  it('sets an address aside that a client found in use, but no reserved one and none of others', async () => {
    const { store, book: b, offer } = book();
    await b.grant(card('b'), '10.0.0.3', 60);
    expect(await b.decline('x', '10.0.0.3')).toBe(false);
    expect(await b.decline('b', '10.0.0.3')).toBe(true);
    expect(await store.ofAddress('10.0.0.3')).toMatchObject({ state: 'declined' });
    expect(await offer(card('b'))).toBe('10.0.0.4');
    await b.grant(first, '10.0.0.2', 60);
    expect(await b.decline('a', '10.0.0.2')).toBe(false);
  });

  it('has no pool in mode reservations', async () => {
    const { book: b, near, offer } = book({ interface: { mode: 'reservations' } });
    expect(await offer(first)).toBe('10.0.0.2');
    expect(await offer(card('b'))).toBeUndefined();
    expect(await b.isFree(card('b'), near, '10.0.0.3')).toBe(false);
  });
});

describe('an address that somebody has without a lease', () => {
  const had = (holders: Readonly<Record<string, string>>) => {
    const asked: string[] = [];
    const probe: AddressProbe = {
      async holderOf(address) {
        asked.push(address);
        return holders[address];
      },
    };
    return { asked, probe };
  };

  it('is set aside, and the next one offered', async () => {
    const { asked, probe } = had({ '10.0.0.3': 'zz' });
    const { store, offer } = book({ probe });
    expect(await offer(card('b'))).toBe('10.0.0.4');
    expect(asked).toEqual(['10.0.0.3', '10.0.0.4']);
    expect(await store.ofAddress('10.0.0.3')).toMatchObject({ state: 'declined', mac: 'zz' });
    expect(await offer(card('b'))).toBe('10.0.0.4');
    expect(asked.length).toBe(2);
  });

  it('is no other host when it is the client, or whose lease ran out', async () => {
    const { probe } = had({ '10.0.0.3': 'b', '10.0.0.4': 'c' });
    const { clock, book: b, offer } = book({ probe });
    expect(await offer(card('b'))).toBe('10.0.0.3');
    await b.grant(card('c'), '10.0.0.4', 60);
    await clock.advance(60_000);
    expect(await offer(card('d'))).toBe('10.0.0.4');
  });

  it('is not looked for behind a relay, nor when it is reserved', async () => {
    const { asked, probe } = had({});
    const { book: b, far, offer } = book({ probe });
    await b.offer(card('b'), far, undefined, signal);
    await offer(first);
    expect(asked).toEqual([]);
  });
});
