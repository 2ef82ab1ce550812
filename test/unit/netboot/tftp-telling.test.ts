import { expect, it } from 'vitest';
import { createTelling } from '../../../src/netboot/tftp/telling.ts';
import { encodeTftpPacket, type TftpPacket } from '../../../src/protocols/tftp/packet.ts';

const data = (block: number, bytes = 8): TftpPacket => ({ kind: 'data', block, data: Buffer.alloc(bytes) });
const ack = (block: number): TftpPacket => ({ kind: 'ack', block });
type Step = readonly ['in' | 'out', TftpPacket, boolean];

it.each<[string, readonly Step[]]>([
  [
    'options, the first block and the last, and their answers',
    [
      ['out', { kind: 'oack', options: [{ name: 'blksize', value: '8' }] }, true],
      ['in', ack(0), true],
      ['out', data(1), true],
      ['in', ack(1), true],
      ['out', data(2), false],
      ['in', ack(2), false],
      ['out', data(3), false],
      ['in', ack(3), false],
      ['out', data(4, 7), true],
      ['in', ack(4), true],
    ],
  ],
  [
    'what is sent again, and what is acknowledged again',
    [
      ['out', data(1), true],
      ['in', ack(1), true],
      ['out', data(2), false],
      ['out', data(2), true],
      ['in', ack(2), false],
      ['in', ack(2), true],
      ['out', data(3), false],
    ],
  ],
  [
    'a window that starts over',
    [
      ['out', data(1), true],
      ['out', data(2), false],
      ['out', data(3), false],
      ['in', ack(1), true],
      ['out', data(2), true],
      ['out', data(3), false],
      ['out', data(4), false],
    ],
  ],
  [
    'errors of both',
    [
      ['in', { kind: 'error', code: 8, message: '' }, true],
      ['out', { kind: 'error', code: 4, message: '' }, true],
    ],
  ],
])('tells %s', (_, steps) => {
  const isTelling = createTelling(8);
  expect(steps.map(([direction, packet]) => isTelling(direction, encodeTftpPacket(packet)))).toEqual(
    steps.map(([, , told]) => told),
  );
});

it('counts on past block 65535, and takes rubbish for worth a look', () => {
  const isTelling = createTelling(8);
  let told = 0;
  for (let block = 1; block <= 70_000; block++) {
    if (isTelling('out', encodeTftpPacket(data(block & 0xffff)))) told += 1;
    if (isTelling('in', encodeTftpPacket(ack(block & 0xffff)))) told += 1;
  }
  expect(told).toBe(2);
  expect(isTelling('in', Buffer.alloc(0))).toBe(true);
  expect(isTelling('in', Buffer.from([0, 4, 1]))).toBe(true);
});
