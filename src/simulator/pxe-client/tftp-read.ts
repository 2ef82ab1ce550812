import { fraction } from '../../foundation/entropy.ts';
import { RefusedError, UnreachableError } from '../../foundation/errors.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import {
  decodeTftpPacket,
  encodeTftpPacket,
  TFTP_ERROR,
  type TftpOptions,
  type TftpPacket,
} from '../../protocols/tftp/packet.ts';
import type { ExchangeDeps } from './exchange.ts';
import type { PxeClientOptions } from './options.ts';

export type TftpReadOrder = {
  /** The client's own address. */
  readonly from: string;
  readonly server: string;
  readonly filename: string;
  /** As EDK2 sends them: tsize, blksize, windowsize. */
  readonly options: TftpOptions;
  /** Ask for the size only: the OACK is refused with ERROR 8. */
  readonly probe: boolean;
};

export type TftpRead = { readonly data: Buffer; readonly oack: TftpOptions };

/**
 * Reads a file as boot firmware does.
 * @throws RefusedError with the server's ERROR; UnreachableError when it falls silent
 */
export async function readByTftp(
  { udp, clock, entropy }: ExchangeDeps,
  client: PxeClientOptions,
  order: TftpReadOrder,
  signal: AbortSignal,
): Promise<TftpRead> {
  const { patienceMs = 1000, tries = 4, faults = {} } = client;
  const queue: { packet: TftpPacket; from: UdpPeer }[] = [];
  let wake: () => void = () => undefined;
  await using socket = await udp.bind(
    { address: order.from, port: 0, receiveBufferBytes: 1 << 20 },
    (data, from) => {
      queue.push({ packet: decodeTftpPacket(data), from });
      wake();
    },
    signal,
  );
  // One listener a transfer: one for each wait is most of what a client costs where hundreds share a processor.
  const abort = (): void => wake();
  signal.addEventListener('abort', abort, { once: true });
  using _listening = { [Symbol.dispose]: () => signal.removeEventListener('abort', abort) };

  async function next(waitMs: number): Promise<{ packet: TftpPacket; from: UdpPeer } | undefined> {
    const arrived = queue.shift();
    if (arrived !== undefined) return arrived;
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    {
      using _over = clock.after(waitMs, resolve);
      await promise;
    }
    signal.throwIfAborted();
    return queue.shift();
  }

  async function send(packet: TftpPacket, to: UdpPeer): Promise<void> {
    if (faults.malformed === true) await socket.send(Buffer.from([0, 9, 9, 9]), to);
    if (faults.loss !== undefined && fraction(entropy) < faults.loss) return;
    await socket.send(encodeTftpPacket(packet), to);
  }

  const request: TftpPacket = { kind: 'rrq', filename: order.filename, mode: 'octet', options: order.options };
  const listening = { address: order.server, port: client.ports?.tftp ?? 69 };
  const blocks: Buffer[] = [];
  let terms = { blksize: 512, windowsize: 1 };
  let oack: TftpOptions = [];
  let server: UdpPeer | undefined;
  let last: TftpPacket = request;
  let inWindow = 0;
  let silent = 0;
  await send(request, listening);
  for (;;) {
    const heard = await next(patienceMs * 2 ** silent);
    if (heard === undefined) {
      silent += 1;
      if (silent >= tries)
        throw new UnreachableError(
          `TFTP ${order.filename} from ${order.server}: fell silent after ${blocks.length} blocks`,
        );
      await send(last, server ?? listening);
      continue;
    }
    const { packet, from } = heard;
    server ??= from;
    if (from.port !== server.port || from.address !== server.address) continue;
    silent = 0;
    if (packet.kind === 'error') {
      throw new RefusedError(`TFTP ${order.filename}: error ${packet.code}, ${packet.message}`, {
        details: { code: packet.code },
      });
    }
    if (packet.kind === 'oack') {
      oack = packet.options;
      terms = { blksize: numberOf(oack, 'blksize', 512), windowsize: numberOf(oack, 'windowsize', 1) };
      if (order.probe) {
        await send({ kind: 'error', code: TFTP_ERROR.optionsRefused, message: 'User aborted the transfer' }, server);
        return { data: Buffer.alloc(0), oack };
      }
      last = { kind: 'ack', block: 0 };
      await send(last, server);
      continue;
    }
    if (packet.kind !== 'data') continue;
    if (packet.block !== ((blocks.length + 1) & 0xffff)) {
      // A gap or a repetition: say again how far we are, once for each window (RFC 7440 §4).
      if (inWindow >= 0) await send(last, server);
      inWindow = -1;
      continue;
    }
    blocks.push(packet.data);
    inWindow = Math.max(inWindow, 0) + 1;
    const isLast = packet.data.length < terms.blksize;
    last = { kind: 'ack', block: packet.block };
    if (isLast || inWindow >= terms.windowsize) {
      inWindow = 0;
      await send(last, server);
    }
    if (isLast) return { data: Buffer.concat(blocks), oack };
  }
}

function numberOf(options: TftpOptions, name: string, otherwise: number): number {
  return Number(options.find((option) => option.name.toLowerCase() === name)?.value ?? otherwise);
}
