import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The firmware of a virtual machine, and how it looks for something to boot.
 *
 *   seabios-ipxe  QEMU's BIOS and the ROM of its card, which is iPXE and says so
 *   seabios-pxe   the same ROM, with iPXE's marks taken from what it sends (`pxe-rom.py`): a boot ROM of any vendor
 *   lkrn          iPXE as the kernel of a BIOS, with a script where one is given
 *   ovmf-…, aavmf-…  UEFI for x64 and for arm64, by PXE or by HTTP boot; `secure` with Secure Boot on
 */
export type Firmware =
  | 'seabios-ipxe'
  | 'seabios-pxe'
  | 'lkrn'
  | 'ovmf-pxe'
  | 'ovmf-http'
  | 'ovmf-secure'
  | 'aavmf-pxe'
  | 'aavmf-http';

export const IPXE = '/usr/lib/ipxe';
export const LKRN = `${IPXE}/ipxe.lkrn`;
const X64 = '/usr/bin/qemu-system-x86_64';
const ARM64 = '/usr/bin/qemu-system-aarch64';
const OVMF = '/usr/share/OVMF';
const AAVMF = '/usr/share/AAVMF';

/** The name of the machine's card on the wire. */
export const TAP = 'tap0';
/** Where `pxe-rom.py` and its machine meet, on their namespace's own loopback. */
const ROM_PORTS = { ours: 4001, machine: 4002 };

/** Files that must be installed: qemu-system-x86 or qemu-system-arm, ovmf or qemu-efi-aarch64, ipxe, ipxe-qemu. */
export function filesNeededBy(firmware: Firmware): readonly string[] {
  switch (firmware) {
    case 'seabios-ipxe':
    case 'seabios-pxe':
      return [X64, `${IPXE}/qemu/pxe-virtio.rom`, LKRN, `${IPXE}/undionly.kpxe`];
    case 'lkrn':
      return [X64, LKRN];
    case 'ovmf-pxe':
    case 'ovmf-http':
      return [X64, `${OVMF}/OVMF_CODE_4M.fd`, `${IPXE}/ipxe.efi`, `${IPXE}/snponly.efi`];
    case 'ovmf-secure':
      return [X64, `${OVMF}/OVMF_CODE_4M.ms.fd`];
    case 'aavmf-pxe':
    case 'aavmf-http':
      return [ARM64, `${AAVMF}/AAVMF_CODE.fd`];
  }
}

/**
 * The command that is the machine, to be run in its folder; its serial line goes to `console.log` there. One processor, and no KVM.
 * @param script for `lkrn`: a file with what iPXE runs in place of its own
 */
export function machineCommand(
  firmware: Firmware,
  { folder, mac, script }: { readonly folder: string; readonly mac: string; readonly script?: string },
): readonly string[] {
  const common = ['-nodefaults', '-display', 'none', '-accel', 'tcg', '-serial', 'file:console.log'];
  const tap = ['-netdev', `tap,id=n0,ifname=${TAP},script=no,downscript=no`];
  const card = (more: string): readonly string[] => [
    ...['-device', `virtio-net-pci,netdev=n0,mac=${mac}${more}`, '-device', 'virtio-rng-pci'],
  ];
  const x64 = (machine: string, megabytes = 384): readonly string[] => [
    ...[X64, '-machine', machine, '-cpu', 'Westmere', '-m', `${megabytes}`, ...common],
  ];
  switch (firmware) {
    case 'seabios-ipxe':
      return [...x64('q35,graphics=off'), ...tap, ...card(',bootindex=1')];
    case 'seabios-pxe': {
      const end = (side: string, port: number): string =>
        `${side}.type=inet,${side}.host=127.0.0.1,${side}.port=${port}`;
      const rom = `dgram,id=n0,${end('local', ROM_PORTS.machine)},${end('remote', ROM_PORTS.ours)}`;
      return [...x64('q35,graphics=off'), '-netdev', rom, ...card(',bootindex=1')];
    }
    case 'lkrn': {
      const initrd = script === undefined ? [] : ['-initrd', script];
      return [...x64('pc,graphics=off', 256), ...tap, ...card(',romfile='), '-kernel', LKRN, ...initrd];
    }
    case 'ovmf-pxe':
    case 'ovmf-http':
      return [
        ...x64('q35,graphics=off'),
        ...[...tap, ...card(',bootindex=1,romfile=')],
        ...flash(folder, `${OVMF}/OVMF_CODE_4M.fd`, `${OVMF}/OVMF_VARS_4M.fd`),
        ...without('IPv6PXE'),
        ...(firmware === 'ovmf-http' ? without('IPv4PXE') : []),
      ];
    case 'ovmf-secure':
      return [
        ...x64('q35,graphics=off,smm=on'),
        ...['-global', 'driver=cfi.pflash01,property=secure,value=on'],
        ...[...tap, ...card(',bootindex=1,romfile=')],
        ...flash(folder, `${OVMF}/OVMF_CODE_4M.ms.fd`, `${OVMF}/OVMF_VARS_4M.ms.fd`),
        ...without('IPv6PXE'),
      ];
    case 'aavmf-pxe':
    case 'aavmf-http':
      return [
        ...[ARM64, '-machine', 'virt', '-cpu', 'cortex-a57', '-m', '512', ...common],
        ...[...tap, ...card(',bootindex=1,romfile=')],
        ...flash(folder, `${AAVMF}/AAVMF_CODE.fd`, `${AAVMF}/AAVMF_VARS.fd`),
        ...without('IPv6PXE'),
        ...(firmware === 'aavmf-http' ? without('IPv4PXE') : []),
      ];
  }
}

/** What `seabios-pxe` needs beside it. */
export function romCommand(): readonly string[] {
  const script = join(import.meta.dirname, 'pxe-rom.py');
  return ['python3', script, TAP, `${ROM_PORTS.ours}`, `${ROM_PORTS.machine}`];
}

/** The firmware itself, and variables that start as they left the factory. */
function flash(folder: string, code: string, variables: string): readonly string[] {
  copyFileSync(variables, join(folder, 'vars.fd'));
  return [
    ...['-drive', `if=pflash,format=raw,readonly=on,file=${code}`],
    ...['-drive', 'if=pflash,format=raw,file=vars.fd'],
  ];
}

function without(protocol: string): readonly string[] {
  return ['-fw_cfg', `name=opt/org.tianocore/${protocol}Support,string=n`];
}
