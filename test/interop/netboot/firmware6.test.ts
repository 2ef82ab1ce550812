import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Ipv6Options } from '../../../src/netboot/dhcpv6/ipv6-options.ts';
import { pattern } from '../../support/netboot-service.ts';
import { canMakeNamespaces } from './segment.ts';
import { MAC6, makeSegment6, SERVICE_ADDRESS4, SERVICE_ADDRESS6, type Segment6 } from './segment6.ts';

const OVMF = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const IPXE = '/usr/lib/ipxe/ipxe.efi';
const NEEDED = ['/usr/bin/qemu-system-x86_64', OVMF, IPXE, '/usr/sbin/dnsmasq', '/usr/sbin/radvd'];
const able = canMakeNamespaces() && NEEDED.every((path) => existsSync(path));
const BOOT_MS = 150_000;
const UUID = '4c4c4544-0033-4a10-8052-b4c04f4d3432';

describe.skipIf(!able)('UEFI HTTP boot over IPv6 (needs root, QEMU, OVMF, iPXE, dnsmasq, radvd)', () => {
  let segment: Segment6;
  afterEach(() => segment[Symbol.dispose]());

  /**
   * Firmware tries IPv4 first, for a minute where nobody offers it a URL. So the segment has a DHCP server for IPv4 that offers one behind
   * which nobody listens, which is over in a second; iPXE gets an address of it and nothing to boot.
   */
  async function start(own: Partial<Ipv6Options>, dnsmasq: readonly string[] = []) {
    segment = makeSegment6('tap');
    copyFileSync(IPXE, join(segment.folder, 'kernel'));
    writeFileSync(join(segment.folder, 'first.img'), pattern(200_003, 1));
    for (const address of ['10.93.6.5/24', 'fd00:93::5/64'])
      segment.client('ip', 'addr', 'add', address, 'dev', 'br0', ...(address.includes(':') ? ['nodad'] : []));
    segment.clientStart(
      'dnsmasq',
      ...['-k', '-C', '/dev/null', '-p', '0', '-i', 'br0', '-I', 'lo', '--user=root', '--pid-file'],
      ...['--dhcp-leasefile=/dev/null', '--dhcp-range=10.93.6.50,10.93.6.99'],
      ...['--dhcp-vendorclass=set:http,HTTPClient', '--dhcp-option-force=tag:http,60,HTTPClient'],
      ...['--dhcp-option-force=tag:http,67,http://10.93.6.5:9/none.efi', ...dnsmasq],
    );
    const ipv6 = { address: { address: SERVICE_ADDRESS6, prefixLength: 64 }, mode: 'full' as const, ...own };
    const address = { address: SERVICE_ADDRESS4, prefixLength: 24 };
    const { events } = await segment.serve({
      options: {
        interfaces: [{ name: 'eth0', address, mode: 'off', leaseSeconds: 600, dns: [], ipv6 }],
        http: { port: 8480 },
        assets: [segment.folder],
      },
      machine: { mac: MAC6, address: '10.93.6.11' },
      boot: { kernel: 'kernel', initrds: ['first.img'], commandLine: 'console=ttyS0' },
    });
    copyFileSync('/usr/share/OVMF/OVMF_VARS_4M.fd', join(segment.folder, 'vars.fd'));
    const without = (protocol: string): readonly string[] => [
      '-fw_cfg',
      `name=opt/org.tianocore/${protocol}Support,string=n`,
    ];
    segment.clientStart(
      'qemu-system-x86_64',
      ...['-machine', 'q35,graphics=off', '-nodefaults', '-display', 'none', '-accel', 'tcg', '-cpu', 'Westmere'],
      ...['-m', '384', '-serial', 'file:console.log', '-uuid', UUID],
      ...['-netdev', 'tap,id=n0,ifname=tap0,script=no,downscript=no'],
      ...['-device', `virtio-net-pci,netdev=n0,mac=${MAC6},bootindex=1,romfile=`, '-device', 'virtio-rng-pci'],
      ...['-drive', `if=pflash,format=raw,readonly=on,file=${OVMF}`],
      ...['-drive', 'if=pflash,format=raw,file=vars.fd', ...without('IPv4PXE'), ...without('IPv6PXE')],
    );
    const served = (): readonly string[] =>
      events.filter(({ type }) => type === 'file.served').map(({ data }) => `${data.protocol} ${data.name}`);
    return { events, served };
  }
  const whole = { timeout: BOOT_MS, interval: 250 };

  it(
    'comes to kernel and initrd by our advertisements and addresses alone',
    async () => {
      const { events, served } = await start({ routerAdvertisements: {} });
      await expect.poll(served, whole).toContain('http initrd/0');
      expect(served()).toEqual(['http ipxe.efi', 'http script.ipxe', 'http kernel', 'http initrd/0']);
      const asked = events.filter(({ type, data }) => type === 'boot.asked' && data.messageType === 'discover');
      expect(asked.map(({ data }) => [data.protocol, data.loader, data.uuid])).toEqual([
        ['dhcpv6', 'firmware', UUID],
        ['dhcpv6', 'ipxe', UUID],
      ]);
      const leases = events.filter(({ type }) => type === 'lease.granted').map(({ data }) => data.address);
      expect(new Set(leases)).toEqual(new Set(['fd00:93::5254:77:601']));
    },
    BOOT_MS + 10_000,
  );

  it(
    'is given its loader beside a DHCPv6 server and router of others',
    async () => {
      const others = ['--dhcp-range=fd00:93::1000,fd00:93::2000,64,1h', '--enable-ra'];
      const { events, served } = await start({ mode: 'proxy' }, others);
      await expect.poll(served, whole).toEqual(['http ipxe.efi']);
      expect(events.filter(({ type }) => type === 'lease.granted')).toEqual([]);
    },
    BOOT_MS + 10_000,
  );
});
