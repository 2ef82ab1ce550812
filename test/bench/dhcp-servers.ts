import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type ServerProcess, startServer, untilListening } from './server-process.ts';
import { layWire, type Wire } from './wire.ts';

/** As dhcp-serve.ts has it. */
export const SERVER_ADDRESS = '10.80.0.1';
const POOL = { from: '10.80.1.0', to: '10.80.250.0' };
const LEASE_SECONDS = 3600;

/** A DHCP server on a wire of its own, with the same pool, lease time and disk as the others. */
export type DhcpServer = AsyncDisposable & {
  readonly name: string;
  readonly wire: Wire;
  readonly process: ServerProcess;
  /** How many addresses are in its lease file or database right now. */
  leasesOnDisk(): number;
};

type Plan = {
  readonly name: string;
  argv(folder: string): readonly string[];
  readonly environment?: (folder: string) => Readonly<Record<string, string>>;
  leasesOnDisk(folder: string): number;
};

const PLANS: readonly Plan[] = [
  {
    name: 'bootwright',
    argv: (folder) => [process.execPath, '--max-semi-space-size=4', join(import.meta.dirname, 'dhcp-serve.ts'), folder],
    leasesOnDisk(folder) {
      using database = new DatabaseSync(join(folder, 'bench.db'), { readOnly: true });
      return Number(database.prepare('select count(*) as n from dhcp_leases').get()?.n);
    },
  },
  {
    name: 'dnsmasq',
    argv: (folder) => [
      ...['dnsmasq', '-k', '-C', '/dev/null', '-p', '0', '-i', 'eth0', '-I', 'lo', '--bind-interfaces', '--user=root'],
      ...['--pid-file', '--no-ping', '--quiet-dhcp', '--log-facility=-', '--dhcp-authoritative'],
      `--dhcp-range=${POOL.from},${POOL.to},255.255.0.0,${LEASE_SECONDS}`,
      ...['--dhcp-lease-max=65536', `--dhcp-leasefile=${folder}/leases`],
    ],
    leasesOnDisk: (folder) => linesOf(join(folder, 'leases')).length,
  },
  {
    name: 'Kea',
    argv(folder) {
      writeFileSync(join(folder, 'kea.json'), JSON.stringify(keaConfig(folder)));
      return ['kea-dhcp4', '-c', join(folder, 'kea.json')];
    },
    environment: (folder) => ({ KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder }),
    // A journal: one line for each change, the address first, below a line of titles.
    leasesOnDisk: (folder) =>
      new Set(
        linesOf(join(folder, 'leases.csv'))
          .slice(1)
          .map((line) => line.split(',', 1)[0]),
      ).size,
  },
];

/** Starts ours and its peers; they stay up, and who is not asked sleeps. */
export async function startDhcpServers(folder: string): Promise<AsyncDisposable & { readonly list: DhcpServer[] }> {
  await using undo = new AsyncDisposableStack();
  const list: DhcpServer[] = [];
  for (const plan of PLANS) list.push(undo.use(await start(plan, folder)));
  const kept = undo.move();
  return { list, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

async function start(plan: Plan, folder: string): Promise<DhcpServer> {
  const own = join(folder, plan.name);
  mkdirSync(own);
  await using undo = new AsyncDisposableStack();
  const wire = undo.use(layWire({ name: plan.name, server: SERVER_ADDRESS, clients: '10.80.0.2', prefixLength: 16 }));
  const argv = wire.atServer(...plan.argv(own));
  const server = undo.use(startServer(plan.name, argv, plan.environment?.(own)));
  await untilListening(server, wire.atServer, 'udp', 67);
  const kept = undo.move();
  return {
    name: plan.name,
    wire,
    process: server,
    leasesOnDisk: () => plan.leasesOnDisk(own),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** Several threads, as Kea's manual advises for speed; its lease file as an installation has it, never cleaned up meanwhile. */
function keaConfig(folder: string): object {
  const threads = { 'enable-multi-threading': true, 'thread-pool-size': availableParallelism() };
  const subnet = { id: 1, subnet: '10.80.0.0/16', pools: [{ pool: `${POOL.from} - ${POOL.to}` }] };
  return {
    Dhcp4: {
      'interfaces-config': { interfaces: ['eth0'], 'dhcp-socket-type': 'udp' },
      'lease-database': { type: 'memfile', persist: true, name: join(folder, 'leases.csv'), 'lfc-interval': 0 },
      'multi-threading': threads,
      'valid-lifetime': LEASE_SECONDS,
      subnet4: [subnet],
      loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: 'stderr' }] }],
    },
  };
}

function linesOf(path: string): readonly string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/**
 * Counts how often a server has the kernel write to the disk while something is done, by strace.
 * @returns calls of fsync, fdatasync, sync_file_range, msync and sync of all its threads
 */
export async function countSyncs(pid: number, record: string, work: () => Promise<void>): Promise<number> {
  const calls = 'fsync,fdatasync,sync_file_range,msync,sync,syncfs';
  const tracer = spawn('strace', ['-f', '-qq', '-e', `trace=${calls}`, '-o', record, '-p', `${pid}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => tracer.once('exit', () => resolve()));
  await traced(pid);
  try {
    await work();
  } finally {
    tracer.kill('SIGINT');
    await exited;
  }
  return linesOf(record).filter((line) => /\b(f|fdata|m)?sync(fs|_file_range)?\(/.test(line)).length;
}

/** Until somebody traces every thread of the process. */
async function traced(pid: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (!readFileSync(`/proc/${pid}/status`, 'utf8').includes('TracerPid:\t0')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`strace cannot look at process ${pid}`);
}
