import type { Machines } from '../domain/ports/machines.ts';
import type { BootAttempts, Leases } from '../domain/ports/netboot.ts';
import type { Timeline } from '../domain/ports/timeline.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';
import type { Udp, UdpPeer } from '../foundation/udp.ts';
import { createAssetCatalog } from './assets/catalog.ts';
import { createFileCache, type FileCacheOptions } from './assets/file-cache.ts';
import { loadLoaders } from './assets/loaders.ts';
import { createBootDirectory } from './boot-directory.ts';
import { bootBaseUrl, checkBaseUrl } from './boot-urls.ts';
import { type Component, createReadiness, runComponent, untilAborted } from './component.ts';
import { createDhcpServer } from './dhcp-server.ts';
import type { BootScriptOptions } from './http/boot-script.ts';
import { createHttpBoot } from './http-boot.ts';
import { DEFAULT_PORTS, type InterfaceOptions, type NetbootPorts, servedInterface } from './options.ts';
import { createPeers } from './peers.ts';
import { createProxyDhcp } from './proxy-dhcp.ts';
import { createSightings } from './sightings.ts';
import { createStrangers } from './strangers.ts';
import { createTftpServer, type TftpServerOptions } from './tftp-server.ts';

export type NetbootDeps = {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly machines: Pick<Machines, 'get' | 'list' | 'findByMac'>;
  readonly attempts: Pick<BootAttempts, 'current' | 'find'>;
  readonly leases: Leases;
  readonly timeline: Timeline;
};

export type NetbootOptions = {
  readonly interfaces: readonly InterfaceOptions[];
  readonly http: {
    readonly port: number;
    /** Default: the served interface's own address. */
    readonly address?: string;
  };
  /** Default: 67, 68, 4011 and 69. */
  readonly ports?: NetbootPorts;
  /** Folders with kernels and initrds. */
  readonly assets: readonly string[];
  /** Folder with iPXE binaries. Default: where the distribution's package puts them. */
  readonly loaders?: string;
  readonly script?: BootScriptOptions;
  readonly cache?: FileCacheOptions;
  readonly tftp?: Omit<TftpServerOptions, 'address' | 'port'>;
};

/** Where it serves; null when no interface is enabled. */
export type NetbootBound = {
  readonly dhcp: UdpPeer;
  readonly proxy: UdpPeer;
  readonly tftp: UdpPeer;
  readonly http: UdpPeer;
} | null;

/** All listeners of the one served interface, wired to each other. When one fails, all end and `run` rejects. */
export function createNetboot(deps: NetbootDeps, options: NetbootOptions): Component<NetbootBound> {
  const readiness = createReadiness<NetbootBound>();
  const own = servedInterface(options.interfaces);

  async function serve(own: InterfaceOptions, signal: AbortSignal): Promise<void> {
    const { udp, clock, log, meter, machines, attempts, leases, timeline } = deps;
    const { ports = DEFAULT_PORTS } = options;
    const loaders = await loadLoaders(options.loaders);
    const catalog = createAssetCatalog({ clock, log }, { folders: options.assets });
    await catalog.scan();
    const cache = createFileCache({ clock }, options.cache);
    const peers = createPeers({ leases, machines, clock });
    const strangers = createStrangers({ clock, log, meter });
    const directory = createBootDirectory({ machines, attempts });
    const sightings = createSightings({ timeline, clock, log, meter });
    const { address } = own.address;
    const all = startTogether(signal);
    try {
      const http = createHttpBoot(
        { attempts, machines, peers, clock, log, meter, catalog, cache, loaders: loaders.files, sightings },
        { ...options.script, address: options.http.address ?? address, port: options.http.port },
      );
      const bound = { http: await all.start(http) };
      const scriptBaseUrl = bootBaseUrl(options.http.address ?? address, bound.http.port);
      checkBaseUrl(scriptBaseUrl);
      const boot = { own, loaders: loaders.names, scriptBaseUrl };
      const shared = { udp, clock, log, meter, directory, sightings, strangers };
      const tftp = createTftpServer(
        { ...shared, files: loaders.files, peers },
        { ...options.tftp, address, port: ports.tftp },
      );
      const proxy = createProxyDhcp(shared, { ...boot, port: ports.proxy });
      const dhcp = createDhcpServer({ ...shared, leases, machines }, { ...boot, ports });
      // DHCP last: it invites machines to the others.
      const rest = { tftp: await all.start(tftp), proxy: await all.start(proxy), dhcp: await all.start(dhcp) };
      readiness.resolve({ ...bound, ...rest });
      await all.ended();
    } finally {
      await all.stop();
      await sightings.close();
    }
  }

  return {
    ready: readiness.ready,
    run: (signal) =>
      runComponent(readiness, signal, async () => {
        if (own !== undefined) return serve(own, signal);
        readiness.resolve(null);
        await untilAborted(signal, []);
      }),
  };
}

/** Runs components under one signal that fires when the caller's does or when any of them ends. */
function startTogether(signal: AbortSignal) {
  const over = new AbortController();
  const together = AbortSignal.any([signal, over.signal]);
  const running: Promise<void>[] = [];
  return {
    async start<Bound>(component: Component<Bound>): Promise<Bound> {
      const run = component.run(together).finally(() => over.abort());
      run.catch(() => undefined);
      running.push(run);
      return component.ready;
    },
    /** Settles when all have ended; rejects with the first fault. */
    ended: async (): Promise<void> => void (await Promise.all(running)),
    async stop(): Promise<void> {
      over.abort();
      await Promise.allSettled(running);
    },
  };
}
