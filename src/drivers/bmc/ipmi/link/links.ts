import { errorText } from '../../../../foundation/errors.ts';
import type { UdpPeer, UdpSocket } from '../../../../foundation/udp.ts';
import type { IpmiDeps } from '../options.ts';
import type { IpmiAddress } from '../target.ts';
import { createLink, dropUnknownSource, type Link } from './link.ts';
import { createSendWindow, type Place } from './send-window.ts';

/** Datagrams to one BMC whose places are remembered, until its next answers. */
const MOST_UNANSWERED = 8;

/** All BMCs over one UDP socket (two, where some have IPv6 addresses), made on first use. */
export type Links = AsyncDisposable & {
  to(address: IpmiAddress): Link;
};

/** Asked for; Linux grants as little as 208 KiB (net.core.rmem_max), which is room for some 270 answers. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Datagrams under way at once, so that their answers fit. A rack that was asked all at once lost a third of them. */
const MOST_UNDER_WAY = 128;
/** A BMC that has not answered by then may answer later, but holds up no other, ms. */
const HOLD_MS = 50;

export function createLinks(
  deps: Pick<IpmiDeps, 'udp' | 'clock' | 'log' | 'meter' | 'pins'>,
  localAddress: string,
): Links {
  const { udp, clock, log, meter } = deps;
  const stop = new AbortController();
  const links = new Map<string, { readonly link: Link; readonly underWay: Place[] }>();
  const window = createSendWindow(clock, MOST_UNDER_WAY, HOLD_MS);
  const sockets = new Map<4 | 6, Promise<UdpSocket>>();

  function receive(data: Buffer, from: UdpPeer): void {
    const known = links.get(nameOf(from));
    if (known === undefined) {
      dropUnknownSource(meter);
      return;
    }
    known.underWay.shift()?.leave();
    known.link.deliver(data);
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
      if (present) return present.link;
      const underWay: Place[] = [];
      const send = async (datagram: Buffer, signal: AbortSignal): Promise<void> => {
        const [socket, place] = [await socketFor(address.family), await window.enter(signal)];
        // Unanswered ones have left by themselves, long before there are so many.
        if (underWay.push(place) > MOST_UNANSWERED) underWay.shift();
        await socket.send(datagram, address);
      };
      const link = createLink({ ...deps, send }, { name, port: address.port });
      links.set(name, { link, underWay });
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
