import { cutBlocks } from '../../src/netboot/tftp/blocks.ts';
import { createTransfer, type TransferEnd } from '../../src/netboot/tftp/transfer.ts';
import { negotiateTftp } from '../../src/protocols/tftp/negotiate.ts';
import { decodeTftpPacket, encodeTftpPacket, type TftpOptions } from '../../src/protocols/tftp/packet.ts';

export type ModelOrder = {
  readonly data: Buffer;
  readonly options: TftpOptions;
  /** Whether the nth datagram of the transfer, counted over both directions from 0, is lost. */
  lost(n: number): boolean;
  /** Whether the nth arrives twice. */
  doubled?(n: number): boolean;
};

export type ModelOutcome = {
  readonly end: TransferEnd | undefined;
  readonly received: Buffer;
  /** Datagrams sent by the server and by the client. */
  readonly sent: number;
  readonly answered: number;
};

const MOST_SILENCES = 20;

/**
 * A transfer and a client that does what RFC 1350, 2347 and 7440 ask of it, over a network that loses and doubles. Time is a
 * turn: when nothing is under way any more, the server's timer fires, then the client's.
 */
export function runTransfer({ data, options, lost, doubled = () => false }: ModelOrder): ModelOutcome {
  const terms = negotiateTftp(options, data.length, 'octet', { maximumBlksize: 1468, maximumWindowsize: 64 });
  const wire: { to: 'server' | 'client'; packet: Buffer }[] = [];
  let count = 0;
  let sent = 0;
  let answered = 0;
  let end: TransferEnd | undefined;
  const put = (to: 'server' | 'client', packet: Buffer): void => {
    const n = count++;
    if (lost(n)) return;
    for (let copy = doubled(n) ? 2 : 1; copy > 0; copy--) wire.push({ to, packet: Buffer.from(packet) });
  };
  const transfer = createTransfer(
    terms,
    cutBlocks(data, terms.blksize),
    (packet) => {
      sent += 1;
      put('client', packet);
    },
    (how) => {
      end = how;
    },
  );
  const answer = (block: number): void => {
    answered += 1;
    put('server', encodeTftpPacket({ kind: 'ack', block: block & 0xffff }));
  };
  const client = createModelClient(terms, answer);
  transfer.start();
  for (let silences = 0; silences < MOST_SILENCES && end === undefined; silences++) {
    for (let next = wire.shift(); next !== undefined; next = wire.shift()) {
      const before = client.blocks.length;
      if (next.to === 'client') client.receive(next.packet);
      else transfer.receive(decodeTftpPacket(next.packet));
      if (client.blocks.length > before) silences = 0;
    }
    if (end !== undefined) break;
    transfer.retransmit();
    client.silence();
  }
  if (end === undefined) transfer.giveUp();
  return { end, received: Buffer.concat(client.blocks), sent, answered };
}

function createModelClient(
  terms: { readonly blksize: number; readonly windowsize: number },
  answer: (block: number) => void,
) {
  const blocks: Buffer[] = [];
  let inWindow = 0;
  let complained = false;
  return {
    blocks,
    receive(bytes: Buffer): void {
      const packet = decodeTftpPacket(bytes);
      if (packet.kind === 'oack') answer(0);
      if (packet.kind !== 'data') return;
      if (packet.block !== ((blocks.length + 1) & 0xffff)) {
        // What came before is acknowledged again each time (RFC 1350), a gap is complained of once (RFC 7440 §4).
        const repeated = ((blocks.length - packet.block) & 0xffff) < 0x8000;
        if (repeated || !complained) answer(blocks.length);
        if (!repeated) complained = true;
        inWindow = 0;
        return;
      }
      complained = false;
      blocks.push(packet.data);
      inWindow += 1;
      if (packet.data.length < terms.blksize || inWindow === terms.windowsize) {
        inWindow = 0;
        answer(blocks.length);
      }
    },
    silence(): void {
      complained = false;
      if (blocks.length > 0) answer(blocks.length);
    },
  };
}

/** Numbers from 0 to 1, the same for the same seed. */
export function seededFractions(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
