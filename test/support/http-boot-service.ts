import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine } from '../../src/domain/machine.ts';
import { type Clock, systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { createAssetCatalog } from '../../src/netboot/assets/catalog.ts';
import { createFileCache, type FileCacheOptions } from '../../src/netboot/assets/file-cache.ts';
import { createHttpBoot, type HttpBootBound, type HttpBootOptions } from '../../src/netboot/http-boot.ts';
import { createPeers } from '../../src/netboot/peers.ts';
import { createSightings } from '../../src/netboot/sightings.ts';
import { memoryAttempts, memoryLeases, memoryMachines, memoryTimeline, sampleMachine } from './netboot-ports.ts';

export type TestHttpBoot = AsyncDisposable & {
  readonly bound: HttpBootBound;
  readonly machines: readonly Machine[];
  readonly attempts: ReturnType<typeof memoryAttempts>;
  readonly leases: ReturnType<typeof memoryLeases>;
  readonly timeline: ReturnType<typeof memoryTimeline>;
  readonly meter: ReturnType<typeof createMeter>;
  readonly folder: string;
  /** Settles when all sightings are in the timeline. */
  settled(): Promise<void>;
  macOf(n: number): string;
  /** Arms a machine with `kernel` and `initrd`, or the files named. @returns its token */
  arm(n: number, files?: readonly [kernel: string, ...initrds: string[]]): string;
};

export type TestHttpBootOptions = {
  /** Machine n has the address 127.`net`.1.n, the server 127.`net`.0.1. */
  readonly net: number;
  readonly machines?: number;
  readonly files: Readonly<Record<string, Buffer>>;
  readonly loaders?: Readonly<Record<string, Buffer>>;
  readonly http?: Partial<HttpBootOptions>;
  readonly cache?: FileCacheOptions;
  readonly clock?: Clock;
};

/** The HTTP side of netboot alone, with files of its own, on loopback. */
export async function startHttpBoot(options: TestHttpBootOptions): Promise<TestHttpBoot> {
  const { net, machines: count = 2, files, loaders = {}, clock = systemClock } = options;
  const folder = mkdtempSync(join(tmpdir(), 'bw-http-'));
  for (const [name, data] of Object.entries(files)) writeFileSync(join(folder, name), data);
  const macOf = (n: number): string => `52:54:00:00:00:${n.toString(16).padStart(2, '0')}`;
  const machines = Array.from({ length: count }, (_, index) =>
    sampleMachine({ name: `m${index + 1}`, macs: [macOf(index + 1)], address: `127.${net}.1.${index + 1}` }),
  );
  const now = clock.now;
  const [attempts, leases, timeline, meter] = [memoryAttempts(now), memoryLeases(), memoryTimeline(now), createMeter()];
  const inventory = memoryMachines(machines);
  const log = silentLog;
  const catalog = createAssetCatalog({ clock, log }, { folders: [folder] });
  await catalog.scan();
  const sightings = createSightings({ timeline, clock, log, meter });
  const loaderFiles = Object.entries(loaders).map(
    ([name, data]) => [name, { name, data, sha256: `of-${name}` }] as const,
  );
  const http = createHttpBoot(
    {
      attempts,
      machines: inventory,
      peers: createPeers({ leases, machines: inventory, clock, neighbours: async () => [] }),
      clock,
      log,
      meter,
      catalog,
      cache: createFileCache({ clock }, options.cache),
      loaders: new Map(loaderFiles),
      sightings,
    },
    { address: `127.${net}.0.1`, port: 0, ...options.http },
  );
  const stop = new AbortController();
  const running = http.run(stop.signal);
  running.catch(() => undefined);
  const bound = await http.ready;
  return {
    bound,
    machines,
    attempts,
    leases,
    timeline,
    meter,
    folder,
    settled: () => sightings.settled(),
    macOf,
    arm(n, names = ['kernel', 'initrd']) {
      const machine = machines[n - 1];
      if (machine === undefined) throw new Error(`no machine ${n}`);
      const [kernel, ...initrds] = names;
      return attempts.arm(machine, { kernel, initrds, commandLine: 'quiet' }).token;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await sightings.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Sends bytes on a connection of its own and gives what comes until the server closes it, or `enough` says so. */
export function exchange(
  to: { readonly address: string; readonly port: number },
  bytes: Buffer | string,
  {
    from,
    enough = () => false,
    waitMs = 10_000,
  }: { from?: string; enough?(text: string): boolean; waitMs?: number } = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: to.address, port: to.port, ...(from === undefined ? {} : { localAddress: from }) });
  let text = '';
  const timer = setTimeout(() => {
    socket.destroy();
    reject(new Error(`no end after ${waitMs} ms; so far: ${JSON.stringify(text.slice(0, 300))}`));
  }, waitMs);
  socket.on('data', (data) => {
    text += data.toString('latin1');
    if (enough(text)) socket.destroy();
  });
  // A reset is one way to close.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(timer);
    resolve(text);
  });
  socket.write(bytes);
  return promise;
}
