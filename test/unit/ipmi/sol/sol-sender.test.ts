import { describe, expect, test } from 'vitest';
import {
  acknowledgeSol,
  enterSolInput,
  newSolSender,
  nextSolPacket,
  type SolSender,
  type SolSending,
  solOverdue,
  solPathWorks,
  solWaitMs,
} from '../../../../src/drivers/bmc/ipmi/sol/sol-sender.ts';
import { EMPTY_CONTROLLER_PACKET, type SolControllerPacket } from '../../../../src/protocols/ipmi/sol/sol-packet.ts';

/** A sender with its history: what went out, as `number:text`. */
function createBench(maximumCharacters = 28) {
  let sender: SolSender = newSolSender(maximumCharacters);
  const out: string[] = [];
  const note = (sending: SolSending): void => {
    sender = sending.sender;
    const { packet } = sending;
    if (packet)
      out.push(`${packet.sequence}:${packet.generateBreak ? '[break]' : packet.characters.toString('latin1')}`);
  };
  const go = (): void => note(nextSolPacket(sender));
  return {
    out,
    get sender() {
      return sender;
    },
    type(text: string) {
      sender = enterSolInput(sender, { kind: 'characters', bytes: Buffer.from(text, 'latin1') });
      go();
    },
    break() {
      sender = enterSolInput(sender, { kind: 'break' });
      go();
    },
    ack(acknowledgedSequence: number, acceptedCharacters: number, more: Partial<SolControllerPacket> = {}) {
      sender = acknowledgeSol(sender, {
        ...EMPTY_CONTROLLER_PACKET,
        acknowledgedSequence,
        acceptedCharacters,
        ...more,
      });
      go();
    },
    overdue() {
      const overdue = solOverdue(sender);
      note(overdue);
      return { check: overdue.check, dead: overdue.dead };
    },
    answered() {
      sender = solPathWorks(sender);
    },
  };
}

describe('SOL sender', () => {
  test('keystrokes wait for the acknowledgement and go together', () => {
    const bench = createBench();
    for (const key of 'abcd') bench.type(key);
    expect(bench.out).toEqual(['1:a']);
    bench.ack(1, 1);
    expect(bench.out).toEqual(['1:a', '2:bcd']);
    bench.ack(2, 3);
    expect(bench.sender).toMatchObject({ taken: 4, entered: 4, queue: [] });
    expect(solWaitMs(bench.sender)).toBeUndefined();
  });

  test('a paste is cut to the most characters of a packet', () => {
    const bench = createBench(4);
    bench.type('abcdefghij');
    bench.ack(1, 4);
    bench.ack(2, 4);
    bench.ack(3, 2);
    expect(bench.out).toEqual(['1:abcd', '2:efgh', '3:ij']);
  });

  test('numbers go on at 1 after 15', () => {
    const bench = createBench(1);
    bench.type('abcdefghijklmnopqr');
    for (let count = 0; count < 17; count++) bench.ack((count % 15) + 1, 1);
    expect(bench.out.slice(13)).toEqual(['14:n', '15:o', '1:p', '2:q', '3:r']);
  });

  test('a packet goes out again under its number, byte for byte, whatever was typed meanwhile', () => {
    const bench = createBench();
    bench.type('a');
    bench.type('b');
    expect(bench.overdue()).toEqual({ check: false, dead: false });
    expect(bench.out).toEqual(['1:a', '1:a']);
  });

  test('the rest of a packet that was taken in part goes out at once, under a new number', () => {
    const bench = createBench();
    bench.type('abcdef');
    bench.ack(1, 2);
    expect(bench.out).toEqual(['1:abcdef', '2:cdef']);
    expect(bench.sender.taken).toBe(2);
    bench.ack(2, 4);
    expect(bench.sender.taken).toBe(6);
  });

  test('a count larger than the packet is the packet', () => {
    const bench = createBench();
    bench.type('abc');
    bench.ack(1, 200);
    expect(bench.sender.taken).toBe(3);
  });

  test('acknowledgements of other numbers change nothing', () => {
    const bench = createBench();
    bench.type('abc');
    const before = bench.sender;
    bench.ack(2, 3);
    bench.ack(0, 3);
    expect(bench.sender).toBe(before);
  });

  test('NACK with nothing taken: waits, and goes on when the controller takes it back', () => {
    const bench = createBench();
    bench.type('abc');
    bench.ack(1, 0, { nack: true });
    bench.type('d');
    expect(bench.out).toEqual(['1:abc']);
    expect(solWaitMs(bench.sender)).toBe(500);
    bench.ack(1, 0);
    expect(bench.out).toEqual(['1:abc', '2:abcd']);
  });

  test('NACK without end: tries again by itself, ever more slowly', () => {
    const bench = createBench();
    bench.type('abc');
    const waits: (number | undefined)[] = [];
    for (let number = 1; number <= 6; number++) {
      bench.ack(number, 0, { nack: true });
      waits.push(solWaitMs(bench.sender));
      bench.overdue();
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(bench.out).toEqual([1, 2, 3, 4, 5, 6, 7].map((number) => `${number}:abc`));
  });

  test('nothing taken without NACK is no reason to spin', () => {
    const bench = createBench();
    bench.type('abc');
    bench.ack(1, 0);
    expect(bench.out).toEqual(['1:abc']);
    expect(solWaitMs(bench.sender)).toBe(500);
  });

  test('NACK with a part taken: the rest waits; more may turn out to have been taken', () => {
    const bench = createBench();
    bench.type('abcdef');
    bench.ack(1, 2, { nack: true });
    expect(bench.sender).toMatchObject({ taken: 2, pause: { accepted: 2, returned: 4 } });
    bench.ack(1, 5, { nack: true });
    expect(bench.sender.taken).toBe(5);
    bench.ack(1, 5);
    expect(bench.out).toEqual(['1:abcdef', '2:f']);
  });

  test('NACK with all taken holds nothing up (ipmi_sim, when its buffer is full just then)', () => {
    const bench = createBench(3);
    bench.type('abcdef');
    bench.ack(1, 3, { nack: true });
    expect(bench.out).toEqual(['1:abc', '2:def']);
  });

  test('NACK that names no packet refuses the one under way (OpenBMC)', () => {
    const bench = createBench();
    bench.type('abc');
    bench.ack(0, 0, { nack: true });
    expect(solWaitMs(bench.sender)).toBe(500);
    bench.overdue();
    expect(bench.out).toEqual(['1:abc', '2:abc']);
  });

  test('the NACK bit of an output packet refuses nothing (ipmi_sim)', () => {
    const bench = createBench();
    bench.type('abc');
    bench.ack(0, 0, { nack: true, sequence: 4 });
    expect(bench.sender.pause).toBeUndefined();
  });

  test('a break keeps its place among the characters, in a packet of its own', () => {
    const bench = createBench();
    bench.type('a');
    bench.type('b');
    bench.break();
    bench.type('c');
    bench.ack(1, 1);
    bench.ack(2, 1);
    bench.ack(3, 0);
    bench.ack(4, 1);
    expect(bench.out).toEqual(['1:a', '2:b', '3:[break]', '4:c']);
    expect(bench.sender.taken).toBe(4);
  });

  test('a break that is never acknowledged counts as sent after three copies (ipmi_sim acts on each)', () => {
    const bench = createBench();
    bench.break();
    bench.type('x');
    bench.overdue();
    bench.overdue();
    expect(bench.sender.taken).toBe(0);
    bench.overdue();
    expect(bench.out).toEqual(['1:[break]', '1:[break]', '1:[break]', '2:x']);
    expect(bench.sender.taken).toBe(1);
  });

  describe('without an acknowledgement', () => {
    /** Four copies, then the check. */
    function unheard(bench = createBench()) {
      bench.type('abc');
      const checks = [1, 2, 3, 4, 5].map(() => bench.overdue().check);
      expect(checks).toEqual([false, false, false, true, false]);
      return bench;
    }

    test('the number is kept as long as the controller answers nothing at all', () => {
      const bench = unheard();
      for (let count = 0; count < 50; count++) expect(bench.overdue().dead).toBe(false);
      expect(new Set(bench.out)).toEqual(new Set(['1:abc']));
    });

    test('a controller that answers commands is probed under the next number; it answers: all had arrived', () => {
      const bench = unheard();
      bench.answered();
      for (let count = 0; count < 9; count++) bench.overdue();
      expect(bench.out.at(-2)).toBe('1:abc');
      expect(bench.out.at(-1)).toBe('2:');
      expect(bench.sender.taken).toBe(0);
      bench.type('d');
      bench.ack(2, 0);
      expect(bench.sender.taken).toBe(3);
      expect(bench.out.at(-1)).toBe('3:d');
    });

    test('the late acknowledgement is taken, while the probe goes on', () => {
      const bench = unheard();
      bench.answered();
      for (let count = 0; count < 9; count++) bench.overdue();
      bench.ack(1, 2);
      expect(bench.sender.taken).toBe(2);
      bench.ack(2, 0);
      expect(bench.sender.taken).toBe(2);
      expect(bench.out.at(-1)).toBe('3:c');
    });

    test('a probe that is not answered is followed by others: its own acknowledgement may be the one that was lost', () => {
      const bench = unheard();
      bench.answered();
      for (let count = 0; count < 9 + 6; count++) bench.overdue();
      expect(bench.out.slice(-8)).toEqual(['1:abc', '2:', '2:', '2:', '2:', '2:', '2:', '3:']);
      bench.ack(3, 0);
      expect(bench.sender.taken).toBe(3);
    });

    test('no answer to any probe: the console is dead', () => {
      const bench = unheard();
      bench.answered();
      const ends = Array.from({ length: 8 + 6 * 6 + 1 }, () => bench.overdue().dead);
      expect(ends).toEqual([...Array(8 + 6 * 6).fill(false), true]);
      expect(bench.out.at(-1)).toBe('7:');
    });

    test('waits grow from 0.3 s to 1 s', () => {
      const bench = createBench();
      bench.type('a');
      const waits = Array.from({ length: 5 }, () => {
        const wait = solWaitMs(bench.sender);
        bench.overdue();
        return Math.round(wait ?? 0);
      });
      expect(waits).toEqual([300, 450, 675, 1_000, 1_000]);
    });
  });
});
