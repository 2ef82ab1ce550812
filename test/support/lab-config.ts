import { chmodSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { InitrdFlavour } from '../lab/image/image.ts';
import type { LabMachine } from '../lab/rig/machine.ts';
import type { Rig } from '../lab/rig/rig.ts';

export type LabConfigOptions = {
  /** Folder for the service's data, configuration and secrets. */
  readonly folder: string;
  /** What each machine netboots, by its index from 0. Default: the initramfs flavour. */
  readonly flavours?: readonly ('initramfs' | 'systemd')[];
  /** Default `full`. */
  readonly dhcp?: 'full' | 'proxy';
  /** Passphrase put into the secret file. Default: the right one. */
  readonly passphrase?: string;
  /** Password put into the BMC's secret file. Default: the right one. */
  readonly bmcPassword?: string;
  /** Fields merged into each machine's declaration. */
  readonly machine?: Readonly<Record<string, unknown>>;
};

export const API_PORT = 8470;

/** Writes the service's configuration for a rig, with every secret in a file of its own (0600). @returns its path */
export function writeLabConfig(rig: Rig, options: LabConfigOptions): string {
  const { folder } = options;
  const secret = (name: string, value: string): string => {
    const path = join(folder, name);
    writeFileSync(path, value, { mode: 0o600 });
    chmodSync(path, 0o600);
    return `file:${path}`;
  };
  const bmcPassword = secret('bmc-password', options.bmcPassword ?? rig.machine(1).bmc.password);
  const passphrase = secret('passphrase', options.passphrase ?? rig.image.passphrase);
  const config = {
    dataDirectory: join(folder, 'data'),
    listen: { address: rig.service.host, port: API_PORT },
    netboot: {
      interfaces: [
        {
          name: 'eth0',
          address: `${rig.service.lan}/24`,
          mode: options.dhcp ?? 'full',
          pool: { from: '10.77.0.100', to: '10.77.0.200' },
        },
      ],
      assets: [dirname(rig.image.kernel)],
    },
    machines: rig.machines.map((machine, index) => ({
      ...machineDeclaration(rig, machine, rig.image.flavours[options.flavours?.[index] ?? 'initramfs']),
      bmcs: [{ protocol: 'ipmi', host: machine.bmc.host, user: machine.bmc.user, password: bmcPassword }],
      disks: [{ name: 'cryptroot', passphrase }],
      ...options.machine,
    })),
  };
  const path = join(folder, 'bootwright.yaml');
  writeFileSync(path, stringify(config));
  return path;
}

function machineDeclaration(rig: Rig, machine: LabMachine, netbooted: InitrdFlavour) {
  const { image } = rig;
  // Generations on the disk boot either flavour, whatever was netbooted: both stage-1 keys are this machine's.
  const stage1Keys = [image.flavours.initramfs.stage1HostKey, image.flavours.systemd.stage1HostKey];
  return {
    name: machine.name,
    macs: [machine.mac],
    address: machine.ip,
    netboot: {
      kernel: basename(image.kernel),
      initrds: [basename(netbooted.initrd)],
      commandLine: netbooted.cmdline,
    },
    stage1: { hostKeys: stage1Keys, identity: `file:${image.clientKey}` },
    stage3: { hostKeys: [image.stage3HostKey], identity: `file:${image.clientKey}` },
    rebuild: { flake: '/etc/nixos', attribute: 'next' },
    session: { user: 'alice' },
  };
}
