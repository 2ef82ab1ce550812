import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nginxCommand } from './nginx.ts';
import { type ServerProcess, startServer, untilListening } from './server-process.ts';
import {
  ALL_MACHINES,
  LOADER,
  machineAddress,
  machineMac,
  STORM_HTTP_PORT,
  STORM_SERVER,
  STORM_STORE,
} from './storm-work.ts';
import type { Wire } from './wire.ts';

const SERVE = join(import.meta.dirname, 'storm-serve.ts');

/** What a storm breaks over. */
export type StormServer = {
  readonly name: string;
  /** The processes serve when this resolves. */
  start(wire: Wire, folders: StormFolders): Promise<readonly ServerProcess[]>;
};

export type StormFolders = {
  /** Empty, for what a server writes. */
  readonly own: string;
  /** What is served. */
  readonly files: string;
  /** Where `prepareStore` wrote our store. */
  readonly prepared: string;
};

/** Declares and arms every machine once; each of our servers begins with a copy. In memory where there is a place: nothing is measured yet. */
export function prepareStore(folder: string): void {
  const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : folder, 'bootwright-storm-'));
  try {
    execFileSync(process.execPath, [SERVE, 'prepare', scratch], { stdio: ['ignore', 'inherit', 'inherit'] });
    copyFileSync(join(scratch, STORM_STORE), join(folder, STORM_STORE));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export const WITH_ADMISSION: StormServer = ours('bootwright');
/** Everybody is let in at once. */
export const WITHOUT_ADMISSION: StormServer = ours('bootwright, all at once', 1_000_000);

/** The same files without tokens, machines or events: every address and file is in a configuration file. */
export const PEER: StormServer = {
  name: 'dnsmasq + nginx',
  async start(wire, { own, files }) {
    const base = `http://${STORM_SERVER}:${STORM_HTTP_PORT}`;
    const script = [
      '#!ipxe',
      `kernel ${base}/kernel initrd=initrd console=ttyS0 ip=dhcp || goto failed`,
      `initrd --name initrd ${base}/initrd || goto failed`,
      'boot || goto failed',
      ':failed',
      'exit 1',
    ];
    writeFileSync(join(files, 'script.ipxe'), `${script.join('\n')}\n`);
    const hosts = Array.from({ length: ALL_MACHINES }, (_, n) => `${machineMac(n)},${machineAddress(n)}\n`);
    writeFileSync(join(own, 'hosts'), hosts.join(''));
    const dnsmasq = startServer(
      'dnsmasq',
      wire.atServer(
        ...['dnsmasq', '-k', '-C', '/dev/null', '-p', '0', '-i', 'eth0', '-I', 'lo', '--bind-interfaces'],
        ...['--user=root', '--pid-file', '--no-ping', '--quiet-dhcp', '--quiet-tftp', '--log-facility=-'],
        ...['--dhcp-authoritative', `--dhcp-hostsfile=${own}/hosts`, `--dhcp-leasefile=${own}/leases`],
        ...['--dhcp-range=10.82.0.0,static,255.255.0.0,3600', `--dhcp-lease-max=${2 * ALL_MACHINES}`],
        ...['--enable-tftp', `--tftp-root=${files}`, `--tftp-max=${2 * ALL_MACHINES}`],
        ...['--dhcp-match=set:ipxe,175', `--dhcp-boot=tag:!ipxe,${LOADER}`],
        `--dhcp-boot=tag:ipxe,${base}/script.ipxe`,
      ),
    );
    const nginx = startServer(
      'nginx',
      wire.atServer(...nginxCommand(files, { address: STORM_SERVER, port: STORM_HTTP_PORT })),
    );
    await untilServing(wire, dnsmasq, nginx);
    return [dnsmasq, nginx];
  },
};

function ours(name: string, maximumTransfers?: number): StormServer {
  return {
    name,
    async start(wire, { own, files, prepared }) {
      const limit = maximumTransfers === undefined ? [] : [`${maximumTransfers}`];
      const profile = process.env.BENCH_CPU_PROF;
      const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
      copyFileSync(join(prepared, STORM_STORE), join(own, STORM_STORE));
      const argv = [process.execPath, '--max-semi-space-size=4', ...flags, SERVE, own, files, ...limit];
      const server = startServer(name, wire.atServer(...argv));
      await untilServing(wire, server, server);
      return [server];
    },
  };
}

async function untilServing(wire: Wire, dhcp: ServerProcess, http: ServerProcess): Promise<void> {
  await untilListening(http, wire.atServer, 'tcp', STORM_HTTP_PORT);
  await untilListening(dhcp, wire.atServer, 'udp', 69);
  await untilListening(dhcp, wire.atServer, 'udp', 67);
}
