import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derivedAddresses, linksOf, macBehind } from '../../../../src/netboot/dhcpv6/links.ts';
import { routerAdvertisementsOf } from '../../../../src/netboot/dhcpv6/router-advertisements.ts';
import { createPeers } from '../../../../src/netboot/peers.ts';
import { eui64Address, inIpv6Prefix } from '../../../../src/protocols/dhcpv6/ipv6.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { memoryLeases, memoryMachines, sampleMachine } from '../../../support/netboot-ports.ts';

const MAC = '52:54:00:77:06:01';
const own = { address: { address: 'fd00:93::1', prefixLength: 64 }, mode: 'full' } as const;
const links = linksOf({ ...own, subnets: [{ network: { address: 'fd00:94::', prefixLength: 48 } }] });
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((all) =>
  Buffer.from(all)
    .toString('hex')
    .replace(/..(?!$)/g, '$&:'),
);

describe('addresses made of a MAC', () => {
  it('lie in the pool, are of one card only, and tell it', () => {
    const pools = [64, 70, 79, 80].map((prefixLength) => ({ address: 'fd00:93:0:0:8000::', prefixLength }));
    fc.assert(
      fc.property(mac, mac, fc.constantFrom(...pools), (one, other, pool) => {
        const [link] = linksOf({ ...own, pool });
        if (link === undefined) throw new Error('no link');
        const [mine, others] = [derivedAddresses(link, one), derivedAddresses(link, other)];
        expect(mine.length).toBe(pool.prefixLength === 80 ? 1 : pool.prefixLength === 79 ? 2 : 4);
        expect(mine.every((each) => inIpv6Prefix(each, pool))).toBe(true);
        if (one !== other) expect(mine.some((each) => others.includes(each))).toBe(false);
        expect(mine.map((each) => macBehind(each, [link]))).toEqual(mine.map(() => one));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it.each([
    ['fe80::5054:ff:fe77:601', MAC],
    ['fd00:93::5054:ff:fe77:601', MAC],
    ['fd00:93::5254:77:601', MAC],
    ['fd00:93::3:5254:77:601', MAC],
    ['fd00:94:0:7:5054:ff:fe77:601', MAC],
    // Of a network that is not ours, made of another MAC, or of nothing.
    ['fd00:95::5054:ff:fe77:601', undefined],
    ['2001:db8::5254:77:601', undefined],
    ['fe80:0:0:1:5054:ff:fe77:601', undefined],
    ['fd00:93::4:5254:77:601', undefined],
    ['fd00:93::9:2:3:4', undefined],
  ])('%s', (address, expected) => expect(macBehind(address, links)).toBe(expected));
});

describe('whose address it is that asks', () => {
  const machines = memoryMachines([
    sampleMachine({ name: 'm1', macs: [MAC], address: '10.0.0.11', address6: 'FD00:93::0:11' }),
    sampleMachine({ name: 'm2', macs: ['52:54:00:77:06:02'], address: '10.0.0.12' }),
  ]);
  const peers = createPeers({ leases: memoryLeases(), machines, clock: createManualClock(), links });

  it.each([
    'fd00:93::11',
    'fd00:93::5254:77:601',
    eui64Address(MAC, 'fd00:93::'),
    `${eui64Address(MAC, 'fe80::')}%eth0`,
  ])('%s is the first machine', async (address) => {
    const [m1, m2] = await machines.list();
    if (m1 === undefined || m2 === undefined) throw new Error('no machines');
    expect(await peers.belongsTo(address, m1)).toBe(true);
    expect(await peers.belongsTo(address, m2)).toBe(false);
    expect((await peers.machineAt(address))?.spec.name).toBe('m1');
  });

  it.each(['fd00:93::12', 'fd00:95::5254:77:601', eui64Address(MAC, 'fd00:95::'), '::1'])(
    '%s is nobody',
    async (address) => {
      const [m1] = await machines.list();
      if (m1 === undefined) throw new Error('no machine');
      expect(await peers.belongsTo(address, m1)).toBe(false);
      expect(await peers.machineAt(address)).toBeUndefined();
    },
  );

  it('knows what another server gave, as long as it has heard of it', async () => {
    const heard = { macOf: (address: string) => (address === 'fd00:93::1e20' ? MAC : undefined) };
    const beside = createPeers({ leases: memoryLeases(), machines, clock: createManualClock(), links, heard });
    expect((await beside.machineAt('fd00:93::1e20'))?.spec.name).toBe('m1');
    expect((await beside.machineAt('fd00:93::5254:77:602'))?.spec.name).toBe('m2');
  });

  it('has no networks where none is served over IPv6', async () => {
    const alone = createPeers({ leases: memoryLeases(), machines, clock: createManualClock() });
    expect(await alone.machineAt('fd00:93::5254:77:601')).toBeUndefined();
    expect((await alone.machineAt('fe80::5054:ff:fe77:601'))?.spec.name).toBe('m1');
  });
});

describe('router advertisements', () => {
  const at = (name: string, ipv6: object) =>
    ({
      name,
      address: { address: '10.0.0.1', prefixLength: 24 },
      mode: 'off',
      leaseSeconds: 60,
      dns: [],
      ipv6,
    }) as never;
  it('follow the mode, and make us no router by accident', () => {
    const found = routerAdvertisementsOf([
      at('eth0', { ...own, dns: ['fd00:93::53'], routerAdvertisements: {} }),
      at('eth1', { ...own, mode: 'proxy', routerAdvertisements: { autonomous: true, routerLifetimeSeconds: 1800 } }),
      at('eth2', own),
      at('eth3', { ...own, mode: 'off', routerAdvertisements: {} }),
    ]);
    const base = { prefix: 'fd00:93::/64', otherConfiguration: true };
    expect(found).toEqual([
      {
        ...base,
        interface: 'eth0',
        managed: true,
        autonomous: false,
        routerLifetimeSeconds: 0,
        nameServers: ['fd00:93::53'],
      },
      { ...base, interface: 'eth1', managed: false, autonomous: true, routerLifetimeSeconds: 1800, nameServers: [] },
      {
        ...{ ...base, otherConfiguration: false, interface: 'eth3', managed: false, autonomous: false },
        ...{ routerLifetimeSeconds: 0, nameServers: [] },
      },
    ]);
  });
});
