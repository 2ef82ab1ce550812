import { createHash } from 'node:crypto';
import type { LoaderNames } from '../domain/boot/loader-names.ts';
import type { BootDirectory } from '../domain/ports/netboot.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';
import type { Udp, UdpPeer, UdpSocket } from '../foundation/udp.ts';
import { encodeDuid } from '../protocols/dhcpv6/duid.ts';
import { UNSPECIFIED_ADDRESS } from '../protocols/dhcpv6/ipv6.ts';
import { ALL_DHCP_RELAY_AGENTS_AND_SERVERS } from '../protocols/dhcpv6/message.ts';
import type { BootProgress } from './boot-progress.ts';
import { type Component, createReadiness, runComponent, untilAborted } from './component.ts';
import { createBootDesk } from './dhcp/boot-desk.ts';
import { createAddressPlan } from './dhcpv6/address-plan.ts';
import { createDhcpv6Answerer } from './dhcpv6/answer.ts';
import type { HeardAddresses } from './dhcpv6/heard-addresses.ts';
import type { Ipv6Mode, Ipv6Options } from './dhcpv6/ipv6-options.ts';
import { linksOf } from './dhcpv6/links.ts';
import { createDhcpv6Handler } from './dhcpv6/listener.ts';
import type { PacketTap } from './packet-tap.ts';
import type { Sightings } from './sightings.ts';
import type { Strangers } from './strangers.ts';

export type Dhcpv6ServerDeps = {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly tap: PacketTap;
  readonly directory: BootDirectory;
  readonly sightings: Sightings;
  readonly strangers: Strangers;
  readonly progress: BootProgress;
  readonly heard: HeardAddresses;
};

export type Dhcpv6ServerOptions = {
  /** The interface's name. */
  readonly name: string;
  readonly own: Ipv6Options & { readonly mode: Exclude<Ipv6Mode, 'off'> };
  /** Ours and the clients'. Default 547 and 546. */
  readonly ports?: { readonly server: number; readonly client: number };
  /** An inherited socket, bound to the interface's device by who opened it. */
  readonly fd?: number;
  readonly loaders: LoaderNames;
  /** Where scripts and loaders are served: `http://[fd00:77::1]:8480`. */
  readonly scriptBaseUrl: string;
};

const DEFAULT_LEASE_SECONDS = 3600;
/** As on port 67: a segment that powers on at once. */
const RECEIVE_BUFFER = 4 << 20;

/** DHCPv6 on one interface, for the declared machines on it and behind its relays. */
export function createDhcpv6Server(deps: Dhcpv6ServerDeps, options: Dhcpv6ServerOptions): Component<UdpPeer> {
  const { udp, clock, log, meter, tap } = deps;
  const { name, own, loaders, scriptBaseUrl, fd, ports = { server: 547, client: 546 } } = options;
  const { mode, leaseSeconds = DEFAULT_LEASE_SECONDS } = own;
  const { address } = own.address;
  const readiness = createReadiness<UdpPeer>();
  const desk = createBootDesk(deps, { mode, loaders, scriptBaseUrl });
  const plan = createAddressPlan({ clock }, address);
  const answererOptions = { mode, leaseSeconds, links: linksOf(own), serverId: serverDuid(name, address) };
  const answerer = createDhcpv6Answerer({ ...deps, desk, plan }, answererOptions);

  async function serve(signal: AbortSignal): Promise<void> {
    const handlerPorts = { client: ports.client, relay: ports.server };
    const handler = createDhcpv6Handler({ interface: name, answerer, ports: handlerPorts, log, meter, tap }, signal);
    await using sockets = new AsyncDisposableStack();
    const opened: UdpSocket[] = [];

    async function open(at: string, port: number, group: boolean): Promise<UdpSocket> {
      const membership = { group: ALL_DHCP_RELAY_AGENTS_AND_SERVERS, interface: name };
      const binding = {
        ...{ address: at, port, ipv6Only: true, reuseAddress: true },
        ...(group ? { membership } : {}),
        // An inherited socket keeps the buffer it came with, which may be larger than we may make it.
        ...(fd === undefined ? { receiveBufferBytes: RECEIVE_BUFFER } : { fd }),
      };
      const socket: UdpSocket = await udp.bind(
        binding,
        (data, from) =>
          handler.receive(data, from, { local: { address: at, port }, unicast: !group, send: socket.send }),
        signal,
      );
      opened.push(sockets.use(socket));
      return socket;
    }

    // An inherited socket hears the interface's group and our own address, and does not tell them apart.
    const heard = fd === undefined ? `${ALL_DHCP_RELAY_AGENTS_AND_SERVERS}%${name}` : UNSPECIFIED_ADDRESS;
    const { local } = await open(heard, ports.server, true);
    // By our own address, for relay agents.
    if (fd === undefined) await open(address, local.port, false);
    log.info({ interface: name, mode, address, port: local.port }, 'DHCPv6 is served');
    readiness.resolve({ address, port: local.port });
    await untilAborted(signal, opened);
    await handler.idle();
  }

  return { ready: readiness.ready, run: (signal) => runComponent(readiness, signal, () => serve(signal)) };
}

/**
 * Who we are on this link: a UUID made of the interface's name and our address (version 5 in form, RFC 9562 §5.5), so that it is the same after every
 * restart and nothing has to be kept.
 * @returns a DUID-UUID, encoded (RFC 6355 §4)
 */
export function serverDuid(name: string, address: string): Buffer {
  const digest = createHash('sha1').update(`bootwright dhcpv6 ${name} ${address}`).digest().subarray(0, 16);
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const uuid = digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return encodeDuid({ kind: 'uuid', uuid });
}
