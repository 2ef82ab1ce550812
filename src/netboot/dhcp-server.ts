import type { LoaderNames } from '../domain/boot/loader-names.ts';
import type { BootDirectory } from '../domain/ports/netboot.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Entropy } from '../foundation/entropy.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';
import type { Udp, UdpPeer, UdpReceiver, UdpSocket } from '../foundation/udp.ts';
import { LIMITED_BROADCAST, NO_ADDRESS } from '../protocols/dhcp/ipv4.ts';
import type { BootProgress } from './boot-progress.ts';
import { type Component, createReadiness, runComponent, untilAborted } from './component.ts';
import { createAddressProbe } from './dhcp/address-probe.ts';
import { createFullAnswerer } from './dhcp/answer-full.ts';
import { createProxyAnswerer } from './dhcp/answer-proxy.ts';
import { createBootDesk } from './dhcp/boot-desk.ts';
import { replyDestination } from './dhcp/destination.ts';
import { createLeaseBook } from './dhcp/lease-book.ts';
import type { LeaseTable } from './dhcp/lease-table.ts';
import { createDhcpHandler } from './dhcp/listener.ts';
import type { OtherServers } from './dhcp/other-servers.ts';
import { createServerWatch } from './dhcp/server-watch.ts';
import { subnetsOf } from './dhcp/subnets.ts';
import type { Inventory } from './inventory.ts';
import type { LinuxNetwork } from './linux-network.ts';
import type { InterfaceOptions, InterfaceSockets, NetbootPorts } from './options.ts';
import type { PacketTap } from './packet-tap.ts';
import type { Sightings } from './sightings.ts';
import type { Strangers } from './strangers.ts';

export type DhcpServerDeps = {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
  readonly tap: PacketTap;
  readonly network: LinuxNetwork;
  readonly directory: BootDirectory;
  readonly inventory: Inventory;
  readonly leases: LeaseTable;
  readonly otherServers: OtherServers;
  readonly sightings: Sightings;
  readonly strangers: Strangers;
  readonly progress: BootProgress;
};

export type DhcpServerOptions = {
  readonly own: InterfaceOptions;
  readonly ports: Pick<NetbootPorts, 'dhcp' | 'dhcpClient'>;
  /** Inherited sockets of this interface. */
  readonly sockets?: InterfaceSockets;
  readonly loaders: LoaderNames;
  /** Where scripts are served: `http://10.77.0.1:8480`. */
  readonly scriptBaseUrl: string;
};

/** Room for a segment that powers on at once, while a disk takes its time; without privileges the kernel caps it at net.core.rmem_max. */
const RECEIVE_BUFFER = 4 << 20;

/** DHCP on port 67, as the server of its machines (`full`, `reservations`) or beside another one (`proxy`). */
export function createDhcpServer(deps: DhcpServerDeps, options: DhcpServerOptions): Component<UdpPeer> {
  const { udp, log, meter } = deps;
  const { own, loaders, scriptBaseUrl, sockets = {} } = options;
  const readiness = createReadiness<UdpPeer>();
  const desk = createBootDesk(deps, { mode: own.mode, loaders, scriptBaseUrl });
  const subnets = subnetsOf(own);
  // Beside another server by design, there is nobody to be asked for.
  const { otherServers = 'off' } = own;
  const watchMode = otherServers === 'probe' && own.mode === 'proxy' ? 'listen' : otherServers;

  async function serve(signal: AbortSignal): Promise<void> {
    let speaker: UdpSocket | undefined;
    const ports = { ...options.ports };
    const send = async (data: Uint8Array, to: UdpPeer): Promise<void> => speaker?.send(data, to);
    const probe = createAddressProbe({ ...deps, send }, own.name);
    const book = createLeaseBook({ ...deps, ...(own.conflictProbe === true ? { probe } : {}) }, own, subnets);
    const answerer =
      own.mode === 'proxy'
        ? createProxyAnswerer({ desk }, own.address.address)
        : createFullAnswerer({ ...deps, desk, book }, own, subnets);
    const watch =
      watchMode === 'off'
        ? undefined
        : createServerWatch(deps, {
            ...{ interface: own.name, mode: watchMode, ports },
            ...(sockets.dhcpClient === undefined ? {} : { fd: sockets.dhcpClient }),
          });
    const handler = createDhcpHandler(
      {
        ...{ channel: 'dhcp', interface: own.name, answerer, log, meter, tap: deps.tap, send },
        destination: ({ type }, { message }) => replyDestination(message, type, ports),
        ...(watch === undefined ? {} : { isOurs: watch.isOurs }),
      },
      signal,
    );
    await using listening = await listen(udp, own, { port: ports.dhcp, fd: sockets.dhcp }, handler.receive, signal);
    speaker = listening.speaker;
    ports.dhcp = listening.speaker.local.port;
    const { address } = own.address;
    log.info({ interface: own.name, mode: own.mode, address, port: ports.dhcp }, 'DHCP is served');
    readiness.resolve(listening.speaker.local);
    const watching = watch?.run(send, signal);
    await untilAborted(signal, listening.sockets);
    await handler.idle();
    await watching;
  }

  return { ready: readiness.ready, run: (signal) => runComponent(readiness, signal, () => serve(signal)) };
}

type Listening = AsyncDisposable & { readonly speaker: UdpSocket; readonly sockets: readonly UdpSocket[] };

/**
 * Opens what an interface is heard by.
 *
 * An inherited socket is bound to its device by who opened it: it hears all of the interface and nothing else, and what it
 * sends leaves there. Node itself can neither bind to a device nor say by which one a datagram came, so without one there are two. One is
 * bound to the interface's own address: it hears unicast and relays, and sends everything, because Linux lets a datagram
 * for 255.255.255.255 from a socket bound to an address leave by that address's interface (net/ipv4/route.c,
 * ip_route_output_key_hash_rcu). The other is bound to 255.255.255.255 and only hears broadcasts.
 */
async function listen(
  udp: Udp,
  own: InterfaceOptions,
  { port, fd }: { readonly port: number; readonly fd: number | undefined },
  receive: (data: Buffer, from: UdpPeer, local: UdpPeer) => void,
  signal: AbortSignal,
): Promise<Listening> {
  const shared = { reuseAddress: true, broadcast: true, receiveBufferBytes: RECEIVE_BUFFER };
  const { address } = own.address;
  const on =
    (local: UdpPeer): UdpReceiver =>
    (data, from) =>
      receive(data, from, local);
  const sockets: UdpSocket[] = [];
  const closeAll = async (): Promise<void> => {
    for (const socket of sockets) await socket[Symbol.asyncDispose]();
  };
  try {
    // An inherited socket keeps the buffer it came with: systemd may exceed net.core.rmem_max (ReceiveBuffer=), we may not.
    const { receiveBufferBytes: _, ...kept } = shared;
    const binding = fd === undefined ? { ...shared, address, port } : { ...kept, address: NO_ADDRESS, port, fd };
    const speaker = await udp.bind(binding, on({ address, port }), signal);
    sockets.push(speaker);
    if (fd === undefined && own.relayedOnly !== true) {
      const heard = { ...shared, port: speaker.local.port, address: LIMITED_BROADCAST };
      sockets.push(await udp.bind(heard, on({ address: LIMITED_BROADCAST, port: speaker.local.port }), signal));
    }
    return { speaker, sockets, [Symbol.asyncDispose]: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
