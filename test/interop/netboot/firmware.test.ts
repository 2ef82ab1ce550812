import type { ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { NetbootOptions } from '../../../src/netboot/netboot.ts';
import { pattern } from '../../support/netboot-service.ts';
import {
  canMakeNamespaces,
  MACHINE_ADDRESS,
  makeSegment,
  OTHER_DHCP_ADDRESS,
  SERVICE_ADDRESS,
  type Segment,
} from './segment.ts';

const OVMF = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const NEEDED = [
  '/usr/bin/qemu-system-x86_64',
  OVMF,
  '/usr/lib/ipxe/ipxe.lkrn',
  '/usr/lib/ipxe/qemu/pxe-virtio.rom',
  '/usr/sbin/dnsmasq',
];
const able = canMakeNamespaces() && NEEDED.every((path) => existsSync(path));

// iPXE itself is the kernel that is booted: a Linux image for BIOS (ipxe.lkrn) and an EFI program (ipxe.efi), and small.
const KERNELS = { bios: '/usr/lib/ipxe/ipxe.lkrn', uefi: '/usr/lib/ipxe/ipxe.efi' } as const;
const BOOT_MS = 150_000;

describe.skipIf(!able)('real firmware in QEMU fetches kernel and initrds (needs root, QEMU, OVMF, iPXE)', () => {
  let segment: Segment;
  let machine: ChildProcess | undefined;
  afterEach(() => {
    machine?.kill('SIGKILL');
    segment[Symbol.dispose]();
  });

  function powerOn(firmware: 'bios' | 'uefi'): ChildProcess {
    if (firmware === 'uefi') copyFileSync('/usr/share/OVMF/OVMF_VARS_4M.fd', join(segment.folder, 'vars.fd'));
    const pflash = [
      '-drive',
      `if=pflash,format=raw,readonly=on,file=${OVMF}`,
      '-drive',
      'if=pflash,format=raw,file=vars.fd',
    ];
    return segment.clientStart(
      'qemu-system-x86_64',
      ...[
        '-machine',
        'q35,graphics=off',
        '-nodefaults',
        '-display',
        'none',
        '-accel',
        'tcg',
        '-cpu',
        'Westmere',
        '-m',
        '384',
      ],
      ...['-serial', 'file:console.log', '-netdev', 'tap,id=n0,ifname=tap0,script=no,downscript=no'],
      ...[
        '-device',
        `virtio-net-pci,netdev=n0,mac=${segment.mac},bootindex=1${firmware === 'uefi' ? ',romfile=' : ''}`,
      ],
      ...['-device', 'virtio-rng-pci'],
      ...(firmware === 'uefi' ? [...pflash, '-fw_cfg', 'name=opt/org.tianocore/IPv6PXESupport,string=n'] : []),
    );
  }

  it.each([
    ['bios', 'full'],
    ['bios', 'proxy'],
    ['uefi', 'full'],
    ['uefi', 'proxy'],
  ] as const)(
    '%s from a %s interface',
    async (firmware, mode) => {
      segment = makeSegment('tap');
      const kernel = KERNELS[firmware];
      copyFileSync(kernel, join(segment.folder, 'kernel'));
      writeFileSync(join(segment.folder, 'first.img'), pattern(2_000_003, 1));
      writeFileSync(join(segment.folder, 'second.img'), pattern(4096, 2));
      const options: NetbootOptions = {
        interfaces: [
          { name: 'eth0', address: { address: SERVICE_ADDRESS, prefixLength: 24 }, mode, leaseSeconds: 600, dns: [] },
        ],
        http: { port: 8480 },
        assets: [segment.folder],
      };
      const boot = { kernel: 'kernel', initrds: ['first.img', 'second.img'], commandLine: 'console=ttyS0' };
      if (mode === 'proxy') {
        const host = [`--dhcp-host=${segment.mac},${MACHINE_ADDRESS}`, `--dhcp-range=${OTHER_DHCP_ADDRESS},static`];
        segment.clientStart(
          'dnsmasq',
          '-k',
          '-C',
          '/dev/null',
          '-p',
          '0',
          '-i',
          'br0',
          '-I',
          'lo',
          '--user=root',
          '--pid-file',
          '--dhcp-leasefile=/dev/null',
          ...host,
        );
      }
      const { events } = await segment.serve({ options, boot, watched: true });
      machine = powerOn(firmware);
      const served = (): readonly string[] =>
        events
          .filter(({ type }) => type === 'file.served')
          .map(({ data }) => `${data.protocol} ${data.name} ${data.bytes}`);
      await expect.poll(served, { timeout: BOOT_MS, interval: 250 }).toContain('http initrd/1 4096');
      expect(served()).toEqual([
        // The ROM of QEMU's card is iPXE itself and needs no loader.
        ...(firmware === 'uefi' ? [`tftp ipxe.efi ${statSync('/usr/lib/ipxe/ipxe.efi').size}`] : []),
        expect.stringMatching(/^http script\.ipxe /),
        `http kernel ${statSync(kernel).size}`,
        'http initrd/0 2000003',
        'http initrd/1 4096',
      ]);
      expect(events.filter(({ type }) => type === 'boot.ignored' || type === 'file.refused')).toEqual([]);
      // The boot doctor has followed it all the way, and found nothing.
      const seen = () => events.findLast(({ type }) => type === 'capture')?.data.marks;
      await expect.poll(seen, { timeout: 15_000 }).toContain('files');
      if (firmware === 'uefi') expect(seen()).toContain('loader');
      expect(events.filter(({ type }) => type === 'boot.diagnosed')).toEqual([]);
    },
    BOOT_MS + 10_000,
  );
});
