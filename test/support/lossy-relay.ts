import { systemUdp, type UdpPeer, type UdpSocket } from '../../src/foundation/udp.ts';
import { seededFractions } from './tftp-model.ts';

/**
 * Stands between TFTP clients and a server and loses a share of the datagrams in both directions. Each port that the server
 * answers from gets one of ours, so that transfer ids are what they would be without it. A client is known by its address
 * and port; a request of a known client starts anew, as it does with the server.
 */
export async function startLossyRelay(
  server: UdpPeer,
  options: { readonly address: string; readonly loss: number; readonly seed: number },
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly local: UdpPeer }> {
  const random = seededFractions(options.seed);
  const lost = (): boolean => random() < options.loss;
  const sockets: UdpSocket[] = [];
  const outward = new Map<string, Promise<UdpSocket>>();
  const open = async (receive: (data: Buffer, from: UdpPeer) => void): Promise<UdpSocket> => {
    const socket = await systemUdp.bind(
      { address: options.address, port: 0, receiveBufferBytes: 1 << 20 },
      receive,
      signal,
    );
    sockets.push(socket);
    return socket;
  };
  const pass = (socket: UdpSocket, data: Buffer, to: UdpPeer): void => {
    if (!lost()) socket.send(data, to).catch(() => undefined);
  };

  /** The socket that the server takes for the client. */
  async function openOutward(client: UdpPeer): Promise<UdpSocket> {
    const inward = new Map<number, Promise<UdpSocket>>([[server.port, Promise.resolve(listening)]]);
    const socket: UdpSocket = await open((data, from) => {
      const known = inward.get(from.port) ?? open((answer) => pass(socket, answer, from));
      inward.set(from.port, known);
      known.then((own) => pass(own, data, client)).catch(() => undefined);
    });
    return socket;
  }

  const listening: UdpSocket = await open((data, client) => {
    const key = `${client.address} ${client.port}`;
    const known = outward.get(key) ?? openOutward(client);
    outward.set(key, known);
    known.then((socket) => pass(socket, data, server)).catch(() => undefined);
  });
  return {
    local: listening.local,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) await socket[Symbol.asyncDispose]();
    },
  };
}
