import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { crc32 } from 'node:zlib';
import { ensurePrograms } from '../tools/debian-packages.ts';
import { less, median, more, type Part, quantile, type Row } from './measure.ts';
import { PEER, prepareStore, type StormServer, WITH_ADMISSION, WITHOUT_ADMISSION } from './storm-servers.ts';
import {
  ALL_MACHINES,
  INITRD_BYTES,
  KERNEL_BYTES,
  LOADER_BYTES,
  STORM_CLIENTS,
  STORM_MACHINES,
  STORM_PREFIX,
  STORM_SERVER,
  type StormBoot,
  type StormOrder,
} from './storm-work.ts';
import { layWire, type Wire } from './wire.ts';

const ROUNDS = 3;
const LIMIT_MS = 180_000;
const PROCESSES = Math.max(2, availableParallelism());
const PROGRAMS = {
  '/usr/sbin/dnsmasq': 'dnsmasq-base',
  '/usr/sbin/nginx': 'nginx-light',
  '/usr/bin/ss': 'iproute2',
};
/** On the disk, where /tmp may be memory. */
const DISK = '/var/tmp';
const MOMENTS = { 'first script byte': 'scriptMs', 'kernel whole': 'kernelMs', 'all whole': 'allMs' } as const;

type Files = Pick<StormOrder, 'loaderSha256' | 'kernel' | 'initrd'> & {
  readonly files: string;
  readonly prepared: string;
};

/**
 * A rack that is powered on at once: every machine asks for an address, its loader, its script, its kernel and its initrd, as UEFI
 * firmware and iPXE do. The machines are in processes and a namespace of their own; they share the processors with the server,
 * the same for all. Each storm meets a server that was just started, has its leases on disk and has booted a few machines before.
 */
export const stormPart: Part = {
  name: 'storm',
  about: `${STORM_MACHINES} machines powered on at once, with and without admission control, beside dnsmasq and nginx`,
  async measure(say) {
    const missing = ensurePrograms(PROGRAMS);
    if (missing.length > 0) throw new Error(`needs ${missing.join(', ')}`);
    if (process.getuid?.() !== 0) throw new Error('network namespaces need root');
    mkdirSync(DISK, { recursive: true });
    const folder = mkdtempSync(join(DISK, 'bootwright-storm-'));
    try {
      const files = writeFiles(folder);
      using wire = layWire({
        ...{ name: 'storm', server: STORM_SERVER, prefixLength: STORM_PREFIX },
        ...{ clients: '10.82.0.2', anyOf: STORM_CLIENTS },
      });
      const servers = [WITH_ADMISSION, WITHOUT_ADMISSION, PEER] as const;
      const storms = new Map<StormServer, StormBoot[][]>(servers.map((server) => [server, []]));
      for (let round = 0; round < ROUNDS; round++) {
        for (let turn = 0; turn < servers.length; turn++) {
          const server = servers[(round + turn) % servers.length] ?? PEER;
          const boots = await storm(server, wire, join(folder, `${round}-${turn}`), files);
          storms.get(server)?.push(boots);
          say(`round ${round + 1}: ${server.name}: ${describe(boots)}`);
        }
      }
      const of = (server: StormServer): readonly StormBoot[][] => storms.get(server) ?? [];
      return [WITHOUT_ADMISSION, PEER].flatMap((other) => compare(of(WITH_ADMISSION), other.name, of(other)));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function writeFiles(folder: string): Files {
  const [served, prepared] = [join(folder, 'files'), join(folder, 'prepared')];
  for (const each of [served, prepared]) mkdirSync(each);
  prepareStore(prepared);
  const write = (name: string, data: Buffer): Buffer => {
    writeFileSync(join(served, name), data);
    return data;
  };
  const loader = randomBytes(LOADER_BYTES);
  for (const name of ['undionly.kpxe', 'ipxe.efi', 'snponly.efi']) write(name, loader);
  const [kernel, initrd] = [write('kernel', randomBytes(KERNEL_BYTES)), write('initrd', randomBytes(INITRD_BYTES))];
  return {
    files: served,
    prepared,
    loaderSha256: createHash('sha256').update(loader).digest('hex'),
    kernel: { bytes: kernel.length, crc32: crc32(kernel) },
    initrd: { bytes: initrd.length, crc32: crc32(initrd) },
  };
}

/** @throws Error when the server ended, or a machine got what is not served */
async function storm(server: StormServer, wire: Wire, own: string, files: Files): Promise<StormBoot[]> {
  mkdirSync(own);
  const processes = await server.start(wire, { own, files: files.files, prepared: files.prepared });
  await using _all = {
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()));
    },
  };
  const warmUps = await powerOn(wire, files, STORM_MACHINES, ALL_MACHINES, 1);
  const [failed] = warmUps.flatMap(({ failure }) => failure ?? []);
  if (failed !== undefined) throw new Error(`${server.name}: a machine did not boot before the storm: ${failed}`);
  const boots = await powerOn(wire, files, 0, STORM_MACHINES, PROCESSES);
  for (const each of processes) each.mustLive();
  const [wrong] = boots.flatMap((boot) => boot.wrong ?? []);
  if (wrong !== undefined) throw new Error(`${server.name}: ${wrong}`);
  return boots;
}

async function powerOn(wire: Wire, files: Files, from: number, to: number, count: number): Promise<StormBoot[]> {
  const bound = (index: number): number => from + Math.round(((to - from) * index) / count);
  const { loaderSha256, kernel, initrd } = files;
  const common = { loaderSha256, kernel, initrd, limitMs: LIMIT_MS };
  const [command = '', ...args] = wire.atClients(process.execPath, join(import.meta.dirname, 'storm-clients.ts'));
  const groups = Array.from({ length: count }, (_, index) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const order: StormOrder = { ...common, from: bound(index), to: bound(index + 1) };
    child.stdin.write(`${JSON.stringify(order)}\n`);
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  try {
    // Nobody is switched on before all can be.
    for (const { lines } of groups) await lines.next();
    for (const { child } of groups) child.stdin.write('on\n');
    const lists = await Promise.all(groups.map(async ({ lines }) => (await lines.next()).value));
    return lists.flatMap((list) => {
      if (list === undefined) throw new Error('a process of simulated machines ended early');
      return JSON.parse(list) as StormBoot[];
    });
  } finally {
    for (const { child } of groups) child.kill();
  }
}

/** Who never got there took for ever. */
function at(boots: readonly StormBoot[], moment: keyof typeof MOMENTS, share: number): number {
  return quantile(
    boots.map((boot) => boot[MOMENTS[moment]] ?? Number.POSITIVE_INFINITY),
    share,
  );
}

const bootedOf = (boots: readonly StormBoot[]): number => boots.filter(({ allMs }) => allMs !== undefined).length;

function describe(boots: readonly StormBoot[]): string {
  const moments = (['first script byte', 'kernel whole', 'all whole'] as const).map((moment) => {
    const [p50, p99] = [0.5, 0.99].map((share) => (at(boots, moment, share) / 1000).toFixed(1));
    return `${moment} p50 ${p50} s p99 ${p99} s`;
  });
  const failures = boots.flatMap(({ failure }) => failure ?? []);
  const kinds = Map.groupBy(failures, (failure) => failure.replace(/[0-9a-f]{2}(:[0-9a-f]{2}){5}|\d+ blocks/g, '…'));
  const why = [...kinds].map(([kind, list]) => ` (${list.length}: ${kind})`).join('');
  const away = boots.reduce((sum, boot) => sum + boot.turnedAway, 0);
  return `${moments.join(', ')}; ${failures.length} failed${why}; told to come again ${away} times`;
}

function compare(ours: readonly StormBoot[][], name: string, peers: readonly StormBoot[][]): Row[] {
  const middle = (storms: readonly StormBoot[][], moment: keyof typeof MOMENTS, share: number): number =>
    median(storms.map((boots) => at(boots, moment, share)));
  const rows = (['first script byte', 'kernel whole', 'all whole'] as const).flatMap((moment) =>
    ([50, 99] as const).map((percent) => {
      const [own, peer] = [ours, peers].map((storms) => middle(storms, moment, percent / 100) / 1000);
      return less(`power-on to ${moment}, p${percent}`, 's', own ?? Number.NaN, name, peer ?? Number.NaN);
    }),
  );
  const worst = (storms: readonly StormBoot[][]): number => Math.min(...storms.map(bootedOf));
  return [
    ...rows,
    more(`machines that booted, of ${STORM_MACHINES}, worst round`, '', worst(ours), name, worst(peers)),
  ];
}
