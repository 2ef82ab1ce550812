import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { Udp, UdpPeer, UdpSocket } from '../../foundation/udp.ts';
import type { OpenUdpLink } from '../../foundation/udp-link.ts';
import { encodeTftpPacket, TFTP_ERROR, TFTP_OPCODE } from '../../protocols/tftp/packet.ts';

/** The way to one client for one transfer. */
export type Channel = AsyncDisposable & {
  readonly local: UdpPeer;
  /** Sends and forgets: what is lost is sent again when no answer comes. */
  send(packet: Buffer): void;
};

export type ChannelEvents = {
  receive(data: Buffer): void;
  /** The client's host says that nobody listens any more. */
  gone(): void;
};

export type OpenChannel = (client: UdpPeer, events: ChannelEvents, signal: AbortSignal) => Promise<Channel>;

export type Strangers = {
  /** Tells who sends to a transfer that is not theirs, without touching the transfer. @see RFC 1350 §4 */
  tellOff(socket: Pick<UdpSocket, 'send'>, data: Buffer, from: UdpPeer): void;
};

export const keyOf = (peer: UdpPeer): string => `${peer.address} ${peer.port}`;

const WRONG_TID = encodeTftpPacket({
  kind: 'error',
  code: TFTP_ERROR.unknownTransferId,
  message: 'unknown transfer id',
});

export function createTftpStrangers({ log, meter }: { readonly log: Log; readonly meter: Meter }): Strangers {
  return {
    tellOff(socket, data, from) {
      meter.count('netboot_datagrams_dropped', { channel: 'tftp', why: 'unknown-transfer-id' });
      // An ERROR is never answered by an ERROR, or two servers could talk for ever.
      if (data.length < 2 || data.readUInt16BE(0) === TFTP_OPCODE.error) return;
      socket.send(WRONG_TID, from).catch((error: unknown) => {
        log.debug({ to: from.address, error: errorText(error) }, 'TFTP error could not be sent');
      });
    },
  };
}

/**
 * A port of its own for each transfer, as RFC 1350 §4 has it. The transfer's socket is connected to its client, which spares
 * the kernel and Node a look-up for each block; a second one on the same port hears everybody else, to tell them off.
 */
export function ownPorts(parts: {
  readonly udp: Udp;
  readonly openLink: OpenUdpLink;
  readonly strangers: Strangers;
  readonly address: string;
}): OpenChannel {
  const { udp, openLink, strangers, address } = parts;
  return async (client, events, signal) => {
    await using opening = new AsyncDisposableStack();
    let others: UdpSocket | undefined;
    const receive = (data: Buffer, from: UdpPeer): void => {
      // Until the link is connected, the client's datagrams come here too.
      if (keyOf(from) === keyOf(client)) events.receive(data);
      else if (others !== undefined) strangers.tellOff(others, data, from);
    };
    others = opening.use(await udp.bind({ address, port: 0, reuseAddress: true }, receive, signal));
    const { local } = others;
    const link = await openLink(local, client, { receive: events.receive, refused: events.gone }, signal);
    opening.use(link);
    const opened = opening.move();
    return {
      local,
      send: (packet) => link.send(packet),
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  };
}

/** All transfers on the port that requests come to, for clients behind address translation or port filters. */
export function onePort(parts: { readonly listening: () => UdpSocket; readonly log: Log }): {
  readonly open: OpenChannel;
  /** Whether the datagram belongs to a transfer, which has it then. */
  deliver(data: Buffer, from: UdpPeer): boolean;
} {
  const { listening, log } = parts;
  const open = new Map<string, ChannelEvents>();
  return {
    async open(client, events) {
      const key = keyOf(client);
      const socket = listening();
      open.set(key, events);
      const fail = (error: unknown): void =>
        log.debug({ to: client.address, error: errorText(error) }, 'TFTP packet could not be sent');
      return {
        local: socket.local,
        send: (packet) => void socket.send(packet, client).catch(fail),
        async [Symbol.asyncDispose]() {
          if (open.get(key) === events) open.delete(key);
        },
      };
    },
    deliver(data, from) {
      const events = open.get(keyOf(from));
      events?.receive(data);
      return events !== undefined;
    },
  };
}
