import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Programs that tests talk to, and the Debian package that brings each. */
export const INTEROP_PROGRAMS: Readonly<Record<string, string>> = {
  '/usr/bin/ipmitool': 'ipmitool',
  '/usr/sbin/ipmipower': 'freeipmi-tools',
  '/usr/bin/ipmi_sim': 'openipmi',
  '/usr/lib/python3/dist-packages/pyghmi/ipmi/bmc.py': 'python3-pyghmi',
  '/usr/bin/curl': 'curl',
  '/usr/bin/tftp': 'tftp-hpa',
  '/usr/bin/atftp': 'atftp',
  '/usr/sbin/sshd': 'openssh-server',
  '/usr/bin/ssh': 'openssh-client',
  '/usr/sbin/dropbear': 'dropbear-bin',
  '/usr/bin/busybox': 'busybox',
  '/usr/bin/sudo': 'sudo',
  '/usr/bin/systemd-ask-password': 'systemd',
  '/usr/sbin/dnsmasq': 'dnsmasq-base',
  '/usr/bin/qemu-system-x86_64': 'qemu-system-x86',
  '/usr/share/OVMF/OVMF_CODE_4M.fd': 'ovmf',
  '/usr/sbin/dhclient': 'isc-dhcp-client',
  '/usr/sbin/dhcrelay': 'isc-dhcp-relay',
  '/usr/sbin/radvd': 'radvd',
  '/usr/bin/rdisc6': 'ndisc6',
  '/usr/sbin/dhcpcd': 'dhcpcd-base',
  '/usr/sbin/ip': 'iproute2',
  '/usr/sbin/nft': 'nftables',
  '/usr/bin/tcpdump': 'tcpdump',
  '/usr/lib/ipxe/ipxe.efi': 'ipxe',
  '/usr/lib/ipxe/qemu/pxe-virtio.rom': 'ipxe-qemu',
};

export const BROWSER_PROGRAMS: Readonly<Record<string, string>> = { '/usr/bin/chromium': 'chromium' };

/**
 * Installs the packages of those programs that are missing, when this machine lets us.
 * @returns the programs that are still missing, each with its package
 */
export function ensurePrograms(programs: Readonly<Record<string, string>>): readonly string[] {
  const missing = Object.entries(programs).filter(([path]) => !existsSync(path));
  if (missing.length === 0) return [];
  const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (canInstall) {
    const packages = [...new Set(missing.map(([, name]) => name))];
    console.log(`installing ${packages.join(' ')}`);
    const run = (args: string[]) =>
      spawnSync('apt-get', ['-q', '-y', ...args], {
        env: { PATH: process.env.PATH ?? '', DEBIAN_FRONTEND: 'noninteractive', HOME: '/root' },
        stdio: ['ignore', 'ignore', 'inherit'],
        timeout: 600_000,
      });
    run(['update']);
    run(['install', '--no-install-recommends', ...packages]);
  }
  return missing.filter(([path]) => !existsSync(path)).map(([path, name]) => `${path} (package ${name})`);
}
