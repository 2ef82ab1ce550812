import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/foundation/log.ts';
import type { WriteJob } from '../../../src/store/dialect.ts';
import type { JobOutcome } from '../../../src/store/sqlite-jobs.ts';
import type { SqliteThread } from '../../../src/store/sqlite-thread.ts';
import { createSqliteWriter } from '../../../src/store/sqlite-writer.ts';
import { createTurns } from '../../../src/store/turns.ts';

const job = (name: string): WriteJob => [{ sql: name, rows: [], required: false }];
const names = (jobs: readonly WriteJob[]): string[] => jobs.map(([first]) => first?.sql ?? '');
const many = (count: number, prefix = 'j'): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

/** Jobs whose name begins with `bad` fail alone, with `full` all fail. */
function carryOut(jobs: readonly WriteJob[]): readonly JobOutcome[] {
  if (names(jobs).some((name) => name.startsWith('full'))) throw new Error('disk full');
  return names(jobs).map((name) => (name.startsWith('bad') ? { error: new Error(name) } : { rows: [[{ name }]] }));
}

function fakeThread() {
  const batches: string[][] = [];
  let held: Promise<void> = Promise.resolve();
  let [lost, closed] = [false, false];
  const thread: SqliteThread = {
    async run(jobs) {
      batches.push(names(jobs));
      await held;
      if (lost) throw new Error('the thread is gone');
      return carryOut(jobs);
    },
    lost: () => lost,
    async close() {
      closed = true;
    },
  };
  return {
    thread,
    batches,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    lose() {
      lost = true;
    },
    closed: () => closed,
  };
}

function rig(start?: () => Promise<SqliteThread>, thread: 'when-busy' | 'always' = 'when-busy') {
  const here: string[][] = [];
  const turns = createTurns();
  const writer = createSqliteWriter(
    {
      turns,
      log: silentLog,
      here(jobs) {
        here.push(names(jobs));
        return carryOut(jobs);
      },
    },
    start === undefined ? { thread: 'never' } : { thread, startThread: start },
  );
  const write = (...all: string[]) => Promise.all(all.map((name) => writer.write(() => job(name), 'urgent')));
  return { here, turns, writer, write };
}

describe('jobs of one moment', () => {
  it('are one transaction, in order, and those that come later the next one', async () => {
    const { here, write } = rig();
    expect(await write('a', 'b')).toEqual([[[{ name: 'a' }]], [[{ name: 'b' }]]]);
    await write('c');
    expect(here).toEqual([['a', 'b'], ['c']]);
  });

  it('fail alone, and all when all was undone; the next ones are not concerned', async () => {
    const { writer, write } = rig();
    const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map((name) => writer.write(() => job(name), 'urgent')));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const all = await Promise.allSettled(['a', 'full'].map((name) => writer.write(() => job(name), 'urgent')));
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await write('c');
  });

  it('are at most so many', async () => {
    const { here, write } = rig();
    await write(...many(600));
    expect(here.map((batch) => batch.length)).toEqual([256, 256, 88]);
  });

  it('are made when their turn has come', async () => {
    const { turns, writer } = rig();
    const turn = await turns.take();
    let made = false;
    const written = writer.write(() => {
      made = true;
      return job('a');
    }, 'urgent');
    await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBe(false);
    turn[Symbol.dispose]();
    await written;
    expect(made).toBe(true);
  });

  it('let a transaction of the own connection in between', async () => {
    const { thread, hold, batches } = fakeThread();
    const { turns, writer, write } = rig(async () => thread, 'always');
    const release = hold();
    const first = write(...many(600));
    await new Promise((resolve) => setImmediate(resolve));
    const order: string[] = [];
    const turn = turns.take();
    const own = turn.then((taken) => {
      order.push(`own after ${batches.length}`);
      taken[Symbol.dispose]();
    });
    release();
    await Promise.all([first, own]);
    expect(order).toEqual(['own after 1']);
    await writer.close();
  });
});

describe('the thread', () => {
  it('is started by a storm and not by less, and takes what comes in numbers', async () => {
    const { thread, batches, closed } = fakeThread();
    let started = 0;
    const { here, writer, write } = rig(async () => {
      started += 1;
      return thread;
    });
    for (let n = 0; n < 20; n++) await write(...many(7));
    expect(started).toBe(0);
    await write(...many(8, 'storm'));
    expect(here.at(-1)).toHaveLength(8);
    await write(...many(9, 'next'));
    expect(batches).toEqual([many(9, 'next')]);
    await write('quiet');
    expect(here.at(-1)).toEqual(['quiet']);
    await writer.write(() => job('patient'), 'patient');
    expect(batches.at(-1)).toEqual(['patient']);
    expect(started).toBe(1);
    await writer.close();
    expect(closed()).toBe(true);
  });

  it('gathers while it is at work', async () => {
    const { thread, batches, hold } = fakeThread();
    const { writer, write } = rig(async () => thread, 'always');
    await write('first');
    const release = hold();
    const one = write('a');
    await new Promise((resolve) => setImmediate(resolve));
    const others = [write('b'), write('c')];
    await new Promise((resolve) => setImmediate(resolve));
    expect(batches).toEqual([['first'], ['a']]);
    release();
    await Promise.all([one, ...others]);
    expect(batches).toEqual([['first'], ['a'], ['b', 'c']]);
    await writer.close();
  });

  it('that is lost fails what it was at, and is replaced when it is busy again', async () => {
    const lame = fakeThread();
    const sound = fakeThread();
    const threads = [lame.thread, sound.thread];
    const { here, writer, write } = rig(async () => threads.shift() ?? sound.thread);
    await write(...many(8));
    lame.lose();
    await expect(write(...many(8))).rejects.toThrow('the thread is gone');
    await write(...many(8, 'here'));
    expect(here.at(-1)).toEqual(many(8, 'here'));
    await write(...many(8, 'there'));
    expect(sound.batches).toEqual([many(8, 'there')]);
    await writer.close();
  });

  it('that cannot be started is done without, and not tried again', async () => {
    let tries = 0;
    const { here, writer, write } = rig(async () => {
      tries += 1;
      throw new Error('no memory');
    });
    for (let n = 0; n < 3; n++) await write(...many(8));
    expect([tries, here.length]).toEqual([1, 3]);
    await writer.close();
  });

  it('is waited for at the end, with all that was asked', async () => {
    const { thread, batches, hold, closed } = fakeThread();
    const { writer, write } = rig(async () => thread, 'always');
    const release = hold();
    const written = write('a');
    const ended = writer.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed()).toBe(false);
    release();
    await Promise.all([written, ended]);
    expect([batches, closed()]).toEqual([[['a']], true]);
  });
});
