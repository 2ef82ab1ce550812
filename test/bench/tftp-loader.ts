import { systemUdp } from '../../src/foundation/udp.ts';
import { decodeTftpPacket, encodeTftpPacket } from '../../src/protocols/tftp/packet.ts';
import { BLKSIZE } from './tftp-peers.ts';

export type LoaderOrder = { readonly name: string; readonly bytes: number; readonly windowsize: number };

/**
 * Fetches a file as firmware does, with options, from a new port: milliseconds from the request to the last block.
 * @throws Error when it comes wrong, or not within five seconds
 */
export async function fetchLoader(address: string, { name, bytes, windowsize }: LoaderOrder): Promise<number> {
  const options = [
    { name: 'tsize', value: '0' },
    { name: 'blksize', value: String(BLKSIZE) },
    ...(windowsize === 1 ? [] : [{ name: 'windowsize', value: String(windowsize) }]),
  ];
  const signal = AbortSignal.timeout(5000);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => reject(new Error(`${address} fell silent`)), { once: true });
  let [blocks, got, window] = [0, 0, 1];
  await using socket = await systemUdp.bind(
    { address: '127.69.0.9', port: 0, receiveBufferBytes: 1 << 20 },
    (data, from) => {
      const packet = decodeTftpPacket(data);
      if (packet.kind === 'oack') {
        // A server that does not know windowsize leaves it out.
        window = packet.options.some((option) => option.name === 'windowsize') ? windowsize : 1;
      } else if (packet.kind === 'data' && packet.block === blocks + 1) {
        blocks += 1;
        got += packet.data.length;
      } else {
        return reject(new Error(`${address} sent what was not expected: ${packet.kind}`));
      }
      const last = packet.kind === 'data' && packet.data.length < BLKSIZE;
      if (last || blocks % window === 0)
        socket.send(encodeTftpPacket({ kind: 'ack', block: blocks }), from).catch(reject);
      if (last) resolve();
    },
    signal,
  );
  const started = performance.now();
  await socket.send(encodeTftpPacket({ kind: 'rrq', filename: name, mode: 'octet', options }), { address, port: 69 });
  await promise;
  if (got !== bytes) throw new Error(`${address} sent ${got} bytes of ${bytes}`);
  return performance.now() - started;
}
