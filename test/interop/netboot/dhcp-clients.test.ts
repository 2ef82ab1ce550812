import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { InterfaceOptions } from '../../../src/netboot/options.ts';
import { type Lab, makeLab } from './lab.ts';
import { canMakeNamespaces } from './segment.ts';
import type { ServedEvents } from './serving.ts';

const NETWORKD = '/lib/systemd/systemd-networkd';
const DHCP_RELEASE = '/usr/bin/dhcp_release';
const able = canMakeNamespaces() && existsSync('/usr/bin/busybox');
const [MAC1, MAC2, MAC3] = ['52:54:00:93:00:01', '52:54:00:93:00:02', '52:54:00:93:00:03'] as const;

describe.skipIf(!able)('further DHCP clients, on a segment of namespaces (needs root and busybox)', () => {
  let lab: Lab;
  afterEach(() => lab[Symbol.dispose]());

  async function serve(more: Partial<InterfaceOptions>): Promise<ServedEvents> {
    lab = makeLab([
      [
        { host: 's', card: 'eth0', address: '10.93.0.1/24' },
        { host: 'a', card: 'eth0', mac: MAC1 },
      ],
    ]);
    for (const name of ['undionly.kpxe', 'ipxe.efi', 'snponly.efi']) writeFileSync(join(lab.folder, name), name);
    const own = { name: 'eth0', address: { address: '10.93.0.1', prefixLength: 24 }, mode: 'full' } as const;
    const interfaces = [{ ...own, leaseSeconds: 600, dns: [], ...more }];
    const options = { interfaces, http: { port: 8480 }, assets: [], loaders: lab.folder };
    return lab.serve('s', { options, machine: { mac: MAC1, address: '10.93.0.11' } });
  }

  it.skipIf(!existsSync(NETWORKD)).each(['mac', 'duid'])(
    'systemd-networkd takes address and route, with client identifier %s',
    async (identifier) => {
      const { events } = await serve({ leaseSeconds: 300, router: '10.93.0.1' });
      const files = join(lab.folder, 'networkd');
      const network = `[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n[DHCPv4]\nClientIdentifier=${identifier}\n`;
      writeFileSync(`${files}.network`, network);
      // Its files are on file systems of its own; a /sys that cannot be written tells it that no udev is to be waited for.
      writeFileSync(
        `${files}.sh`,
        `set -e
mount --make-rprivate /
mount -t tmpfs none /run
mkdir -p /run/systemd/network
cp ${files}.network /run/systemd/network/10-eth0.network
echo 0123456789abcdef0123456789abcdef > /run/machine-id
mount --bind /run/machine-id /etc/machine-id
mount -o remount,bind,ro /sys
exec ${NETWORKD}
`,
      );
      lab.start('a', 'unshare', '-m', 'sh', `${files}.sh`);
      const told = (...words: readonly string[]): string =>
        String(lab.run('a', 'ip', '-4', ...words, 'dev', 'eth0').stdout);
      const whole = { timeout: 15_000, interval: 250 };
      await expect
        .poll(() => told('addr', 'show'), whole)
        .toMatch(/inet 10\.93\.0\.11\/24 .*valid_lft (300|2\d\d)sec/s);
      await expect.poll(() => told('route', 'show'), whole).toMatch(/^default via 10\.93\.0\.1 proto dhcp/m);
      expect(events.find(({ type }) => type === 'lease.granted')?.data.address).toBe('10.93.0.11');
    },
    30_000,
  );

  it.skipIf(!existsSync(DHCP_RELEASE))(
    "dnsmasq's dhcp_release gives an address back, which is the next one's",
    async () => {
      await serve({ pool: { from: '10.93.0.50', to: '10.93.0.50', anyone: true } });
      const beside = (card: string, mac: string): void => {
        lab.run('a', 'ip', 'link', 'add', card, 'link', 'eth0', 'address', mac, 'type', 'macvlan', 'mode', 'bridge');
        lab.run('a', 'ip', 'link', 'set', card, 'up');
      };
      beside('mac0', MAC2);
      beside('mac1', MAC3);
      expect(lab.udhcpc('a', 'mac0')).toContain('bound 10.93.0.50 ');
      expect(lab.udhcpc('a', 'mac1')).toBe('');
      // It runs where the server is, and speaks as the client.
      const released = lab.run('s', DHCP_RELEASE, 'eth0', '10.93.0.50', MAC2);
      expect(released.status, String(released.stderr)).toBe(0);
      await expect.poll(() => lab.udhcpc('a', 'mac1'), { timeout: 15_000 }).toContain('bound 10.93.0.50 ');
    },
    40_000,
  );
});
