import type { LoaderNames } from '../domain/boot/loader-names.ts';
import type { BootDirectory } from '../domain/ports/netboot.ts';
import type { Log } from '../foundation/log.ts';
import type { Meter } from '../foundation/meter.ts';
import type { Udp, UdpPeer } from '../foundation/udp.ts';
import type { BootProgress } from './boot-progress.ts';
import { type Component, createReadiness, runComponent, untilAborted } from './component.ts';
import { createBootServerAnswerer } from './dhcp/answer-proxy.ts';
import { createBootDesk } from './dhcp/boot-desk.ts';
import { createDhcpHandler } from './dhcp/listener.ts';
import type { InterfaceOptions, InterfaceSockets } from './options.ts';
import type { PacketTap } from './packet-tap.ts';
import type { Sightings } from './sightings.ts';
import type { Strangers } from './strangers.ts';

export type ProxyDhcpDeps = {
  readonly udp: Udp;
  readonly log: Log;
  readonly meter: Meter;
  readonly directory: BootDirectory;
  readonly sightings: Sightings;
  readonly strangers: Strangers;
  readonly progress: BootProgress;
  readonly tap: PacketTap;
};

export type ProxyDhcpOptions = {
  readonly own: InterfaceOptions;
  /** Default for firmware: 4011. */
  readonly port: number;
  /** Inherited sockets of this interface. */
  readonly sockets?: InterfaceSockets;
  readonly loaders: LoaderNames;
  readonly scriptBaseUrl: string;
};

/**
 * The PXE boot server on port 4011. It runs in both modes: some firmware follows this path although the offer on port
 * 67 already names the file. Answers go to the address and port a request came from, which is 4011 for EDK2 and 68 for
 * BIOS ROMs, and leave from our own 4011: iPXE drops others (src/net/udp/dhcp.c, dhcp_proxy_rx).
 * @see PXE 2.1 §2.2.5
 */
export function createProxyDhcp(deps: ProxyDhcpDeps, options: ProxyDhcpOptions): Component<UdpPeer> {
  const { udp, log, meter, tap } = deps;
  const { own, port, loaders, scriptBaseUrl } = options;
  const server = own.address.address;
  const fd = options.sockets?.proxy;
  const readiness = createReadiness<UdpPeer>();
  const desk = createBootDesk(deps, { mode: own.mode, loaders, scriptBaseUrl });

  async function serve(signal: AbortSignal): Promise<void> {
    const handler = createDhcpHandler(
      {
        ...{ channel: 'proxy', interface: own.name, log, meter, tap },
        answerer: createBootServerAnswerer({ desk }, server),
        send: (data, to) => socket.send(data, to),
        destination: (_answer, _request, from) => from,
      },
      signal,
    );
    const binding = { address: server, port, reuseAddress: true, ...(fd === undefined ? {} : { fd }) };
    await using socket = await udp.bind(
      binding,
      (data, from) => handler.receive(data, from, { address: server, port: socket.local.port }),
      signal,
    );
    log.info({ interface: own.name, address: server, port: socket.local.port }, 'PXE boot server is served');
    readiness.resolve(socket.local);
    await untilAborted(signal, [socket]);
    await handler.idle();
  }

  return { ready: readiness.ready, run: (signal) => runComponent(readiness, signal, () => serve(signal)) };
}
