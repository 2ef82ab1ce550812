import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../../src/config/json-schema.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/foundation/errors.ts';
import { routerAdvertisementsOf } from '../../../src/netboot/dhcpv6/router-advertisements.ts';
import { testMachine } from '../../support/api-service.ts';

const eno1 = (ipv6: object): string =>
  JSON.stringify({ netboot: { interfaces: [{ name: 'eno1', address: '10.77.0.1/24', ipv6 }] } });
const withMachines = (...more: object[]): string =>
  JSON.stringify({
    machines: more.map((each, index) => ({
      ...testMachine(`m${index}`),
      ...{ address: `10.0.0.${index + 1}`, macs: [`52:54:00:00:00:0${index + 1}`] },
      ...each,
    })),
  });

function problemsOf(text: string): string {
  try {
    parseConfig(text, 'test.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return String(error.details.problems);
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('netboot.interfaces[].ipv6', () => {
  it('takes every documented field, and writes addresses the one way', () => {
    const ipv6 = {
      ...{ address: 'FD00:77:0:0::1/64', mode: 'full', pool: 'fd00:77:0:0:1::/80', leaseSeconds: 600 },
      dns: ['fd00:77::0053'],
      subnets: [{ network: 'fd00:78::/64', pool: 'fd00:78::/72', dns: [] }],
      routerAdvertisements: { autonomous: true, routerLifetimeSeconds: 1800 },
    };
    const { netboot } = parseConfig(eno1(ipv6), 'x');
    expect(netboot?.interfaces[0]?.ipv6).toEqual({
      ...ipv6,
      address: { address: 'fd00:77::1', prefixLength: 64 },
      pool: { address: 'fd00:77:0:0:1::', prefixLength: 80 },
      dns: ['fd00:77::53'],
      subnets: [
        {
          network: { address: 'fd00:78::', prefixLength: 64 },
          pool: { address: 'fd00:78::', prefixLength: 72 },
          dns: [],
        },
      ],
    });
    expect(routerAdvertisementsOf(netboot?.interfaces ?? [])).toMatchObject([
      { interface: 'eno1', prefix: 'fd00:77::/64', managed: true },
    ]);
  });

  it('is off unless told, and absent unless named', () => {
    expect(parseConfig(eno1({ address: 'fd00::1/64' }), 'x').netboot?.interfaces[0]?.ipv6?.mode).toBe('off');
    const without = '{netboot: {interfaces: [{name: eno1, address: 10.77.0.1/24}]}}';
    expect(parseConfig(without, 'x').netboot?.interfaces[0]).not.toHaveProperty('ipv6');
  });

  it.each<[object, string]>([
    [{ address: '10.0.0.1/24' }, 'ipv6.address (line 1): is not an IPv6 address with prefix length like fd00:77::1/64'],
    [{ address: 'fd00::1' }, 'is not an IPv6 address with prefix length'],
    [{ address: 'fd00::1/96' }, '(32 to 80)'],
    [{ address: 'fe80::1/64' }, 'is an address of the link (fe80::/10)'],
    [{ address: 'ff02::1/64' }, 'is a group (multicast) address'],
    [{ address: '::1/64' }, 'is not an address of a network'],
    [{ address: 'fd00:77::/64' }, 'is the network itself'],
    [{ address: 'fd00:77:8000::/33' }, 'is the network itself'],
    [{ mode: 'reservations' }, 'ipv6.mode'],
    [{ mode: 'proxy', pool: 'fd00::/80' }, 'ipv6.pool (line 1): is used in mode full only'],
    [{ mode: 'full', pool: 'fd01::/64' }, 'is not in the network of fd00::1/64'],
    [{ mode: 'full', pool: 'fd00::/60' }, 'is not in the network of fd00::1/64'],
    [{ subnets: [{ network: 'fd00:0:0:0:8000::/72' }] }, 'subnets[0].network (line 1): overlaps'],
    [{ subnets: [{ network: 'fd01::/64' }, { network: 'fd01::/48' }] }, 'subnets[1].network (line 1): overlaps'],
    [{ subnets: [{ network: 'fd01::/64', pool: 'fd00::/80' }] }, 'subnets[0].pool (line 1): is not in the network'],
    [{ dns: ['10.0.0.53'] }, 'dns[0] (line 1): is not an IPv6 address like fd00:77::11'],
    [{ dns: ['fe80::53%eno1'] }, 'is not an IPv6 address'],
    [{ mode: 'full', routerAdvertisements: { routerLifetimeSeconds: 30 } }, 'must be 0, or 60 to 9000 seconds'],
    [
      { address: 'fd00::1/72', mode: 'full', routerAdvertisements: { autonomous: true } },
      'needs a network with a prefix of 64 bits',
    ],
    [{ mode: 'full', routerAdvertisement: {} }, 'did you mean "routerAdvertisements"?'],
  ])('refuses %j', (wrong, why) => {
    expect(problemsOf(eno1({ address: 'fd00::1/64', ...wrong }))).toContain(why);
  });

  it('is in the published schema, with every field described', () => {
    const text = JSON.stringify(configJsonSchema());
    for (const said of ['Send router advertisements, by the program radvd', 'IPv6 on this interface'])
      expect(text).toContain(said);
  });
});

describe('machines[].address6', () => {
  it('is written the one way', () => {
    const [machine] = parseConfig(withMachines({ address6: 'FD00::0:11' }), 'x').machines;
    expect(machine?.address6).toBe('fd00::11');
  });

  it.each(['10.0.0.1', 'fe80::1', 'fd00::1/64', '::'])('refuses %s', (address6) => {
    expect(problemsOf(withMachines({ address6 }))).toContain('machines[0].address6');
  });

  it('belongs to one machine', () => {
    const two = withMachines({ address6: 'fd00::11' }, { address6: 'fd00:0::11' });
    expect(problemsOf(two)).toContain('address fd00::11 belongs to machine m0 already');
  });
});
