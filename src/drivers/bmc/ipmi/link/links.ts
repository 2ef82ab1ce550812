import { errorText } from '../../../../foundation/errors.ts';
import type { UdpPeer, UdpSocket } from '../../../../foundation/udp.ts';
import type { IpmiDeps } from '../options.ts';
import type { IpmiAddress } from '../target.ts';
import { createLink, dropUnknownSource, type Link } from './link.ts';

/** All BMCs over one UDP socket (two, where some have IPv6 addresses), made on first use. */
export type Links = AsyncDisposable & {
  to(address: IpmiAddress): Link;
};

/** Replies of a rack arrive together; the kernel's default buffer holds those of a few hundred BMCs. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

export function createLinks(
  deps: Pick<IpmiDeps, 'udp' | 'clock' | 'log' | 'meter' | 'pins'>,
  localAddress: string,
): Links {
  const { udp, log, meter } = deps;
  const stop = new AbortController();
  const links = new Map<string, Link>();
  const sockets = new Map<4 | 6, Promise<UdpSocket>>();

  function receive(data: Buffer, from: UdpPeer): void {
    const link = links.get(nameOf(from));
    if (link) link.deliver(data);
    else dropUnknownSource(meter);
  }

  function socketFor(family: 4 | 6): Promise<UdpSocket> {
    const present = sockets.get(family);
    if (present !== undefined) return present;
    const address = family === 4 ? localAddress : '::';
    const opening = udp.bind({ address, port: 0, receiveBufferBytes: RECEIVE_BUFFER_BYTES }, receive, stop.signal);
    sockets.set(family, opening);
    const forget = (): void => {
      if (sockets.get(family) === opening) sockets.delete(family);
    };
    opening
      .then((socket) => socket.closed)
      .catch((error: unknown) =>
        log.warn({ error: errorText(error) }, 'IPMI socket failed; the next send opens another'),
      )
      .finally(forget);
    return opening;
  }

  return {
    to(address) {
      const name = nameOf(address);
      const present = links.get(name);
      if (present) return present;
      const send = async (datagram: Buffer): Promise<void> => {
        const socket = await socketFor(address.family);
        await socket.send(datagram, address);
      };
      const link = createLink({ ...deps, send }, { name, port: address.port });
      links.set(name, link);
      return link;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      const open = await Promise.allSettled(sockets.values());
      await Promise.all(
        open.map((result) => (result.status === 'fulfilled' ? result.value[Symbol.asyncDispose]() : undefined)),
      );
    },
  };
}

/** `192.0.2.7:623`, `[2001:db8::7]:623`. */
function nameOf({ address, port }: UdpPeer): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
