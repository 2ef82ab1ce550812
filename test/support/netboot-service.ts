import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine, MachineSpec } from '../../src/domain/machine.ts';
import type { LoaderMemory } from '../../src/domain/ports/loader-memory.ts';
import { type Clock, systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { systemThread } from '../../src/foundation/thread.ts';
import { systemUdp } from '../../src/foundation/udp.ts';
import { createForgetfulLoaderMemory } from '../../src/netboot/boot-progress.ts';
import { createNetboot, type NetbootBound, type NetbootDeps, type NetbootOptions } from '../../src/netboot/netboot.ts';
import {
  type MemoryBootCaptures,
  memoryAttempts,
  memoryLeases,
  memoryMachines,
  memoryTimeline,
  sampleMachine,
} from './netboot-ports.ts';
import { observeThreads, type RealThreads } from './tftp-threads.ts';

/** Addresses of a test's own corner of loopback: any 127.x.y.z is ours without being set up. */
export type Corner = { readonly server: string; readonly relay: string; machine(n: number): string };

export function loopbackCorner(net: number): Corner {
  return { server: `127.${net}.0.1`, relay: `127.${net}.0.2`, machine: (n) => `127.${net}.1.${n}` };
}

export type TestNetboot = AsyncDisposable & {
  readonly bound: NonNullable<NetbootBound>;
  readonly machines: readonly Machine[];
  readonly attempts: ReturnType<typeof memoryAttempts>;
  readonly leases: ReturnType<typeof memoryLeases>;
  readonly loaderMemory: LoaderMemory;
  readonly timeline: ReturnType<typeof memoryTimeline>;
  /** Of TFTP. */
  readonly threads: RealThreads;
  readonly meter: ReturnType<typeof createMeter>;
  readonly folder: string;
  readonly assets: Readonly<Record<string, Buffer>>;
  /** Arms a machine with the kernel and both initrds. */
  arm(n: number, commandLine?: string): ReturnType<ReturnType<typeof memoryAttempts>['arm']>;
  macOf(n: number): string;
  /** Loader names served. */
  readonly loaders: readonly string[];
};

export type TestNetbootOptions = {
  readonly corner: Corner;
  readonly mode: 'full' | 'proxy';
  readonly machines?: number;
  readonly options?: Partial<NetbootOptions>;
  /** Loaders beside the usual ones. Default none. */
  readonly moreLoaders?: readonly string[];
  /** Ports of a real store in place of those in memory. Default none. */
  readonly deps?: Partial<NetbootDeps>;
  /** Boots are watched, and kept there. Default: they are not. */
  readonly bootCaptures?: MemoryBootCaptures;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** What a machine is beside the usual. */
  spec?(n: number): Partial<MachineSpec>;
};

/** The real listeners on loopback, over ports in memory, with small files and loaders of their own. */
export async function startNetboot({
  corner,
  mode,
  machines: count = 1,
  options = {},
  moreLoaders = [],
  deps = {},
  spec = () => ({}),
  bootCaptures,
  clock = systemClock,
}: TestNetbootOptions): Promise<TestNetboot> {
  const folder = mkdtempSync(join(tmpdir(), 'bw-netboot-'));
  const assets = {
    vmlinuz: pattern(300_007, 1),
    'initrd.img': pattern(1_200_003, 2),
    'extra.img': pattern(4096, 3),
  };
  const loaders = {
    'undionly.kpxe': pattern(70_000, 4),
    'ipxe.efi': pattern(1468 * 60, 5),
    'snponly.efi': pattern(1, 6),
    ...Object.fromEntries(moreLoaders.map((name, index) => [name, pattern(5000 + index, 7 + index)])),
  };
  for (const [name, data] of Object.entries({ ...assets, ...loaders })) writeFileSync(join(folder, name), data);
  const macOf = (n: number): string => `52:54:00:00:00:${n.toString(16).padStart(2, '0')}`;
  const machines = Array.from({ length: count }, (_, index) =>
    sampleMachine({
      name: `m${index + 1}`,
      macs: [macOf(index + 1), `52:54:00:00:01:${(index + 1).toString(16).padStart(2, '0')}`],
      address: corner.machine(index + 1),
      ...spec(index + 1),
    }),
  );
  const { now } = clock;
  const [attempts, leases, timeline, meter] = [memoryAttempts(now), memoryLeases(), memoryTimeline(now), createMeter()];
  const loaderMemory = createForgetfulLoaderMemory();
  const threads = observeThreads(systemThread);
  const netboot = createNetboot(
    {
      udp: systemUdp,
      startThread: threads.startThread,
      clock,
      log: silentLog,
      meter,
      machines: memoryMachines(machines),
      attempts,
      leases,
      loaderMemory,
      timeline,
      ...(bootCaptures === undefined ? {} : { bootCaptures }),
      ...deps,
    },
    {
      interfaces: [
        {
          name: 'lo',
          address: { address: corner.server, prefixLength: 16 },
          mode,
          leaseSeconds: 600,
          dns: [corner.server],
          router: corner.server,
          pool: { from: corner.machine(200), to: corner.machine(203) },
        },
      ],
      http: { port: 0 },
      ports: { dhcp: 0, dhcpClient: 0, proxy: 0, tftp: 0 },
      assets: [folder],
      loaders: folder,
      ...options,
    },
  );
  const stop = new AbortController();
  const running = netboot.run(stop.signal);
  running.catch(() => undefined);
  const bound = await netboot.ready;
  if (bound === null) throw new Error('no interface is served');
  return {
    bound,
    machines,
    attempts,
    leases,
    loaderMemory,
    timeline,
    meter,
    threads,
    folder,
    assets,
    macOf,
    loaders: Object.keys(loaders),
    arm(n, commandLine = 'console=ttyS0 ip=dhcp') {
      const machine = machines[n - 1];
      if (machine === undefined) throw new Error(`no machine ${n}`);
      return attempts.arm(machine, { kernel: 'vmlinuz', initrds: ['initrd.img', 'extra.img'], commandLine });
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Bytes that repeat nowhere near a block's length, so that a lost or doubled block shows. */
export function pattern(length: number, seed: number): Buffer {
  const data = Buffer.alloc(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    data[index] = state >>> 16;
  }
  return data;
}
