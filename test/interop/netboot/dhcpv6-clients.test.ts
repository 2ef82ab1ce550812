import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ipv6Options } from '../../../src/netboot/dhcpv6/ipv6-options.ts';
import { makeLab } from './lab.ts';
import { canMakeNamespaces, readIfThere } from './segment.ts';
import { MAC6, MACHINE_ADDRESS6, makeSegment6, SERVICE_ADDRESS4, SERVICE_ADDRESS6, type Segment6 } from './segment6.ts';
import type { ServeOrder } from './serve.ts';

const there = (path: string): boolean => existsSync(path);
const able = canMakeNamespaces();
const order = (own: Partial<Ipv6Options> = {}, machine: Partial<ServeOrder['machine']> = {}): ServeOrder => ({
  options: {
    interfaces: [
      {
        ...{ name: 'eth0', address: { address: SERVICE_ADDRESS4, prefixLength: 24 }, mode: 'off' },
        ...{ leaseSeconds: 600, dns: [] },
        ipv6: {
          address: { address: SERVICE_ADDRESS6, prefixLength: 64 },
          ...{ mode: 'full', leaseSeconds: 600, dns: ['fd00:93::53'], ...own },
        },
      },
    ],
    http: { port: 8480 },
    assets: [],
  },
  machine: { mac: MAC6, address: '10.93.6.11', ...machine },
});

/**
 * Runs dhclient until it has what it wants, and ends it: it goes to the background by itself.
 * @returns its variables, one a line, as it hands them to its script; it sets nothing up by itself
 */
async function runDhclient(
  place: { readonly folder: string; run(...words: readonly [string, ...string[]]): unknown },
  seconds: number,
  ...args: readonly string[]
): Promise<string> {
  const at = (name: string): string => join(place.folder, name);
  writeFileSync(at('script'), `#!/bin/sh\nset >> '${at('said')}'\nexit 0\n`, { mode: 0o755 });
  const files = ['-sf', at('script'), '-lf', at('leases'), '-pf', at('pid')];
  place.run('timeout', String(seconds), 'dhclient', '-6', '-v', '-cf', '/dev/null', ...files, ...args, 'eth0');
  // It goes to the background before it has told its script.
  const said = (): string => readIfThere(at('said'));
  for (let tries = 0; tries < 40 && !/reason='(?!PREINIT)/.test(said()); tries++) await sleep(50);
  // By the name of its file of leases, which is ours alone: its process id is written some time later.
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    if (readIfThere(`/proc/${pid}/cmdline`).split('\0').includes(at('leases'))) process.kill(Number(pid), 'SIGKILL');
  return said();
}

const RELAY = '/usr/sbin/dhcrelay';
describe.skipIf(!able || !there(RELAY))('a relay agent of others (needs root, isc-dhcp-relay)', () => {
  it('brings a machine an address of its network', async () => {
    using lab = makeLab([
      [
        { host: 'svc', card: 'eth0', address: `${SERVICE_ADDRESS4}/24` },
        { host: 'relay', card: 'up0' },
      ],
      [
        { host: 'relay', card: 'down0' },
        { host: 'guest', card: 'eth0', mac: MAC6 },
      ],
    ]);
    const cards = { svc: ['eth0'], relay: ['up0', 'down0'], guest: ['eth0'] };
    for (const [host, own] of Object.entries(cards)) {
      // Before it has addresses: one that is being tried already is tried to the end.
      const keys = [...own.map((card) => `${card}.accept_dad=0`), 'all.disable_ipv6=0'];
      for (const key of keys) lab.run(host, 'sysctl', '-qw', `net.ipv6.conf.${key}`);
    }
    const at = (host: string, card: string, address: string) =>
      lab.run(host, 'ip', 'addr', 'add', `${address}/64`, 'dev', card, 'nodad');
    at('svc', 'eth0', SERVICE_ADDRESS6);
    at('relay', 'up0', 'fd00:93::9');
    at('relay', 'down0', 'fd00:78::1');
    await lab.serve('svc', order({ subnets: [{ network: { address: 'fd00:78::', prefixLength: 64 } }] }));
    lab.start('relay', 'dhcrelay', '-6', '-d', '--no-pid', '-I', '-l', 'down0', '-u', `${SERVICE_ADDRESS6}%up0`);
    const run = (...words: readonly [string, ...string[]]) => lab.run('guest', ...words);
    const own = (): string =>
      String(run('ip', '-6', 'addr', 'show', 'scope', 'link', '-tentative', 'dev', 'eth0').stdout);
    await expect.poll(own, { timeout: 5000 }).toContain('fe80:');
    expect(await runDhclient({ folder: lab.folder, run }, 25, '-1')).toContain(
      "new_ip6_address='fd00:78::5254:77:601'",
    );
  }, 60_000);
});

const RADVD = '/usr/sbin/radvd';
const RDISC = '/usr/bin/rdisc6';
describe.skipIf(!able || !there(RADVD) || !there(RDISC))('router advertisements (needs root, radvd, ndisc6)', () => {
  const ask = (segment: Segment6): string =>
    String(segment.client('rdisc6', '-1', '-r', '5', '-w', '3000', 'eth0').stdout);

  it('tell of DHCPv6 and the network, and make us no router', async () => {
    using segment = makeSegment6();
    await segment.serve(order({ routerAdvertisements: {} }));
    const said = ask(segment);
    expect(said).toMatch(/Stateful address conf\.\s+:\s+Yes/);
    expect(said).toMatch(/Stateful other conf\.\s+:\s+Yes/);
    expect(said).toMatch(/Router lifetime\s+:\s+0 /);
    expect(said).toMatch(/Prefix\s+:\s+fd00:93::\/64/);
    expect(said).toMatch(/On-link\s+:\s+Yes/);
    expect(said).toMatch(/Autonomous address conf\.:\s+No/);
    expect(said).toMatch(/Recursive DNS server\s+:\s+fd00:93::53/);
  }, 60_000);

  it('let hosts make their addresses, and make us a router, where that is set', async () => {
    using segment = makeSegment6();
    const routerAdvertisements = { autonomous: true, routerLifetimeSeconds: 600 };
    await segment.serve(order({ mode: 'proxy', dns: [], routerAdvertisements }));
    const said = ask(segment);
    expect(said).toMatch(/Stateful address conf\.\s+:\s+No/);
    expect(said).toMatch(/Stateful other conf\.\s+:\s+Yes/);
    expect(said).toMatch(/Router lifetime\s+:\s+600 /);
    expect(said).toMatch(/Autonomous address conf\.:\s+Yes/);
    expect(said).not.toContain('Recursive DNS server');
  }, 60_000);
});

describe.skipIf(!able)('DHCPv6 clients of others (needs root)', () => {
  let segment: Segment6;
  beforeEach(() => {
    segment = makeSegment6();
  });
  afterEach(() => segment[Symbol.dispose]());

  const dhclientFor = (seconds: number, ...args: readonly string[]): Promise<string> =>
    runDhclient({ folder: segment.folder, run: segment.client }, seconds, ...args);
  const dhclient = (...args: readonly string[]): Promise<string> => dhclientFor(25, ...args);

  describe.skipIf(!there('/sbin/dhclient') && !there('/usr/sbin/dhclient'))('dhclient (needs isc-dhcp-client)', () => {
    it.each([
      ['four messages', ['-1']],
      ['a DUID of type LL', ['-1', '-D', 'LL']],
      ['a DUID of type LLT', ['-1', '-D', 'LLT']],
    ])('gets its address by %s', async (_name, args) => {
      const { events } = await segment.serve(order());
      const said = await dhclient(...args);
      expect(said).toContain(`new_ip6_address='${MACHINE_ADDRESS6}'`);
      expect(said).toContain("new_dhcp6_name_servers='fd00:93::53'");
      expect(said).toContain("new_max_life='600'");
      await expect.poll(() => events.map(({ type }) => type)).toContain('lease.granted');
    });

    it('gets the declared address, and by a socket that the service inherited', async () => {
      await segment.serve(order({}, { address6: 'fd00:93::11' }), true);
      expect(await dhclient('-1')).toContain("new_ip6_address='fd00:93::11'");
    });

    it('gets name servers and no address when it asks for information', async () => {
      await segment.serve(order());
      const said = await dhclient('-1', '-S');
      expect(said).toContain("new_dhcp6_name_servers='fd00:93::53'");
      expect(said).not.toContain('new_ip6_address');
    });

    it('gives its address back, and gets the same again', async () => {
      await segment.serve(order());
      expect(await dhclient('-1')).toContain(MACHINE_ADDRESS6);
      const said = await dhclient('-r');
      expect(said).toMatch(/reason='(RELEASE6|STOP6)'/);
      expect(
        (await dhclient('-1')).match(new RegExp(`new_ip6_address='${MACHINE_ADDRESS6}'`, 'g'))?.length,
      ).toBeGreaterThan(1);
    });

    it('hears nothing as a machine that nobody declared, and nothing in mode proxy', async () => {
      await segment.serve(order({}, { mac: '52:54:00:77:06:99' }));
      expect(await dhclientFor(6, '-1')).not.toContain('new_ip6_address');
      segment[Symbol.dispose]();
      segment = makeSegment6();
      await segment.serve(order({ mode: 'proxy' }));
      expect(await dhclientFor(6, '-1')).not.toContain('new_ip6_address');
    }, 60_000);
  });

  it.skipIf(!there('/usr/sbin/dhcpcd'))(
    'dhcpcd configures its card (needs dhcpcd-base)',
    async () => {
      await segment.serve(order());
      const only = ['--ipv6only', '--noipv6rs', '--ia_na', '--noipv4ll', '--noarp', '--oneshot', '--waitip', '6'];
      // A namespace has no files of its own: its hooks would write this host's resolv.conf.
      const alone = ['--config', '/dev/null', '--script', '/bin/true'];
      const before = readFileSync('/etc/resolv.conf', 'utf8');
      segment.client('timeout', '30', 'dhcpcd', ...alone, ...only, '--timeout', '20', '-B', 'eth0');
      expect(readFileSync('/etc/resolv.conf', 'utf8')).toBe(before);
      expect(String(segment.client('ip', '-6', 'addr', 'show', 'dev', 'eth0').stdout)).toContain(MACHINE_ADDRESS6);
    },
    60_000,
  );

  it.skipIf(!there('/usr/sbin/dhcp6c'))(
    'dhcp6c configures its card (needs wide-dhcpv6-client)',
    async () => {
      await segment.serve(order());
      const config = join(segment.folder, 'dhcp6c.conf');
      writeFileSync(config, 'interface eth0 { send ia-na 0; };\nid-assoc na 0 { };\n');
      segment.clientStart('dhcp6c', '-f', '-c', config, '-p', join(segment.folder, 'dhcp6c.pid'), 'eth0');
      const addresses = (): string => String(segment.client('ip', '-6', 'addr', 'show', 'dev', 'eth0').stdout);
      await expect.poll(addresses, { timeout: 20_000, interval: 200 }).toContain(MACHINE_ADDRESS6);
    },
    60_000,
  );
});
