import { describe, expect, it } from 'vitest';
import { pattern } from '../../support/netboot-service.ts';
import { runTransfer, seededFractions } from '../../support/tftp-model.ts';

const option = (name: string, value: string | number) => ({ name, value: String(value) });
const MIXES = [
  [],
  [option('blksize', 1468)],
  [option('tsize', 0), option('blksize', 1428), option('windowsize', 4)],
  [option('windowsize', 16), option('BLKSIZE', 1024)],
  [option('timeout', 2), option('WindowSize', 64), option('blksize', 512)],
  [option('blksize', 8), option('windowsize', 3)],
];
const named = MIXES.map(
  (mix) => [mix.map(({ name, value }) => `${name}=${value}`).join(' ') || 'no options', mix] as const,
);

describe.each(named)('with %s', (_, options) => {
  const blksize = Number(options.find(({ name }) => name.toLowerCase() === 'blksize')?.value ?? 512);

  it.each([0, 1, blksize - 1, blksize, blksize * 9, blksize * 9 + 1])('a file of %i bytes comes whole', (size) => {
    const data = pattern(size, 7);
    const { end, received } = runTransfer({ data, options, lost: () => false });
    expect(end).toEqual({ kind: 'served', confirmed: true });
    expect(received.equals(data)).toBe(true);
  });

  it('survives the loss of any one packet', () => {
    const data = pattern(blksize * 9 + 5, 8);
    const { sent, answered } = runTransfer({ data, options, lost: () => false });
    for (let victim = 0; victim < sent + answered; victim++) {
      const outcome = runTransfer({ data, options, lost: (n) => n === victim });
      expect(outcome.received.equals(data), `loss of packet ${victim}`).toBe(true);
      expect(outcome.end?.kind, `loss of packet ${victim}`).toBe('served');
    }
  });

  it('survives the loss of any two packets in a row', () => {
    const data = pattern(blksize * 9, 8);
    for (let victim = 0; victim < 30; victim++) {
      const { received } = runTransfer({ data, options, lost: (n) => n === victim || n === victim + 1 });
      expect(received.equals(data), `loss of packets ${victim} and ${victim + 1}`).toBe(true);
    }
  });

  it('survives 5 % loss, and 30 %', () => {
    for (const [share, seeds] of [
      [0.05, 40],
      [0.3, 20],
    ] as const) {
      for (let seed = 1; seed <= seeds; seed++) {
        const random = seededFractions(seed);
        const data = pattern(blksize * 100 + 3, seed);
        const { end, received } = runTransfer({ data, options, lost: () => random() < share });
        expect([received.length, end?.kind], `seed ${seed}`).toEqual([data.length, 'served']);
        expect(received.equals(data), `seed ${seed}`).toBe(true);
      }
    }
  });

  it("does not double its traffic when a packet comes twice (Sorcerer's Apprentice)", () => {
    const data = pattern(blksize * 100, 9);
    const plain = runTransfer({ data, options, lost: () => false });
    const windowsize = Number(options.find(({ name }) => name.toLowerCase() === 'windowsize')?.value ?? 1);
    for (let victim = 0; victim < 20; victim++) {
      const outcome = runTransfer({ data, options, lost: () => false, doubled: (n) => n === victim });
      expect(outcome.received.equals(data)).toBe(true);
      expect(outcome.sent - plain.sent, `packet ${victim} twice`).toBeLessThanOrEqual(
        windowsize === 1 ? 0 : windowsize,
      );
    }
  });
});

it('passes block 65535 under loss', () => {
  const random = seededFractions(3);
  const data = pattern(8 * 66_000, 10);
  const options = [option('blksize', 8), option('windowsize', 32)];
  expect(runTransfer({ data, options, lost: () => random() < 0.01 }).received.equals(data)).toBe(true);
});
