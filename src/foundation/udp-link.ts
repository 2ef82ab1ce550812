import { createSocket, type Socket } from 'node:dgram';
import { rethrowAbort, UnreachableError } from './errors.ts';
import type { UdpPeer } from './udp.ts';

/** A UDP socket that is connected to one peer: the kernel drops what others send, and sends cost no look-up. */
export type UdpLink = AsyncDisposable & {
  readonly local: UdpPeer;
  /** Hands one datagram to the kernel and forgets it; what the kernel refuses is lost, as it may be on any network. */
  send(data: Uint8Array): void;
};

export type UdpLinkEvents = {
  /** `data` is its own buffer. */
  receive(data: Buffer): void;
  /** The peer's host says that nobody listens on that port (ICMP), or that it cannot be reached. */
  refused(): void;
};

/**
 * Opens a link from a local address and port, which may be shared with another socket that was opened with `reuseAddress`.
 * @throws UnreachableError when it cannot be bound or connected
 */
export type OpenUdpLink = (
  local: UdpPeer,
  peer: UdpPeer,
  events: UdpLinkEvents,
  signal: AbortSignal,
) => Promise<UdpLink>;

export const systemUdpLink: OpenUdpLink = async (local, peer, events, signal) => {
  signal.throwIfAborted();
  const socket = createSocket({ type: local.address.includes(':') ? 'udp6' : 'udp4', reuseAddr: true });
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  };
  try {
    await connected(socket, local, peer);
    rethrowAbort(signal);
  } catch (error) {
    await close();
    throw error;
  }
  socket.on('error', () => events.refused());
  socket.on('message', (data) => events.receive(data));
  const { address, port } = socket.address();
  return {
    local: { address, port },
    send: (data) => {
      // Without a callback Node sends at once where the kernel has room, and makes no promise and no tick of it.
      if (open) socket.send(data);
    },
    [Symbol.asyncDispose]: close,
  };
};

function connected(socket: Socket, local: UdpPeer, peer: UdpPeer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (error: Error): void => {
    const what = `UDP from ${local.address}:${local.port} to ${peer.address}:${peer.port}`;
    reject(new UnreachableError(`${what}: ${error.message}`, { cause: error }));
  };
  socket.once('error', fail);
  socket.bind({ address: local.address, port: local.port, exclusive: true }, () => {
    socket.connect(peer.port, peer.address, ((error?: Error) => {
      if (error !== undefined && error !== null) return fail(error);
      socket.off('error', fail);
      resolve();
    }) as () => void);
  });
  return promise;
}
