import type { LoaderNames } from '../domain/boot-policy.ts';
import type { Machines } from '../domain/ports/machines.ts';
import type { BootDirectory, Leases } from '../domain/ports/netboot.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';
import type { Udp, UdpPeer } from '../foundation/udp.ts';
import { LIMITED_BROADCAST } from '../protocols/dhcp/ipv4.ts';
import { type Component, createReadiness, runComponent, untilAborted } from './component.ts';
import { createFullAnswerer } from './dhcp/answer-full.ts';
import { createProxyAnswerer } from './dhcp/answer-proxy.ts';
import { createBootDesk } from './dhcp/boot-desk.ts';
import { replyDestination } from './dhcp/destination.ts';
import { createLeaseBook } from './dhcp/lease-book.ts';
import { createDhcpHandler } from './dhcp/listener.ts';
import type { InterfaceOptions, NetbootPorts } from './options.ts';
import type { Sightings } from './sightings.ts';
import type { Strangers } from './strangers.ts';

export type DhcpServerDeps = {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly directory: BootDirectory;
  readonly leases: Leases;
  readonly machines: Pick<Machines, 'list'>;
  readonly sightings: Sightings;
  readonly strangers: Strangers;
};

export type DhcpServerOptions = {
  readonly own: InterfaceOptions;
  readonly ports: Pick<NetbootPorts, 'dhcp' | 'dhcpClient'>;
  readonly loaders: LoaderNames;
  /** Where scripts are served: `http://10.77.0.1:8480`. */
  readonly scriptBaseUrl: string;
};

/** Room for a segment that powers on at once: about two thousand requests. */
const RECEIVE_BUFFER = 1 << 20;

/**
 * DHCP on port 67, as the server of its machines (`full`) or beside another one (`proxy`).
 *
 * Two sockets, since Node can neither bind to a device nor say by which one a datagram came. One is bound to the
 * interface's own address: it hears unicast and relays, and sends everything, because Linux lets a datagram for
 * 255.255.255.255 from a socket bound to an address leave by that address's interface (net/ipv4/route.c,
 * ip_route_output_key_hash_rcu). The other is bound to 255.255.255.255 and only hears broadcasts.
 */
export function createDhcpServer(deps: DhcpServerDeps, options: DhcpServerOptions): Component<UdpPeer> {
  const { udp, clock, log, meter, directory, leases, machines, sightings, strangers } = deps;
  const { own, loaders, scriptBaseUrl } = options;
  const readiness = createReadiness<UdpPeer>();
  const desk = createBootDesk({ directory, sightings, strangers }, { mode: own.mode, loaders, scriptBaseUrl });
  const answerer =
    own.mode === 'full'
      ? createFullAnswerer(
          { desk, book: createLeaseBook({ leases, machines, clock }, own), directory, sightings, log },
          own,
        )
      : createProxyAnswerer({ desk }, own.address.address);

  async function serve(signal: AbortSignal): Promise<void> {
    let port = options.ports.dhcp;
    const handler = createDhcpHandler({
      channel: 'dhcp',
      answerer,
      log,
      meter,
      send: (data, { type }, { message }) =>
        unicast.send(data, replyDestination(message, type, { ...options.ports, dhcp: port })),
    });
    const shared = { port, reuseAddress: true, broadcast: true, receiveBufferBytes: RECEIVE_BUFFER };
    await using unicast = await udp.bind({ ...shared, address: own.address.address }, handler.receive, signal);
    port = unicast.local.port;
    const heard = { ...shared, port, address: LIMITED_BROADCAST };
    await using broadcasts = await udp.bind(heard, handler.receive, signal);
    log.info({ interface: own.name, mode: own.mode, address: own.address.address, port }, 'DHCP is served');
    readiness.resolve(unicast.local);
    await untilAborted(signal, [unicast, broadcasts]);
    await handler.idle();
  }

  return { ready: readiness.ready, run: (signal) => runComponent(readiness, signal, () => serve(signal)) };
}
