import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { InterfaceOptions } from '../../../src/netboot/options.ts';
import { type Lab, makeLab } from './lab.ts';
import { canMakeNamespaces } from './segment.ts';

const able = canMakeNamespaces() && existsSync('/usr/bin/busybox');
const [MAC1, MAC2, MAC3] = ['52:54:00:93:00:01', '52:54:00:93:00:02', '52:54:00:93:00:03'] as const;
const M1 = { mac: MAC1, address: '10.93.0.11' };
const interfaceOf = (name: string, address: string, more: Partial<InterfaceOptions> = {}): InterfaceOptions => ({
  name,
  address: { address, prefixLength: 24 },
  mode: 'full',
  leaseSeconds: 600,
  dns: [],
  ...more,
});

describe.skipIf(!able)('DHCP in networks of namespaces (needs root and busybox)', () => {
  let lab: Lab;
  afterEach(() => lab[Symbol.dispose]());

  const optionsOf = (...interfaces: readonly InterfaceOptions[]) => {
    for (const name of ['undionly.kpxe', 'ipxe.efi', 'snponly.efi']) writeFileSync(join(lab.folder, name), name);
    return { interfaces, http: { port: 8480 }, assets: [], loaders: lab.folder };
  };
  const wire = (mac: string, more: { readonly address?: string } = {}) =>
    [
      { host: 's', card: 'eth0', address: '10.93.0.1/24' },
      { host: 'a', card: 'eth0', mac, ...more },
    ] as const;

  it('two segments by sockets of systemd, as a user without privileges', async () => {
    lab = makeLab([
      wire(MAC1),
      [
        { host: 's', card: 'eth1', address: '10.95.0.1/24' },
        { host: 'b', card: 'eth0', mac: MAC2 },
      ],
    ]);
    const sockets = ['eth0', 'eth1'].flatMap((device) =>
      Object.entries({ dhcp: 67, dhcpClient: 68, proxy: 4011, tftp: 69 }).map(([kind, port]) => ({
        name: `${kind}.${device}`,
        device,
        port,
      })),
    );
    const pool = { from: '10.95.0.100', to: '10.95.0.109', anyone: true };
    const options = optionsOf(
      interfaceOf('eth0', '10.93.0.1', { otherServers: 'probe' }),
      interfaceOf('eth1', '10.95.0.1', { otherServers: 'probe', conflictProbe: true, pool }),
    );
    const served = await lab.serve('s', { options, machine: M1 }, sockets);
    expect(lab.udhcpc('a')).toBe('bound 10.93.0.11 255.255.255.0   10.93.0.1 600');
    expect(lab.udhcpc('b')).toBe('bound 10.95.0.100 255.255.255.0   10.95.0.1 600');
    // Neither our own question nor our own answers are taken for another server's.
    expect(served.events.filter(({ type }) => type === 'warning')).toEqual([]);
    lab.run('b', 'ip', 'addr', 'add', '10.95.0.100/24', 'dev', 'eth0');
    const tftp = lab.run('b', 'busybox', 'tftp', '-g', '-r', 'ipxe.efi', '-l', join(lab.folder, 'got'), '10.95.0.1');
    expect(tftp.status, String(tftp.stderr)).toBe(0);
    expect(readFileSync(join(lab.folder, 'got'), 'utf8')).toBe('ipxe.efi');
  });

  it.each([
    [
      'one an interface',
      ['eth0', 'eth1'].map((device) => ({ name: `http.${device}`, device, port: 80, stream: true })),
    ],
    ['one for all', [{ name: 'http', device: '', port: 80, stream: true }]],
  ])('HTTP boot on port 80 by sockets of systemd, %s, as a user without privileges', async (_which, http) => {
    lab = makeLab([
      wire(MAC1, { address: '10.93.0.5/24' }),
      [
        { host: 's', card: 'eth1', address: '10.95.0.1/24' },
        { host: 'b', card: 'eth0', mac: MAC2, address: '10.95.0.5/24' },
      ],
    ]);
    const udp = ['eth0', 'eth1'].flatMap((device) =>
      Object.entries({ dhcp: 67, dhcpClient: 68, proxy: 4011, tftp: 69 }).map(([kind, port]) => ({
        name: `${kind}.${device}`,
        device,
        port,
      })),
    );
    const options = optionsOf(interfaceOf('eth0', '10.93.0.1'), interfaceOf('eth1', '10.95.0.1'));
    const get = (host: string, server: string) => {
      const { status, stdout } = lab.run(host, 'busybox', 'wget', '-q', '-O', '-', `http://${server}/loaders/ipxe.efi`);
      return [status, String(stdout)];
    };
    const served = await lab.serve('s', { options, machine: M1 }, [...udp, ...http]);
    expect(get('a', '10.93.0.1')).toEqual([0, 'ipxe.efi']);
    expect(get('b', '10.95.0.1')).toEqual([0, 'ipxe.efi']);
    // The configured port is not listened to as well: the socket's is the one that counts.
    expect(get('a', '10.93.0.1:8480')[0]).not.toBe(0);
    expect(served.events.filter(({ type }) => type === 'warning')).toEqual([]);
  });

  it.skipIf(!existsSync('/usr/bin/curl'))('HTTPS boot on port 443 by a socket of systemd', async () => {
    lab = makeLab([wire(MAC1, { address: '10.93.0.5/24' })]);
    const folder = join(lab.folder, 'authority');
    mkdirSync(folder);
    // The service is another user.
    chmodSync(folder, 0o777);
    const https = { port: 8443, offer: 'never', folder } as const;
    const options = { ...optionsOf(interfaceOf('eth0', '10.93.0.1')), https };
    const sockets = [
      ...Object.entries({ dhcp: 67, proxy: 4011, tftp: 69 }).map(([kind, port]) => ({
        ...{ name: `${kind}.eth0`, device: 'eth0', port },
      })),
      { name: 'https.eth0', device: 'eth0', port: 443, stream: true },
    ];
    await lab.serve('s', { options, machine: M1 }, sockets);
    const get = (...args: string[]) => {
      const { status, stdout } = lab.run('a', 'curl', '-sS', '--max-time', '10', ...args);
      return [status, String(stdout)];
    };
    expect(get('-o', join(lab.folder, 'ca.crt'), 'http://10.93.0.1:8480/ca.crt')[0]).toBe(0);
    const path = ['--cacert', join(lab.folder, 'ca.crt'), 'https://10.93.0.1/loaders/ipxe.efi'];
    expect(get(...path)).toEqual([0, 'ipxe.efi']);
  });

  it('a pool address that somebody has is not offered', async () => {
    lab = makeLab([wire(MAC1)]);
    const pool = { from: '10.93.0.50', to: '10.93.0.59', anyone: true };
    const options = optionsOf(interfaceOf('eth0', '10.93.0.1', { conflictProbe: true, pool }));
    const served = await lab.serve('s', { options, machine: { ...M1, mac: MAC3 } });
    lab.run('a', 'ip', 'addr', 'add', '10.93.0.50/32', 'dev', 'eth0');
    lab.run('a', 'ip', 'link', 'add', 'mac0', 'link', 'eth0', 'address', MAC2, 'type', 'macvlan', 'mode', 'bridge');
    lab.run('a', 'ip', 'link', 'set', 'mac0', 'up');
    expect(lab.udhcpc('a', 'mac0')).toContain('bound 10.93.0.51 ');
    await expect
      .poll(() => served.events)
      .toContainEqual({ type: 'warning', data: expect.objectContaining({ address: '10.93.0.50', holder: MAC1 }) });
  });

  it.skipIf(!existsSync('/usr/sbin/dnsmasq'))('another server is noticed, by its answers and by its MAC', async () => {
    lab = makeLab([wire(MAC1, { address: '10.93.0.5/24' })]);
    const range = ['--dhcp-range=10.93.0.200,10.93.0.210', '--dhcp-leasefile=/dev/null', '--pid-file'];
    lab.start('a', 'dnsmasq', '-k', '-C', '/dev/null', '-p', '0', '-i', 'eth0', '-I', 'lo', '--user=root', ...range);
    const alone = interfaceOf('eth0', '10.93.0.1', { otherServers: 'probe' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const served = await lab.serve('s', { options: optionsOf(alone), machine: { ...M1, mac: MAC3 } });
    await expect
      .poll(() => served.events.filter(({ type }) => type === 'warning'), { timeout: 15_000 })
      .toEqual([
        {
          type: 'warning',
          data: expect.objectContaining({ interface: 'eth0', address: '10.93.0.5', how: 'answer', proxy: false }),
        },
      ]);
  });

  it.skipIf(!existsSync('/usr/sbin/dnsmasq'))('reservations beside another server: each its own machines', async () => {
    const hub = (host: string, card: string, more: { readonly mac?: string; readonly address?: string }) =>
      [
        { host: 'h', card },
        { host, card: 'eth0', ...more },
      ] as const;
    lab = makeLab([
      hub('s', 'p0', { address: '10.93.0.1/24' }),
      hub('d', 'p1', { address: '10.93.0.5/24' }),
      hub('a', 'p2', { mac: MAC1 }),
      hub('b', 'p3', { mac: MAC2 }),
    ]);
    lab.run('h', 'ip', 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0');
    for (const port of ['p0', 'p1', 'p2', 'p3']) lab.run('h', 'ip', 'link', 'set', port, 'master', 'br0');
    lab.run('h', 'ip', 'link', 'set', 'br0', 'up');
    const ignore = [`--dhcp-host=${MAC1},ignore`, '--no-ping', '--dhcp-range=10.93.0.200,10.93.0.210'];
    const files = ['--dhcp-leasefile=/dev/null', '--pid-file'];
    lab.start('d', 'dnsmasq', '-k', '-C', '/dev/null', '-p', '0', '-i', 'eth0', '--user=root', ...ignore, ...files);
    const served = await lab.serve('s', {
      options: optionsOf(interfaceOf('eth0', '10.93.0.1', { mode: 'reservations' })),
      machine: M1,
    });
    expect(lab.udhcpc('a')).toContain('bound 10.93.0.11 255.255.255.0   10.93.0.1 600');
    expect(lab.udhcpc('b')).toMatch(/bound 10\.93\.0\.2\d\d .* 10\.93\.0\.5 /);
    await expect.poll(() => served.events.map(({ type }) => type)).toContain('lease.granted');
  });

  it.skipIf(!existsSync('/usr/sbin/dhcrelay'))('clients behind ISC dhcrelay, in a subnet of their own', async () => {
    lab = makeLab([
      [
        { host: 's', card: 'eth0', address: '10.93.0.1/24' },
        { host: 'r', card: 'up0', address: '10.93.0.2/24' },
      ],
      [
        { host: 'r', card: 'down0', address: '10.96.0.1/24' },
        { host: 'a', card: 'eth0', mac: MAC1 },
      ],
    ]);
    lab.run('s', 'ip', 'route', 'add', '10.96.0.0/24', 'via', '10.93.0.2');
    lab.start('r', 'dhcrelay', '-4', '-d', '-a', '-id', 'down0', '-iu', 'up0', '10.93.0.1');
    const subnet = {
      ...{ network: { address: '10.96.0.0', prefixLength: 24 }, router: '10.96.0.1', leaseSeconds: 300 },
      ...{ dns: ['10.96.0.53'], pool: { from: '10.96.0.100', to: '10.96.0.101', anyone: true } },
    };
    const own = interfaceOf('eth0', '10.93.0.1', { subnets: [subnet], relayedOnly: true });
    const served = await lab.serve('s', { options: optionsOf(own), machine: { mac: MAC1, address: '10.96.0.11' } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(lab.udhcpc('a')).toBe('bound 10.96.0.11 255.255.255.0 10.96.0.1 10.96.0.53 10.93.0.1 300');
    const granted = () => served.events.find(({ type }) => type === 'lease.granted')?.data.address;
    await expect.poll(granted).toBe('10.96.0.11');
    lab.run('a', 'ip', 'link', 'set', 'eth0', 'address', MAC2);
    expect(lab.udhcpc('a')).toBe('bound 10.96.0.100 255.255.255.0 10.96.0.1 10.96.0.53 10.93.0.1 300');
  });

  it.skipIf(!existsSync('/usr/sbin/dhclient'))(
    'dhclient is told T1 and T2, renews by unicast, and releases',
    async () => {
      lab = makeLab([wire(MAC1)]);
      lab.run('a', 'ip', 'route', 'add', 'default', 'dev', 'eth0');
      const options = optionsOf(interfaceOf('eth0', '10.93.0.1', { leaseSeconds: 60 }));
      const served = await lab.serve('s', { options, machine: M1 });
      const [leases, config, pid] = ['leases', 'conf', 'pid'].map((name) => join(lab.folder, `dhclient.${name}`));
      writeFileSync(config ?? '', 'timeout 10;\n');
      const files = ['-sf', '/bin/true', '-cf', config ?? '', '-lf', leases ?? '', '-pf', pid ?? ''];
      const got = lab.run('a', 'dhclient', '-1', '-v', ...files, 'eth0');
      expect(got.status, String(got.stderr)).toBe(0);
      const text = readFileSync(leases ?? '', 'utf8');
      expect(text).toContain('fixed-address 10.93.0.11;');
      expect(text).toContain('option dhcp-renewal-time 30;');
      expect(text).toContain('option dhcp-rebinding-time 52;');
      lab.run('a', 'ip', 'addr', 'add', '10.93.0.11/24', 'dev', 'eth0');
      lab.run('a', 'dhclient', '-r', '-v', ...files, 'eth0');
      // The lease is given again at once, to the machine that it is reserved for.
      const again = lab.run('a', 'dhclient', '-1', '-v', ...files, 'eth0');
      expect(again.status, String(again.stderr)).toBe(0);
      lab.run('a', 'dhclient', '-x', ...files, 'eth0');
      await expect.poll(() => served.events.map(({ type }) => type)).toContain('lease.granted');
    },
  );
});
