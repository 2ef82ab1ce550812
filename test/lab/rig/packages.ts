/** The Debian packages that the lab needs on its host, installed when missing. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { exec } from './command.ts';

/** What is looked for (a program on the PATH, or a file by its absolute path), and the package that brings it. */
const NEEDED: readonly (readonly [string, string])[] = [
  ['ip', 'iproute2'],
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['qemu-img', 'qemu-utils'],
  ['/usr/share/OVMF/OVMF_CODE_4M.fd', 'ovmf'],
  ['/usr/lib/ipxe/ipxe.efi', 'ipxe'],
  ['/usr/lib/ipxe/qemu/efi-virtio.rom', 'ipxe-qemu'],
  ['ipmi_sim', 'openipmi'],
  ['sdrcomp', 'openipmi'],
  ['ipmitool', 'ipmitool'],
  ['socat', 'socat'],
  ['dnsmasq', 'dnsmasq-base'],
  ['python3', 'python3'],
  ['ssh', 'openssh-client'],
  ['ssh-keygen', 'openssh-client'],
  ['mmdebstrap', 'mmdebstrap'],
  ['flock', 'util-linux'],
  ['mkfs.ext4', 'e2fsprogs'],
];

/** The packages of the lab that this host lacks. */
export function missingPackages(): string[] {
  return [...new Set(NEEDED.filter(([what]) => !present(what)).map(([, name]) => name))];
}

/**
 * Installs what the lab lacks by apt-get.
 * @throws Error that names the packages when they cannot be installed
 */
export async function ensurePackages(say: (line: string) => void = () => undefined): Promise<void> {
  const missing = missingPackages();
  if (missing.length === 0) return;
  const wanted = missing.join(' ');
  if (process.getuid?.() !== 0)
    throw new Error(`The lab needs these Debian packages (install them as root): ${wanted}`);
  say(`installing ${wanted}`);
  const apt = ['apt-get', '-o', 'DPkg::Lock::Timeout=300', '-y', '-qq'];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await exec([...apt, 'update'], { env }); // an old list may still do: the installation tells
  const result = await exec([...apt, 'install', '--no-install-recommends', ...missing], { env });
  const still = missingPackages();
  if (still.length > 0) {
    throw new Error(
      `The lab needs these Debian packages, and apt-get could not install them: ${still.join(' ')}\n${result.stderr.slice(-2000)}`,
    );
  }
}

function present(what: string): boolean {
  const places = what.startsWith('/')
    ? [what]
    : [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].map((folder) => join(folder, what));
  return places.some((path) => {
    try {
      accessSync(path, what.startsWith('/') ? constants.R_OK : constants.X_OK);
      return true;
    } catch {
      return false; // not there: what this function is asked
    }
  });
}
