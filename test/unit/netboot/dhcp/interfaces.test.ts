import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../../src/config/environment.ts';
import { parseArpTable, parseDefaultRoutes } from '../../../../src/netboot/linux-network.ts';
import {
  checkDefaultRoutes,
  EVERYWHERE,
  httpSockets,
  type InterfaceOptions,
  netbootSockets,
  servedInterfaces,
  subnetMask,
} from '../../../../src/netboot/options.ts';

const own: InterfaceOptions = {
  name: 'eth0',
  address: { address: '10.0.0.1', prefixLength: 24 },
  mode: 'full',
  leaseSeconds: 60,
  dns: [],
  pool: { from: '10.0.0.1', to: '10.0.0.4' },
};
const other: InterfaceOptions = { ...own, name: 'eth1' };
const off = { ...own, mode: 'off' } as const;
const sockets = (...names: string[]) => netbootSockets(names.map((name, index) => ({ fd: 3 + index, name })));
const namesOf = (served: readonly InterfaceOptions[]): readonly string[] => served.map(({ name }) => name);

describe('which interfaces are served', () => {
  it('the only enabled one, without any socket of systemd', () => {
    expect(namesOf(servedInterfaces([off, own]))).toEqual(['eth0']);
    expect(servedInterfaces([off])).toEqual([]);
  });
  it('several, when each has a socket of its own', () => {
    expect(namesOf(servedInterfaces([own, other], sockets('dhcp.eth0', 'dhcp.eth1')))).toEqual(['eth0', 'eth1']);
  });
  it('not two that cannot be told apart, saying why and what to do', () => {
    expect(() => servedInterfaces([own, other])).toThrow(/eth0, eth1 are enabled.*BindToDevice=.*mode: off/);
    expect(() => servedInterfaces([own, other], sockets('dhcp.eth1', 'proxy.eth0'))).toThrow(/came in\): eth0\./);
  });
  it('one beside others that hear no broadcasts', () => {
    expect(namesOf(servedInterfaces([own, { ...other, relayedOnly: true }]))).toEqual(['eth0', 'eth1']);
  });
  it.each([
    { from: '10.0.0.9', to: '10.0.0.3' },
    { from: '10.0.1.1', to: '10.0.1.9' },
  ])('none with the pool %o', (pool) => {
    expect(() => servedInterfaces([{ ...own, pool }])).toThrow(/pool/);
    const subnets = [{ network: { address: '10.0.0.0', prefixLength: 24 }, pool }];
    expect(() => servedInterfaces([{ ...own, subnets }])).toThrow(/pool/);
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

describe('inherited sockets of HTTP boot', () => {
  const second = { ...other, address: { address: '10.1.0.1', prefixLength: 24 } };
  it('are for an interface, by its address, or for all', () => {
    const each = httpSockets([own, second], sockets('http.eth0', 'https.eth1', 'dhcp.eth0'), undefined);
    expect(each.get('10.0.0.1')).toEqual({ http: 3, dhcp: 5 });
    expect(each.get('10.1.0.1')).toEqual({ https: 4 });
    const all = httpSockets([own, second], sockets('https.eth1', 'http'), undefined);
    expect([all.get(EVERYWHERE), all.get('10.1.0.1')]).toEqual([{ http: 4 }, { https: 3 }]);
    expect(httpSockets([own], sockets('http'), '10.0.0.9').get(EVERYWHERE)).toEqual({ http: 3 });
  });
  it('are refused where they would not be listened to', () => {
    expect(() => httpSockets([own], sockets('http.eth0', 'http'), undefined)).toThrow(/http\.eth0 would not be used/);
    expect(() => httpSockets([own], sockets('https.eth0'), '10.0.0.9')).toThrow(/netboot\.http\.address is set/);
    expect(() => sockets('http', 'http')).toThrow('two inherited sockets are named http');
  });
});

describe('the interface with the default route', () => {
  it.each([
    ['full', undefined, true],
    ['full', true, false],
    ['reservations', undefined, false],
    ['proxy', undefined, false],
  ] as const)('in mode %s with defaultRoute: %s', (mode, defaultRoute, refused) => {
    const asked = { ...own, mode, ...(defaultRoute === undefined ? {} : { defaultRoute }) };
    const check = (): void => checkDefaultRoutes([asked], ['wlan0', 'eth0']);
    if (refused) expect(check).toThrow(/eth0 has the default route.*defaultRoute: true/);
    else check();
    checkDefaultRoutes([asked], ['wlan0']);
  });
});

describe('sockets of systemd', () => {
  const environment = (variables: Record<string, string>) => readEnvironment(variables, 4711).inheritedSockets;
  it.each<[string, Record<string, string>, readonly object[]]>([
    ['none', {}, []],
    ['of another process', { LISTEN_PID: '4712', LISTEN_FDS: '2', LISTEN_FDNAMES: 'a:b' }, []],
    ['without a number', { LISTEN_PID: '4711', LISTEN_FDS: 'x' }, []],
    ['too many', { LISTEN_PID: '4711', LISTEN_FDS: '9999999' }, []],
    ['without names', { LISTEN_PID: '4711', LISTEN_FDS: '1' }, [{ fd: 3, name: 'unknown' }]],
    [
      'named',
      { LISTEN_PID: '4711', LISTEN_FDS: '2', LISTEN_FDNAMES: 'dhcp.eno1:tftp.eno1' },
      [
        { fd: 3, name: 'dhcp.eno1' },
        { fd: 4, name: 'tftp.eno1' },
      ],
    ],
  ])('%s', (_name, variables, found) => {
    expect(environment(variables)).toEqual(found);
  });
  it('are sorted by interface and port, and others left alone', () => {
    const found = sockets('dhcp.eno1', 'unknown', 'dhcpClient.eno1', 'tftp.lan.10', 'smtp.eno1', 'dhcp', '.x');
    expect(Object.fromEntries(found)).toEqual({ eno1: { dhcp: 3, dhcpClient: 5 }, 'lan.10': { tftp: 6 } });
  });
  it('are refused when one is there twice', () => {
    expect(() => sockets('dhcp.eno1', 'dhcp.eno1')).toThrow(/two inherited sockets are named dhcp\.eno1/);
  });
});

describe('tables of the kernel', () => {
  it('ARP: complete entries only', () => {
    const text = `IP address       HW type     Flags       HW address            Mask     Device
10.0.0.3         0x1         0x2         52:54:00:AA:00:01     *        eth0
10.0.0.4         0x1         0x0         00:00:00:00:00:00     *        eth0
10.0.0.5         0x1         0x6         52:54:00:aa:00:02     *        br0

half a line`;
    expect(parseArpTable(text)).toEqual([
      { address: '10.0.0.3', mac: '52:54:00:aa:00:01', interface: 'eth0' },
      { address: '10.0.0.5', mac: '52:54:00:aa:00:02', interface: 'br0' },
    ]);
    expect(parseArpTable('')).toEqual([]);
  });
  it('routes: default ones that are up', () => {
    const text = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0100A8C0	0003	0	0	100	00000000	0	0	0
eth0	00000000	0200A8C0	0003	0	0	200	00000000	0	0	0
eth1	0000000A	00000000	0001	0	0	0	00FFFFFF	0	0	0
wlan0	00000000	0100A8C0	0002	0	0	0	00000000	0	0	0
`;
    expect(parseDefaultRoutes(text)).toEqual(['eth0']);
    expect(parseDefaultRoutes('')).toEqual([]);
  });
});
