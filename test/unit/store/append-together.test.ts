import { describe, expect, it } from 'vitest';
import type { NewEvent, TimelineEvent } from '../../../src/domain/event.ts';
import { NotFoundError } from '../../../src/foundation/errors.ts';
import { createAppendTogether } from '../../../src/store/append-together.ts';
import type { Tx } from '../../../src/store/transaction.ts';

const event: NewEvent = { type: 'boot.asked', source: 'dhcp', data: {} };
const numbered = (machineId: string): TimelineEvent => ({ ...event, machineId, seq: 1, at: 0 });

function rig(broken: readonly string[] = []) {
  const transactions: string[][] = [];
  const change = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    transactions.push([]);
    return work({} as Tx);
  };
  const append = createAppendTogether({ change }, async (_tx, machineId) => {
    transactions.at(-1)?.push(machineId);
    if (machineId === 'gone') throw new NotFoundError('gone');
    if (broken.includes(machineId)) throw new Error('disk');
    return [numbered(machineId)];
  });
  return { transactions, append };
}

describe('appends of one moment', () => {
  it('are one transaction, in order, and those that come meanwhile the next one', async () => {
    const { transactions, append } = rig();
    const both = [append('a', [event]), append('b', [event])];
    const [first] = await Promise.all(both);
    expect(first).toEqual([numbered('a')]);
    await append('c', [event]);
    expect(transactions).toEqual([['a', 'b'], ['c']]);
  });

  it('fail alone when their machine is not there', async () => {
    const { transactions, append } = rig();
    const outcomes = await Promise.allSettled(['a', 'gone', 'b'].map((id) => append(id, [event])));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(transactions).toEqual([['a', 'gone', 'b']]);
  });

  it('are tried one by one when they fail together', async () => {
    const { transactions, append } = rig(['b']);
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((id) => append(id, [event])));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(transactions).toEqual([['a', 'b'], ['a'], ['b'], ['c']]);
  });

  it('are at most so many at once', async () => {
    const { transactions, append } = rig();
    await Promise.all(Array.from({ length: 300 }, (_, n) => append(String(n), [event])));
    expect(transactions.map((ids) => ids.length)).toEqual([128, 128, 44]);
  });
});
