import type { ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { FirmwareSpec } from '../../../src/domain/boot/firmware-spec.ts';
import { servedScripts } from '../../../src/netboot/assets/served-scripts.ts';
import type { NetbootOptions } from '../../../src/netboot/netboot.ts';
import { pattern } from '../../support/netboot-service.ts';
import {
  canMakeNamespaces,
  MACHINE_ADDRESS,
  makeSegment,
  OTHER_DHCP_ADDRESS,
  readIfThere,
  SERVICE_ADDRESS,
  type Segment,
} from './segment.ts';

const OVMF = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const IPXE = '/usr/lib/ipxe';
const LKRN = `${IPXE}/ipxe.lkrn`;
const NEEDED = [
  LKRN,
  '/usr/bin/qemu-system-x86_64',
  OVMF,
  `${IPXE}/ipxe.efi`,
  `${IPXE}/snponly.efi`,
  `${IPXE}/undionly.kpxe`,
  '/usr/sbin/dnsmasq',
];
const SECURE_OVMF = '/usr/share/OVMF/OVMF_CODE_4M.ms.fd';
const SHIM = '/usr/lib/shim/shimx64.efi.signed';
const GRUB = '/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed';
const able = canMakeNamespaces() && NEEDED.every((path) => existsSync(path));
const secureAble = able && [SECURE_OVMF, SHIM, GRUB].every((path) => existsSync(path));
const BOOT_MS = 150_000;

describe.skipIf(!able)("real firmware's ways to its script (needs root, QEMU, OVMF, iPXE, dnsmasq)", () => {
  let segment: Segment;
  let machine: ChildProcess | undefined;
  afterEach(() => {
    machine?.kill('SIGKILL');
    segment[Symbol.dispose]();
  });

  function powerOn({
    by = 'pxe',
    secure = false,
  }: {
    readonly by?: 'pxe' | 'http';
    readonly secure?: boolean;
  } = {}): void {
    copyFileSync(`/usr/share/OVMF/OVMF_VARS_4M${secure ? '.ms' : ''}.fd`, join(segment.folder, 'vars.fd'));
    const without = (protocol: string): readonly string[] => [
      '-fw_cfg',
      `name=opt/org.tianocore/${protocol}Support,string=n`,
    ];
    machine = segment.clientStart(
      'qemu-system-x86_64',
      ...['-machine', `q35,graphics=off${secure ? ',smm=on' : ''}`, '-nodefaults', '-display', 'none', '-accel', 'tcg'],
      ...(secure ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
      ...['-cpu', 'Westmere', '-m', '384', '-serial', 'file:console.log'],
      ...['-netdev', 'tap,id=n0,ifname=tap0,script=no,downscript=no'],
      ...['-device', `virtio-net-pci,netdev=n0,mac=${segment.mac},bootindex=1,romfile=`, '-device', 'virtio-rng-pci'],
      ...['-drive', `if=pflash,format=raw,readonly=on,file=${secure ? SECURE_OVMF : OVMF}`],
      ...['-drive', 'if=pflash,format=raw,file=vars.fd'],
      ...without('IPv6PXE'),
      ...(by === 'http' ? without('IPv4PXE') : []),
    );
  }

  /** iPXE as a BIOS's kernel, with a script in place of its initrd where one is given. */
  function startIpxe(script?: string): void {
    if (script !== undefined) writeFileSync(join(segment.folder, 'embedded.ipxe'), script);
    machine = segment.clientStart(
      'qemu-system-x86_64',
      ...['-machine', 'pc,graphics=off', '-nodefaults', '-display', 'none', '-accel', 'tcg', '-m', '256'],
      ...['-serial', 'file:console.log', '-kernel', LKRN],
      ...(script === undefined ? [] : ['-initrd', 'embedded.ipxe']),
      ...['-netdev', 'tap,id=n0,ifname=tap0,script=no,downscript=no'],
      ...['-device', `virtio-net-pci,netdev=n0,mac=${segment.mac},romfile=`],
    );
  }

  async function serve(
    mode: 'full' | 'proxy',
    firmware: FirmwareSpec = {},
    more: Partial<NetbootOptions> = {},
    bios = false,
  ) {
    segment = makeSegment('tap');
    // iPXE is a program for UEFI and a Linux kernel for BIOS, and small.
    copyFileSync(bios ? LKRN : `${IPXE}/ipxe.efi`, join(segment.folder, 'kernel'));
    writeFileSync(join(segment.folder, 'first.img'), pattern(200_003, 1));
    const own = {
      name: 'eth0',
      address: { address: SERVICE_ADDRESS, prefixLength: 24 },
      mode,
      leaseSeconds: 600,
      dns: [],
    };
    if (mode === 'proxy') {
      segment.clientStart(
        'dnsmasq',
        ...['-k', '-C', '/dev/null', '-p', '0', '-i', 'br0', '-I', 'lo', '--user=root', '--pid-file'],
        ...['--dhcp-leasefile=/dev/null', `--dhcp-host=${segment.mac},${MACHINE_ADDRESS}`],
        `--dhcp-range=${OTHER_DHCP_ADDRESS},static`,
      );
    }
    const options: NetbootOptions = { interfaces: [own], http: { port: 8480 }, assets: [segment.folder], ...more };
    const boot = { kernel: 'kernel', initrds: ['first.img'], commandLine: bios ? 'autoboot' : 'console=ttyS0' };
    const { events } = await segment.serve({ options, boot, firmware });
    const served = (): readonly string[] =>
      events.filter(({ type }) => type === 'file.served').map(({ data }) => `${data.protocol} ${data.name}`);
    return { events, served };
  }
  const whole = { timeout: BOOT_MS, interval: 250 };
  const toKernel = [expect.stringMatching(/script\.ipxe/), 'http kernel', 'http initrd/0'];

  it.each([
    ['UEFI HTTP boot', 'full', 'http', {}, 'http ipxe.efi', []],
    ['UEFI HTTP boot', 'proxy', 'http', {}, 'http ipxe.efi', []],
    ['PXE by port 4011 alone', 'full', 'pxe', { noBypass: true }, 'tftp ipxe.efi', ['proxy']],
    ['PXE by port 4011 alone', 'proxy', 'pxe', { noBypass: true }, 'tftp ipxe.efi', ['proxy']],
    ['PXE without option 60', 'full', 'pxe', { noVendorClass: true }, 'tftp ipxe.efi', []],
    ['PXE with snponly.efi', 'proxy', 'pxe', { loader: 'snponly.efi' }, 'tftp snponly.efi', []],
  ] as const)(
    '%s, %s',
    async (_name, mode, by, firmware, loader, channels) => {
      const { events, served } = await serve(mode, firmware);
      powerOn({ by });
      await expect.poll(served, whole).toContain('http initrd/0');
      expect(served()).toEqual([loader, ...toKernel]);
      const asked = events.filter(
        ({ type, data }) => type === 'boot.asked' && data.protocol === 'proxy' && data.loader === 'firmware',
      );
      expect(asked.map(({ data }) => data.protocol)).toEqual(channels);
    },
    BOOT_MS + 10_000,
  );

  it(
    'shows why it is given no loader again, on its screen',
    async () => {
      const { served } = await serve('full');
      for (let boot = 1; boot <= 3; boot++) {
        powerOn();
        await expect.poll(() => served().filter((name) => name === 'http initrd/0').length, whole).toBe(boot);
        machine?.kill('SIGKILL');
        await sleep(500);
      }
      powerOn();
      const screen = (): string => readIfThere(join(segment.folder, 'console.log'));
      await expect.poll(screen, whole).toContain('Bootwright: boots over and over without coming up');
    },
    4 * BOOT_MS,
  );

  it.each(['full', 'proxy'] as const)(
    'iPXE comes to its own script by autoexec.ipxe, %s',
    async (mode) => {
      const { served } = await serve(mode, {}, {}, true);
      startIpxe(servedScripts(true).get('autoexec.ipxe') ?? '');
      await expect.poll(served, whole).toContain('http initrd/0');
      expect(served().slice(0, 3)).toEqual(toKernel);
    },
    BOOT_MS + 10_000,
  );

  it(
    'iPXE whose kernel is iPXE goes round three times, then shows why not again',
    async () => {
      const { events, served } = await serve('full', {}, {}, true);
      startIpxe();
      const screen = (): string => readIfThere(join(segment.folder, 'console.log'));
      await expect.poll(screen, whole).toContain('Bootwright: boots over and over without coming up');
      expect(served().filter((name) => name === 'http kernel')).toHaveLength(3);
      expect(served().at(-1)).toBe('tftp stop-hop-limit.ipxe');
      expect(events.filter(({ data }) => data.why === 'hop-limit').length).toBeGreaterThan(0);
    },
    BOOT_MS + 10_000,
  );

  it.skipIf(!secureAble)(
    'starts the signed chain with Secure Boot on (needs shim-signed, grub-efi-amd64-signed)',
    async () => {
      const { served } = await serve('full', {}, { secureBoot: 'on' });
      powerOn({ secure: true });
      await expect.poll(served, whole).toContain('tftp grubx64.efi');
      expect(served()[0]).toBe('tftp shimx64.efi');
      const screen = (): string => readIfThere(join(segment.folder, 'console.log'));
      await expect.poll(screen, whole).toContain('Welcome to GRUB');
    },
    BOOT_MS + 10_000,
  );
});
