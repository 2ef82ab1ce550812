import type { Udp, UdpPeer, UdpReceiver } from '../../../src/foundation/udp.ts';

export type CarriedDatagram = { readonly from: UdpPeer; readonly to: UdpPeer; readonly data: Buffer };

/** UDP within the process: datagrams arrive at once, in order, and tests may add their own from any source. */
export type MemoryNetwork = Udp & {
  /** Everything carried so far, injected datagrams left out. */
  readonly carried: readonly CarriedDatagram[];
  inject(datagram: CarriedDatagram): void;
};

const CLIENT_ADDRESS = '192.0.2.1';
const FIRST_EPHEMERAL_PORT = 50_000;

export function createMemoryNetwork(): MemoryNetwork {
  const receivers = new Map<string, UdpReceiver>();
  const carried: CarriedDatagram[] = [];
  let nextPort = FIRST_EPHEMERAL_PORT;
  const key = ({ address, port }: UdpPeer): string => `${address}:${port}`;

  function deliver({ from, to, data }: CarriedDatagram): void {
    // A copy, as a socket gives one, and later, as a socket does.
    queueMicrotask(() => receivers.get(key(to))?.(Buffer.from(data), from));
  }

  return {
    carried,
    inject: deliver,
    async bind(binding, receive) {
      const address = binding.address === '0.0.0.0' ? CLIENT_ADDRESS : binding.address;
      const local = { address, port: binding.port === 0 ? nextPort++ : binding.port };
      receivers.set(key(local), receive);
      const closed = Promise.withResolvers<void>();
      return {
        local,
        closed: closed.promise,
        async send(data, to) {
          const datagram = { from: local, to, data: Buffer.from(data) };
          carried.push(datagram);
          deliver(datagram);
        },
        async [Symbol.asyncDispose]() {
          receivers.delete(key(local));
          closed.resolve();
        },
      };
    },
  };
}
