import type { Udp, UdpBinding, UdpPeer, UdpReceiver } from '../../src/foundation/udp.ts';

export type MemoryUdp = Udp & {
  /** Everything that was sent. */
  readonly sent: { readonly from: UdpPeer; readonly to: UdpPeer; readonly data: Buffer }[];
  /** Sockets open now. */
  readonly bound: UdpBinding[];
  /** Hands a datagram to the socket bound to exactly `to`. */
  deliver(from: UdpPeer, to: UdpPeer, data: Buffer): void;
};

/** Sockets without a network, for tests that own the clock too. */
export function createMemoryUdp(): MemoryUdp {
  const sent: MemoryUdp['sent'] = [];
  const bound: UdpBinding[] = [];
  const receivers = new Map<UdpBinding, UdpReceiver>();
  let nextPort = 40_000;
  return {
    sent,
    bound,
    deliver(from, to, data) {
      for (const [binding, receive] of receivers) {
        if (binding.address === to.address && binding.port === to.port) receive(Buffer.from(data), from);
      }
    },
    async bind(asked, receive, signal) {
      signal.throwIfAborted();
      const binding = { ...asked, port: asked.port === 0 ? nextPort++ : asked.port };
      bound.push(binding);
      receivers.set(binding, receive);
      const closed = Promise.withResolvers<void>();
      const local = { address: binding.address, port: binding.port };
      return {
        local,
        closed: closed.promise,
        async send(data, to) {
          sent.push({ from: local, to, data: Buffer.from(data) });
        },
        async [Symbol.asyncDispose]() {
          receivers.delete(binding);
          if (bound.includes(binding)) bound.splice(bound.indexOf(binding), 1);
          closed.resolve();
        },
      };
    },
  };
}
