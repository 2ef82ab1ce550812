import { describe, expect, it } from 'vitest';
import { createNetasciiTexts, cutBlocks, toNetascii } from '../../../src/netboot/tftp/blocks.ts';
import { createTransfer, type TransferEnd } from '../../../src/netboot/tftp/transfer.ts';
import { negotiateTftp } from '../../../src/protocols/tftp/negotiate.ts';
import {
  ackedBlock,
  decodeTftpPacket,
  describeTftpPacket,
  encodeTftpPacket,
} from '../../../src/protocols/tftp/packet.ts';

const limits = { maximumBlksize: 1468, maximumWindowsize: 64 };
const option = (name: string, value: string) => ({ name, value });

describe('negotiation', () => {
  it("acknowledges in the client's order and spelling, and never raises", () => {
    const terms = negotiateTftp(
      [option('tsize', '0'), option('BLKSIZE', '8192'), option('windowsize', '4'), option('timeout', '3')],
      99,
      'octet',
      limits,
    );
    expect(terms).toEqual({
      blksize: 1468,
      windowsize: 4,
      timeoutSeconds: 3,
      oack: [option('tsize', '99'), option('BLKSIZE', '1468'), option('windowsize', '4'), option('timeout', '3')],
    });
  });
  it.each([
    ['blksize', '7'],
    ['blksize', '65465'],
    ['blksize', 'x'],
    ['blksize', '-8'],
    ['windowsize', '0'],
    ['timeout', '0'],
    ['timeout', '256'],
    ['multicast', ''],
  ])('leaves %s=%s out', (name, value) => {
    expect(negotiateTftp([option(name, value)], 9, 'octet', limits).oack).toEqual([]);
  });
  it('keeps netascii at one block and says no size', () => {
    expect(negotiateTftp([option('windowsize', '4'), option('tsize', '0')], 9, 'netascii', limits)).toMatchObject({
      windowsize: 1,
      oack: [],
    });
  });
  it('takes the first of a repeated option', () => {
    expect(negotiateTftp([option('blksize', '600'), option('blksize', '900')], 9, 'octet', limits).oack).toEqual([
      option('blksize', '600'),
    ]);
  });
});

describe('acknowledgements', () => {
  it.each([
    [{ kind: 'ack', block: 0 } as const, 0],
    [{ kind: 'ack', block: 65_535 } as const, 65_535],
    [{ kind: 'error', code: 4, message: 'x' } as const, -1],
    [{ kind: 'data', block: 4, data: Buffer.alloc(2) } as const, -1],
  ])('%j is block %i', (packet, block) => expect(ackedBlock(encodeTftpPacket(packet))).toBe(block));
  it('is none when cut short, and may be padded', () => {
    expect(ackedBlock(Buffer.from([0, 4, 9]))).toBe(-1);
    expect(ackedBlock(Buffer.from([0, 4, 1, 2, 0, 0, 0]))).toBe(258);
  });
});

describe('blocks', () => {
  it.each([
    [0, 1, [0]],
    [511, 1, [511]],
    [512, 2, [512, 0]],
    [1025, 3, [512, 512, 1]],
  ])('%i bytes are %i blocks', (length, count, sizes) => {
    const blocks = cutBlocks(Buffer.alloc(length, 7), 512);
    expect(blocks.count).toBe(count);
    expect(sizes.map((_, index) => blocks.packet(index + 1).length - 4)).toEqual(sizes);
  });
  it('wraps block numbers to 0', () => {
    const blocks = cutBlocks(Buffer.alloc(8 * 65_540), 8);
    expect([65_535, 65_536, 65_537].map((block) => blocks.packet(block).readUInt16BE(2))).toEqual([65_535, 0, 1]);
  });
  it('writes line ends as netascii has them, once for each file', () => {
    const data = Buffer.from('a\nb\rc');
    expect(toNetascii(data).toString('latin1')).toBe('a\r\nb\r\0c');
    const texts = createNetasciiTexts();
    expect(texts(data)).toBe(texts(data));
  });
  it('never touches a packet again, so that the kernel may still hold it', () => {
    const data = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    const blocks = cutBlocks(data, 1468);
    const packets = Array.from({ length: blocks.count }, (_, index) => blocks.packet(index + 1));
    expect(Buffer.concat(packets.map((packet) => packet.subarray(4))).equals(data)).toBe(true);
    expect(blocks.packet(7)).toEqual(packets[6]);
  });
});

/** A transfer whose sent packets are kept as text. */
function transferOf(size: number, windowsize: number, negotiated = true) {
  const sent: string[] = [];
  const ends: TransferEnd[] = [];
  const oack = negotiated ? [option('blksize', '8')] : [];
  const transfer = createTransfer(
    { oack, windowsize },
    cutBlocks(Buffer.alloc(size), 8),
    (packet) => sent.push(describeTftpPacket(decodeTftpPacket(packet)).replace(/ of .*/, '')),
    (end) => ends.push(end),
  );
  transfer.start();
  return {
    transfer,
    ends,
    ack: (block: number) => transfer.receive({ kind: 'ack', block }),
    took: () => sent.splice(0),
  };
}

describe('transfer', () => {
  it('goes in lock-step and ends with the empty block', () => {
    const t = transferOf(16, 1);
    expect(t.took()).toEqual(['OACK blksize=8']);
    t.ack(0);
    t.ack(1);
    t.ack(2);
    expect(t.took()).toEqual(['DATA 1', 'DATA 2', 'DATA 3']);
    t.ack(3);
    expect(t.ends).toEqual([{ kind: 'served', confirmed: true }]);
  });
  it('sends block 1 at once where nothing was negotiated', () => {
    expect(transferOf(20, 1, false).took()).toEqual(['DATA 1']);
  });
  it('sends the OACK again, not block 1, until it is acknowledged', () => {
    const t = transferOf(20, 1);
    t.transfer.retransmit();
    t.ack(1);
    expect(t.took()).toEqual(['OACK blksize=8', 'OACK blksize=8']);
  });
  it("does not answer duplicate acknowledgements (Sorcerer's Apprentice)", () => {
    const t = transferOf(40, 1);
    for (const block of [0, 1, 1, 1, 0]) t.ack(block);
    expect(t.took()).toEqual(['OACK blksize=8', 'DATA 1', 'DATA 2']);
  });
  it('ignores acknowledgements of what was not sent', () => {
    const t = transferOf(40, 2);
    t.ack(0);
    t.took();
    for (const block of [3, 500, 65_535]) t.ack(block);
    expect(t.took()).toEqual([]);
  });
  it('sends windows, and goes on behind a gap', () => {
    const t = transferOf(100, 4);
    t.ack(0);
    expect(t.took()).toEqual(['OACK blksize=8', 'DATA 1', 'DATA 2', 'DATA 3', 'DATA 4']);
    t.ack(2);
    expect(t.took()).toEqual(['DATA 3', 'DATA 4', 'DATA 5', 'DATA 6']);
    t.ack(2);
    t.ack(2);
    expect(t.took()).toEqual(['DATA 3', 'DATA 4', 'DATA 5', 'DATA 6']);
  });
  it('passes block 65535', () => {
    const t = transferOf(8 * 65_537 + 3, 64);
    for (let block = 0; block <= 65_538; block += 1) if (block % 64 === 0 || block === 65_538) t.ack(block & 0xffff);
    expect(t.ends).toEqual([{ kind: 'served', confirmed: true }]);
  });
  it('takes an error for a size probe when nothing was fetched, and for an abort later', () => {
    const probe = transferOf(40, 4);
    probe.transfer.receive({ kind: 'error', code: 8, message: 'User aborted the transfer' });
    expect(probe.ends).toEqual([{ kind: 'probed' }]);
    const aborted = transferOf(40, 1);
    aborted.ack(0);
    aborted.ack(1);
    aborted.transfer.receive({ kind: 'error', code: 3, message: 'disk full' });
    expect(aborted.ends).toEqual([{ kind: 'aborted', code: 3 }]);
  });
  it.each([0, 8])('takes ERROR %i after ACK 0 for a size probe too', (code) => {
    const probe = transferOf(40, 4);
    probe.ack(0);
    probe.transfer.receive({ kind: 'error', code, message: 'TFTP Aborted' });
    expect(probe.ends).toEqual([{ kind: 'probed' }]);
  });
  it('answers a complaint about the same gap again once it has sent again by itself', () => {
    const t = transferOf(100, 4);
    t.ack(0);
    t.ack(2);
    t.ack(2);
    t.took();
    t.transfer.retransmit();
    expect(t.took()).toEqual(['DATA 3', 'DATA 4', 'DATA 5', 'DATA 6']);
    t.ack(2);
    expect(t.took()).toEqual(['DATA 3', 'DATA 4', 'DATA 5', 'DATA 6']);
  });
  it('believes that the client is gone only where all was sent', () => {
    const t = transferOf(40, 1);
    t.ack(0);
    t.transfer.gone();
    expect(t.ends).toEqual([]);
    for (const block of [1, 2, 3, 4, 5]) t.ack(block);
    t.transfer.gone();
    expect(t.ends).toEqual([{ kind: 'served', confirmed: false }]);
  });
  it('ends at a packet that no reader sends, and leaves a repeated request to its timer', () => {
    const t = transferOf(40, 1);
    t.transfer.receive({ kind: 'rrq', filename: 'x', mode: 'octet', options: [] });
    t.transfer.receive({ kind: 'data', block: 1, data: Buffer.alloc(1) });
    expect(t.took()).toEqual(['OACK blksize=8', 'ERROR 4 "only ACK and ERROR belong to a read transfer"']);
    expect(t.ends).toEqual([{ kind: 'aborted', code: 4 }]);
  });
  it('counts a client that never acknowledges the last block as served', () => {
    const t = transferOf(4, 1);
    t.ack(0);
    t.transfer.giveUp();
    expect(t.ends).toEqual([{ kind: 'served', confirmed: false }]);
    const silent = transferOf(40, 1);
    silent.transfer.giveUp();
    expect(silent.ends).toEqual([{ kind: 'silent' }]);
  });
});
