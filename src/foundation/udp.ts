import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { errorText, rethrowAbort, UnreachableError } from './errors.ts';

/** Where a datagram came from or goes to. */
export type UdpPeer = { readonly address: string; readonly port: number };

/** Called for each datagram; `data` is its own buffer and may be kept by who copies what it needs. */
export type UdpReceiver = (data: Buffer, from: UdpPeer) => void;

export type UdpSocket = AsyncDisposable & {
  /** The local address and port. */
  readonly local: UdpPeer;
  /** Sends one datagram; settles when the kernel has taken it. @throws UnreachableError when it refuses */
  send(data: Uint8Array, to: UdpPeer): Promise<void>;
  /** Resolves when the socket is closed, rejects when it fails. */
  readonly closed: Promise<void>;
};

export type UdpBinding = {
  /**
   * Local address; `0.0.0.0` for all, `255.255.255.255` to hear only broadcasts. An IPv6 address of a link, a group's too, names its
   * interface: with `ff02::1:2%eth0` the kernel ties the socket to that device (net/ipv6/af_inet6.c, __inet6_bind).
   */
  readonly address: string;
  /** Local port; 0 lets the kernel choose. */
  readonly port: number;
  /** May send to a broadcast address. Default false. */
  readonly broadcast?: boolean;
  /** May share address and port with another socket. Default false. */
  readonly reuseAddress?: boolean;
  /** An IPv6 socket leaves IPv4's port alone. Default false. */
  readonly ipv6Only?: boolean;
  /** A group to be a member of, on one interface. Default none. */
  readonly membership?: { readonly group: string; readonly interface: string };
  /** Kernel receive buffer in bytes; the kernel may cap it. Default: the kernel's. */
  readonly receiveBufferBytes?: number;
  /**
   * A descriptor that is bound already, inherited from who started us; address and port then only say what it should be.
   * It is closed with the socket, so it serves once.
   */
  readonly fd?: number;
};

/** Opens UDP sockets; the one place that does. */
export type Udp = {
  /** @throws UnreachableError when the address is in use, not ours, or needs a privilege we lack */
  bind(binding: UdpBinding, receive: UdpReceiver, signal: AbortSignal): Promise<UdpSocket>;
};

export const systemUdp: Udp = {
  async bind(binding, receive, signal) {
    signal.throwIfAborted();
    const socket = createSocket({
      type: binding.address.includes(':') ? 'udp6' : 'udp4',
      reuseAddr: binding.reuseAddress ?? false,
      ipv6Only: binding.ipv6Only ?? false,
      // An address is its own: Node else asks its resolver before each datagram.
      lookup: (name, options, found) => {
        const family = isIP(name);
        if (family === 0) lookup(name, options, found);
        else found(null, name, family);
      },
      ...(binding.receiveBufferBytes === undefined ? {} : { recvBufferSize: binding.receiveBufferBytes }),
    });
    await bound(socket, binding);
    if (signal.aborted) socket.close();
    rethrowAbort(signal);
    if (binding.broadcast) socket.setBroadcast(true);
    if (binding.membership !== undefined) join(socket, binding.membership);
    const local = socket.address();
    const closed = new Promise<void>((resolve, reject) => {
      socket.once('close', resolve);
      socket.on('error', (error) => {
        reject(new UnreachableError(`UDP socket ${local.address}:${local.port} failed`, { cause: error }));
      });
    });
    closed.catch(() => undefined);
    socket.on('message', (data, from) => receive(data, { address: from.address, port: from.port }));
    let open = true;
    // Node drops the callbacks of sends that are under way when their socket is closed: those are told here.
    const pending = new Set<(reason: UnreachableError) => void>();
    return {
      local: { address: local.address, port: local.port },
      closed,
      send: (data, to) => sent(socket, pending, data, to),
      async [Symbol.asyncDispose]() {
        if (!open) return;
        open = false;
        await new Promise<void>((resolve) => socket.close(() => resolve()));
        for (const reject of pending)
          reject(new UnreachableError(`UDP socket ${local.address}:${local.port} was closed`));
        pending.clear();
      },
    };
  },
};

function bound(socket: Socket, binding: UdpBinding): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('error', (error) => {
    reject(new UnreachableError(`bind UDP ${binding.address}:${binding.port}: ${error.message}`, { cause: error }));
  });
  const ready = (): void => {
    socket.removeAllListeners('error');
    resolve();
  };
  try {
    if (binding.fd !== undefined) socket.bind({ fd: binding.fd, exclusive: true }, ready);
    else socket.bind({ address: binding.address, port: binding.port, exclusive: true }, ready);
  } catch (error) {
    // A descriptor that is no UDP socket is thrown at once, not told to the listener.
    const what = `inherited descriptor ${binding.fd ?? 'none'} for ${binding.address}:${binding.port}`;
    reject(new UnreachableError(`${what}: ${errorText(error)}`, { cause: error }));
  }
  return promise;
}

function join(socket: Socket, { group, interface: name }: NonNullable<UdpBinding['membership']>): void {
  try {
    // Node wants the interface of an IPv6 membership as the zone of an address; an IPv4 one is an address of it.
    socket.addMembership(group, group.includes(':') ? `::%${name}` : name);
  } catch (error) {
    socket.close();
    throw new UnreachableError(`join ${group} on ${name}: ${errorText(error)}`, { cause: error });
  }
}

function sent(
  socket: Socket,
  pending: Set<(reason: UnreachableError) => void>,
  data: Uint8Array,
  to: UdpPeer,
): Promise<void> {
  return new Promise((resolve, reject) => {
    pending.add(reject);
    socket.send(data, to.port, to.address, (error) => {
      pending.delete(reject);
      if (error) reject(new UnreachableError(`send to ${to.address}:${to.port}: ${error.message}`, { cause: error }));
      else resolve();
    });
  });
}
