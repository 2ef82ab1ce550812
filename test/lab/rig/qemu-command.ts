/** The command line of a machine: what its hardware is made of. */
import { macOf, uuidOf } from './addresses.ts';

/** How a machine's firmware starts from the network. */
export type Firmware = 'bios' | 'uefi' | 'uefi-http';

/** What the hardware process of a machine is told, as JSON in `machine.json`. */
export interface HardwareConfig {
  readonly name: string;
  readonly index: number;
  readonly dir: string;
  readonly memoryMb: number;
  /** TCP port on the lab's loopback where ipmi_sim waits for the machine (in-band IPMI). */
  readonly systemInterfacePort: number;
  /** TCP port on the lab's loopback where ipmi_sim finds the serial line (SOL). */
  readonly serialPort: number;
}

/**
 * QEMU's arguments for one POST, to be run in the machine's folder.
 * @param boot the override of this POST: `pxe` starts from the network, anything else from the disk
 */
export function qemuCommand(machine: HardwareConfig, firmware: Firmware, boot: string): string[] {
  const { index, name, memoryMb } = machine;
  const [nic, disk] = boot === 'pxe' ? [1, 2] : [2, 1];
  const kvm = process.env.LAB_ACCEL === 'kvm';
  const uefi = firmware !== 'bios';
  return [
    'qemu-system-x86_64',
    ...['-name', name, '-machine', 'q35,graphics=off', '-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-accel', kvm ? 'kvm' : 'tcg,thread=multi,tb-size=256', '-cpu', kvm ? 'host' : 'Westmere'],
    ...['-smp', '1', '-m', String(memoryMb)],
    ...['-smbios', `type=1,manufacturer=Lab,product=Lab,serial=${name},uuid=${uuidOf(index)}`],
    ...['-chardev', 'socket,id=ser,path=serial.sock,server=on,wait=off,logfile=console.log,logappend=on'],
    ...['-serial', 'chardev:ser', '-qmp', 'unix:qmp.sock,server=on,wait=off'],
    ...['-netdev', `tap,id=n0,ifname=tap${index},script=no,downscript=no`],
    // With UEFI no option ROM: OVMF's own driver, PXE and HTTP stack. With BIOS the ROM is iPXE.
    ...['-device', `virtio-net-pci,netdev=n0,mac=${macOf(index)},bootindex=${nic}${uefi ? ',romfile=' : ''}`],
    ...['-drive', 'if=none,id=d0,file=disk.qcow2,cache=unsafe,discard=unmap'],
    ...['-device', `virtio-blk-pci,drive=d0,bootindex=${disk}`, '-device', 'virtio-rng-pci'],
    ...['-chardev', `socket,id=ipmi,host=127.0.0.1,port=${machine.systemInterfacePort},reconnect=1`],
    ...['-device', 'ipmi-bmc-extern,id=bmc,chardev=ipmi', '-device', 'isa-ipmi-kcs,bmc=bmc'],
    ...(uefi
      ? [
          ...['-drive', 'if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd'],
          ...['-drive', 'if=pflash,format=raw,file=ovmf-vars.fd'],
          ...['-fw_cfg', 'name=opt/org.tianocore/IPv6PXESupport,string=n'],
        ]
      : []),
    ...(firmware === 'uefi-http' ? ['-fw_cfg', 'name=opt/org.tianocore/IPv4PXESupport,string=n'] : []),
  ];
}
