import type { BootCaptures } from '../domain/ports/boot-captures.ts';
import type { DiscoveredMachines } from '../domain/ports/discovered-machines.ts';
import type { LoaderHangs, LoaderMemory } from '../domain/ports/loader-memory.ts';
import type { Machines } from '../domain/ports/machines.ts';
import type { BootAttempts, Leases } from '../domain/ports/netboot.ts';
import type { Timeline } from '../domain/ports/timeline.ts';
import type { Clock } from '../foundation/clock.ts';
import { type Entropy, systemEntropy } from '../foundation/entropy.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';
import type { StartThread } from '../foundation/thread.ts';
import type { Udp, UdpPeer } from '../foundation/udp.ts';
import { type AssetCatalogOptions, createAssetCatalog } from './assets/catalog.ts';
import { createFileCache, type FileCacheOptions } from './assets/file-cache.ts';
import { LOADER_MAP, loadLoaders } from './assets/loaders.ts';
import { createMachineFiles } from './assets/machine-files.ts';
import { createBootDirectory } from './boot-directory.ts';
import { createBootProgress } from './boot-progress.ts';
import { checkBaseUrl } from './boot-urls.ts';
import { type Component, createReadiness, runComponent, untilAborted } from './component.ts';
import { createLeaseTable } from './dhcp/lease-table.ts';
import { createOtherServers, type OtherServer, type OtherServers } from './dhcp/other-servers.ts';
import { createDhcpServer } from './dhcp-server.ts';
import { createHeardAddresses } from './dhcpv6/heard-addresses.ts';
import { linksOf } from './dhcpv6/links.ts';
import { createDhcpv6Server } from './dhcpv6-server.ts';
import { createDiscovery, type DiscoveryOptions } from './discovery/discovery.ts';
import { createBootDoctor } from './doctor/boot-doctor.ts';
import type { BootScriptOptions } from './http/boot-script.ts';
import { createHttpBoot, type HttpBootOptions } from './http-boot.ts';
import { createInventory } from './inventory.ts';
import { type LinuxNetwork, linuxNetwork } from './linux-network.ts';
import {
  checkDefaultRoutes,
  DEFAULT_PORTS,
  httpSockets,
  type InheritedSockets,
  type InterfaceOptions,
  type NetbootPorts,
  servedInterfaces,
  servedIpv6,
} from './options.ts';
import { bothTaps, noTap, type PacketTap } from './packet-tap.ts';
import { createPeers } from './peers.ts';
import { createProxyDhcp } from './proxy-dhcp.ts';
import { createSightings } from './sightings.ts';
import { createStrangers } from './strangers.ts';
import { firstOf, listedFiles } from './tftp/files.ts';
import { createTftpServer, type TftpServerOptions } from './tftp-server.ts';
import { startTogether } from './together.ts';

export type NetbootDeps = {
  readonly udp: Udp;
  /** How threads for TFTP transfers start. Default: there are none. */
  readonly startThread?: StartThread;
  readonly clock: Clock;
  /** Default: the system's. */
  readonly entropy?: Entropy;
  readonly log: Log;
  readonly meter: Meter;
  readonly machines: Pick<Machines, 'get' | 'list' | 'findByMac'>;
  readonly attempts: Pick<BootAttempts, 'current' | 'find' | 'armed'>;
  readonly leases: Leases;
  readonly loaderMemory: LoaderMemory;
  readonly timeline: Timeline;
  /** Where machines are listed that nobody declared. Default: nowhere. */
  readonly discovered?: Pick<DiscoveredMachines, 'list' | 'record'>;
  /** Where boots that were watched are kept. Absent: none is watched. */
  readonly bootCaptures?: BootCaptures;
  /** Sees each datagram of DHCP and TFTP. Default: nobody looks. */
  readonly tap?: PacketTap;
  /** Default: the kernel's. */
  readonly network?: LinuxNetwork;
  /** Uploaded assets. Default none. */
  readonly assets?: AssetCatalogOptions['stored'];
};

export type NetbootOptions = {
  readonly interfaces: readonly InterfaceOptions[];
  /** Sockets that were open when we were started, one or more an interface. Default none: they are opened here. */
  readonly sockets?: InheritedSockets;
  readonly http: {
    readonly port: number;
    /** Default: each served interface's own address. */
    readonly address?: string;
  } & Pick<HttpBootOptions, 'maximumTransfers' | 'maximumBytesPerSecond'>;
  /** HTTPS beside it. Default none. */
  readonly https?: NonNullable<HttpBootOptions['https']>;
  /** Default: 67, 68, 4011 and 69. */
  readonly ports?: NetbootPorts;
  /** Folders with kernels and initrds. */
  readonly assets: readonly string[];
  /** Folder with iPXE binaries. Default: where the distribution's package puts them. */
  readonly loaders?: string;
  /** `on`: UEFI machines are offered the signed chain. Default `off`. */
  readonly secureBoot?: 'off' | 'on';
  /** How long a fetched loader may take to its script before the next one is offered, seconds. Default 60. */
  readonly loaderPatienceSeconds?: number;
  readonly script?: BootScriptOptions;
  readonly cache?: FileCacheOptions;
  readonly tftp?: Omit<TftpServerOptions, 'address' | 'port'>;
  /** Which of the machines that nobody declared are listed. */
  readonly discovery?: DiscoveryOptions;
};

/** Where an interface is served. */
export type InterfaceBound = {
  readonly interface: string;
  readonly dhcp: UdpPeer;
  readonly proxy: UdpPeer;
  readonly tftp: UdpPeer;
  readonly http: UdpPeer;
};

/** Where the first interface is served over IPv4, and all of them; null when none is. */
export type NetbootBound = (InterfaceBound & { readonly interfaces: readonly InterfaceBound[] }) | null;

export type Netboot = Component<NetbootBound> & {
  /** DHCP servers of others that were noticed on the served interfaces. */
  otherServers(): readonly OtherServer[];
  readonly loaderHangs: LoaderHangs;
};

const NOT_KEPT: NonNullable<NetbootDeps['discovered']> = { list: async () => [], record: async () => [] };

/** All listeners of the served interfaces, wired to each other. When one fails, all end and `run` rejects. */
export function createNetboot(deps: NetbootDeps, options: NetbootOptions): Netboot {
  const readiness = createReadiness<NetbootBound>();
  const { udp, clock, log, meter, machines, attempts, timeline } = deps;
  const { entropy = systemEntropy, network = linuxNetwork, bootCaptures: captures } = deps;
  const { ports = DEFAULT_PORTS, sockets = new Map() } = options;
  const enabled = servedInterfaces(options.interfaces, sockets);
  const enabled6 = servedIpv6(options.interfaces);
  const others = new Map<string, OtherServers>();
  const patienceMs = 1000 * (options.loaderPatienceSeconds ?? 60);
  const progress = createBootProgress({ memory: deps.loaderMemory, clock, log }, { patienceMs });

  const otherServers = (): readonly OtherServer[] => [...others.values()].flatMap((each) => each.list());

  async function serve(signal: AbortSignal): Promise<void> {
    checkDefaultRoutes(enabled, await network.defaultRouteInterfaces());
    const loaders = await loadLoaders(options.loaders, LOADER_MAP, { log, secureBoot: options.secureBoot ?? 'off' });
    const catalog = createAssetCatalog({ clock, log }, { folders: options.assets, stored: deps.assets });
    await catalog.scan();
    const cache = createFileCache({ clock }, options.cache);
    const leases = createLeaseTable({ leases: deps.leases });
    await leases.load();
    const inventory = createInventory({ machines, clock });
    const links = enabled6.flatMap(({ own }) => linksOf(own));
    const heard = createHeardAddresses({ clock });
    const names = new Set(enabled.map(({ name }) => name));
    const neighbours = async () => (await network.neighbours()).filter((each) => names.has(each.interface));
    const peers = createPeers({ leases: deps.leases, machines, clock, neighbours, links, heard });
    const discovery = createDiscovery(
      { discovered: deps.discovered ?? NOT_KEPT, clock, log, meter },
      options.discovery,
    );
    await discovery.load();
    const directory = createBootDirectory({ machines: inventory, attempts });
    const reported = createSightings({ timeline, clock, log, meter });
    const doctor =
      captures === undefined
        ? undefined
        : createBootDoctor(
            { attempts, machines, timeline, captures, sightings: reported, otherServers, clock, log, meter },
            { interfaces: enabled, patienceMs },
          );
    const tap = bothTaps(deps.tap ?? noTap, doctor?.tap ?? noTap);
    const requests = doctor === undefined ? {} : { requests: doctor.requests };
    const sightings = progress.watching(doctor?.sightings ?? reported);
    const all = startTogether(signal);
    try {
      const fixed = options.http.address;
      const machineFiles = loaders.grubByMachine
        ? (server: string) => createMachineFiles({ peers, directory, catalog, cache }, { ...options.script, server })
        : undefined;
      const own4 = fixed === undefined ? enabled.map(({ address }) => address.address) : [fixed];
      const [address = '127.0.0.1', ...furtherAddresses] = [...own4, ...enabled6.map(({ own }) => own.address.address)];
      const http = createHttpBoot(
        {
          ...{ attempts, machines, peers, clock, log, meter, catalog, cache, loaders: loaders.files, sightings },
          ...{ ...(machineFiles === undefined ? {} : { machineFiles }), ...requests },
        },
        {
          ...{ ...options.script, ...options.http, address, furtherAddresses },
          ...(options.https === undefined ? {} : { https: options.https }),
          sockets: httpSockets(enabled, sockets, fixed),
        },
      );
      const served = await all.start(http);
      if (doctor !== undefined) all.add(doctor.run);
      const shared = { udp, clock, entropy, log, meter, tap, network, directory, inventory, leases, peers };
      const interfaces: InterfaceBound[] = [];
      for (const own of enabled) {
        const { name } = own;
        const { address } = own.address;
        const scriptBaseUrl = served.baseUrlAt(fixed ?? address);
        checkBaseUrl(scriptBaseUrl);
        const otherServers = createOtherServers(
          { ...shared },
          { name, ours: enabled.map((each) => each.address.address), expected: own.mode !== 'full' },
        );
        others.set(name, otherServers);
        const mine = sockets.get(name) ?? {};
        const strangers = createStrangers({ clock, log, meter, discover: (request) => discovery.saw(request, name) });
        const parts = { ...shared, sightings, strangers, progress, otherServers };
        const boot = { own, sockets: mine, loaders: loaders.names, scriptBaseUrl };
        const listed = listedFiles(loaders.files);
        const files = machineFiles === undefined ? listed : firstOf(machineFiles(address), listed);
        const tftp = createTftpServer(
          { ...parts, ...(deps.startThread && { startThread: deps.startThread }), files },
          {
            ...{ ...options.tftp, interface: name, address, port: ports.tftp },
            ...(mine.tftp === undefined ? {} : { fd: mine.tftp }),
          },
        );
        const proxy = createProxyDhcp(parts, { ...boot, port: ports.proxy });
        const dhcp = createDhcpServer(parts, { ...boot, ports });
        // DHCP last: it invites machines to the others.
        const bound = { tftp: await all.start(tftp), proxy: await all.start(proxy), dhcp: await all.start(dhcp) };
        interfaces.push({ interface: name, ...bound, http: { address: fixed ?? address, port: served.port } });
      }
      for (const { name, own } of enabled6) {
        const fd = sockets.get(name)?.dhcpv6;
        const strangers = createStrangers({ clock, log, meter });
        const dhcpv6 = createDhcpv6Server(
          { ...shared, sightings, strangers, progress, heard },
          {
            ...{ name, own, loaders: loaders.names, scriptBaseUrl: served.baseUrlAt(own.address.address) },
            ports: { server: ports.dhcpv6 ?? 547, client: ports.dhcpv6Client ?? 546 },
            ...(fd === undefined ? {} : { fd }),
          },
        );
        await all.start(dhcpv6);
      }
      const [bound] = interfaces;
      readiness.resolve(bound === undefined ? null : { ...bound, interfaces });
      await all.ended();
    } finally {
      await all.stop();
      await Promise.all([sightings.close(), discovery.close()]);
    }
  }

  return {
    ready: readiness.ready,
    loaderHangs: progress,
    otherServers,
    run: (signal) =>
      runComponent(readiness, signal, async () => {
        if (enabled.length + enabled6.length > 0) return serve(signal);
        readiness.resolve(null);
        await untilAborted(signal, []);
      }),
  };
}
