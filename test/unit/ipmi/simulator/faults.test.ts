import { describe, expect, test } from 'vitest';
import { createBadNetwork, isProtected } from '../../../../src/simulator/bmc/bad-network.ts';
import {
  createFaultyPath,
  type Fault,
  type FaultHook,
  type FaultPoint,
  firstOf,
  forging,
  onDatagram,
} from '../../../../src/simulator/bmc/faults.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { askBare, createWire, never, sessionOf } from './wire-console.ts';

const pass: FaultHook = () => undefined;

function createPath(hook: FaultHook) {
  const clock = createManualClock();
  const path = createFaultyPath(clock, 'to-bmc', hook, never);
  const arrived: string[] = [];
  const send = (...texts: string[]): void => {
    for (const text of texts) path(Buffer.from(text), (data) => arrived.push(data.toString()));
  };
  return { clock, arrived, send };
}

describe('faults by count', () => {
  test.each([
    ['none', undefined, ['a', 'b', 'c']],
    ['drop', { kind: 'drop' }, ['a', 'c']],
    ['duplicate', { kind: 'duplicate' }, ['a', 'b', 'b', 'c']],
    ['rewrite', { kind: 'rewrite', rewrite: () => Buffer.from('x') }, ['a', 'x', 'c']],
    ['reorder', { kind: 'reorder', ms: 100 }, ['a', 'c', 'b']],
    ['forge', { kind: 'forge', before: [Buffer.from('f')], after: [Buffer.from('g')] }, ['a', 'f', 'b', 'g', 'c']],
  ] as const)('%s', (_kind, fault, expected) => {
    const { arrived, send } = createPath(fault ? onDatagram('to-bmc', 2, fault as Fault) : pass);
    send('a', 'b', 'c');
    expect(arrived).toEqual(expected);
  });

  test('a reordered one that nothing overtakes arrives by itself, once', async () => {
    const { clock, arrived, send } = createPath(onDatagram('to-bmc', 1, { kind: 'reorder', ms: 100 }));
    send('a');
    await clock.advance(99);
    expect(arrived).toEqual([]);
    await clock.advance(1);
    send('b');
    expect(arrived).toEqual(['a', 'b']);
  });

  test('a delayed one arrives later, and others pass it', async () => {
    const { clock, arrived, send } = createPath(onDatagram('to-bmc', 1, { kind: 'delay', ms: 50 }));
    send('a', 'b');
    await clock.advance(50);
    expect(arrived).toEqual(['b', 'a']);
  });

  test('the first hook that strikes, does', () => {
    const { arrived, send } = createPath(
      firstOf(onDatagram('from-bmc', 1, { kind: 'drop' }), onDatagram('to-bmc', 2, { kind: 'drop' })),
    );
    send('a', 'b', 'c');
    expect(arrived).toEqual(['a', 'c']);
  });
});

describe('a bad network', () => {
  const shares = { loss: 0.1, duplicate: 0.1, reorder: 0.1, late: 0.1, corrupt: 0.1, lateMs: 200 };
  const data = Buffer.alloc(20, 7);

  function strikes(hook: FaultHook, count: number): (Fault | undefined)[] {
    const point = (at: number): FaultPoint => ({ direction: 'to-bmc', count: at, data });
    return Array.from({ length: count }, (_unused, at) => hook(point(at + 1)));
  }
  const kinds = (faults: readonly (Fault | undefined)[]): (string | undefined)[] => faults.map((fault) => fault?.kind);

  test('does the same for the same seed, and otherwise for another', () => {
    const first = kinds(strikes(createBadNetwork(5, shares), 200));
    expect(kinds(strikes(createBadNetwork(5, shares), 200))).toEqual(first);
    expect(kinds(strikes(createBadNetwork(6, shares), 200))).not.toEqual(first);
  });

  test('gives each mishap its share', () => {
    const seen = kinds(strikes(createBadNetwork(1, { ...shares, corrupt: 0.3 }), 10_000));
    const share = (kind: string): number => seen.filter((each) => each === kind).length / seen.length;
    for (const kind of ['drop', 'duplicate', 'reorder', 'delay']) expect(share(kind)).toBeCloseTo(0.1, 1);
    expect(share('rewrite')).toBeCloseTo(0.3, 1);
    expect(kinds(strikes(createBadNetwork(1, {}), 100))).toEqual(Array(100).fill(undefined));
  });

  test('spoils exactly one byte, and only where it may', () => {
    for (const fault of strikes(createBadNetwork(3, { corrupt: 1 }), 300)) {
      if (fault?.kind !== 'rewrite') throw new Error('not corrupted');
      const spoilt = fault.rewrite(data);
      expect([...spoilt].filter((byte, at) => byte !== data[at])).toHaveLength(1);
    }
    expect(data).toEqual(Buffer.alloc(20, 7));
    const hook = createBadNetwork(3, { corrupt: 1, corruptible: isProtected });
    expect(kinds(strikes(hook, 3))).toEqual([undefined, undefined, undefined]);
    expect(hook({ direction: 'to-bmc', count: 1, data: Buffer.alloc(20, 0xc0) })?.kind).toBe('rewrite');
  });

  test('is never late by more than it may be', () => {
    for (const fault of strikes(createBadNetwork(9, { late: 1, lateMs: 40 }), 300)) {
      if (fault?.kind !== 'delay') throw new Error('not late');
      expect(fault.ms).toBeLessThan(40);
    }
  });

  test('shares of more than all are refused', () => {
    expect(() => createBadNetwork(1, { loss: 0.6, late: 0.6 })).toThrow(/exceed 1/);
  });
});

describe('at a simulated BMC', () => {
  test('forged requests in front of genuine ones are dropped, and the genuine ones answered', async () => {
    const forged = forging('to-bmc', (genuine) => {
      const spoilt = Buffer.from(genuine);
      spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1;
      return isProtected(genuine) ? [spoilt] : [];
    });
    await using wire = await createWire({ faults: forged });
    const session = await sessionOf(wire, { suite: 17 });
    expect((await session.ask(0x06, 0x01)).completionCode).toBe(0);
    expect(wire.bmc.dropped).toBe(1);
    expect(wire.bmc.requests.get('Get Device ID')).toBe(1);
  });

  test('each direction has its own count', async () => {
    await using wire = await createWire({ faults: onDatagram('from-bmc', 1, { kind: 'drop' }) });
    expect(await askBare(wire, 0x06, 0x38, [0x8e, 4])).toBeUndefined();
    expect((await askBare(wire, 0x06, 0x38, [0x8e, 4]))?.completionCode).toBe(0);
  });
});
