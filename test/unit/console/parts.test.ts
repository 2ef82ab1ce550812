import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConsoleText } from '../../../src/domain/ports/consoles.ts';
import { createScrollBack } from '../../../src/drivers/console/scroll-back.ts';
import { createTextKeeper } from '../../../src/drivers/console/text-keeper.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { drain, NEVER, openConsoleRig, told } from './rig.ts';

describe('the scroll-back', () => {
  it('holds the last bytes and every mark among them, whatever came', () => {
    const step = fc.oneof(
      fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 30_000 }) }),
      fc.record({ why: fc.string() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.integer({ min: 0, max: 1e6 }), (steps, begin) => {
        const capacity = 50_000;
        const scrollBack = createScrollBack(begin, capacity);
        let all = Buffer.alloc(0);
        const marks = new Map<number, string>();
        for (const one of steps) {
          if ('bytes' in one) {
            scrollBack.append(Buffer.from(one.bytes));
            all = Buffer.concat([all, one.bytes]);
          } else {
            expect(scrollBack.mark(one.why)).toBe(!marks.has(begin + all.length));
            if (!marks.has(begin + all.length)) marks.set(begin + all.length, one.why);
          }
        }
        expect(scrollBack.end).toBe(begin + all.length);
        expect(scrollBack.start).toBe(Math.max(begin, begin + all.length - capacity));
        let from = scrollBack.start;
        while (from < scrollBack.end) {
          const part = scrollBack.read(from, 10_000);
          expect(part.length).toBeGreaterThan(0);
          expect(part.equals(all.subarray(from - begin, from - begin + part.length))).toBe(true);
          for (let at = from + 1; at < from + part.length; at++) if (marks.has(at)) expect.unreachable();
          from += part.length;
        }
        for (const [at, why] of marks) if (at >= scrollBack.start) expect(scrollBack.markAt(at)).toBe(why);
        expect(scrollBack.read(scrollBack.end, 10)).toHaveLength(0);
        expect(scrollBack.read(scrollBack.start - 1, 10)).toHaveLength(0);
      }),
      { numRuns: 200 },
    );
  });

  it('costs no more when the line loses all the time', () => {
    const scrollBack = createScrollBack(0, 1_000_000);
    for (let n = 0; n < 5000; n++) {
      scrollBack.append(Buffer.from('xy'));
      scrollBack.mark('overrun');
    }
    let marks = 0;
    for (let at = 0; at <= scrollBack.end; at++) if (scrollBack.markAt(at) !== undefined) marks++;
    expect(marks).toBe(1000);
    expect(scrollBack.end - scrollBack.start).toBe(1998);
  });
});

describe('the text keeper', () => {
  function rig(fails: (machineIds: readonly string[]) => boolean) {
    const clock = createManualClock();
    const batches: string[][] = [];
    const consoleText: Pick<ConsoleText, 'append'> = {
      async append(given) {
        if (fails(given.map(({ machineId }) => machineId))) throw new Error('disk full');
        batches.push(
          given.flatMap(({ machineId, chunks }) =>
            chunks.map(({ offset, bytes, lost }) => `${machineId}${offset}:${lost ?? bytes.toString()}`),
          ),
        );
      },
    };
    const keeper = createTextKeeper(
      { consoleText, clock, log: silentLog },
      { flushMs: 250, batchBytes: 1000, waitingBytes: 3000, retryMs: 1000 },
    );
    const open = (machineId: string) => {
      const writer = keeper.writer(machineId);
      let offset = 0;
      return {
        writer,
        say(text: string) {
          writer.add(offset, Buffer.from(text));
          offset += text.length;
        },
        mark: (why: string) => writer.mark(offset, why),
      };
    };
    return { clock, batches, open, ...open('') };
  }

  it('joins what comes within its time, and stores at once when there is much', async () => {
    const { clock, batches, writer, say, mark } = rig(() => false);
    say('ab');
    say('c');
    mark('overrun');
    say('d');
    await clock.advance(249);
    expect(batches).toEqual([]);
    await clock.advance(1);
    expect(batches).toEqual([['0:abc', '3:overrun', '3:d']]);
    say('0'.repeat(1000));
    await clock.advance(0);
    expect(batches[1]).toEqual([`4:${'0'.repeat(1000)}`]);
    say('last');
    await writer.close();
    expect(batches[2]).toEqual(['1004:last']);
  });

  it('tries again while the store fails, keeps a bounded rest, and goes on', async () => {
    let full = true;
    const { clock, batches, writer, say } = rig(() => full);
    say('first');
    await clock.advance(250);
    for (const letter of 'abcd') say(letter.repeat(1000));
    await clock.advance(5000);
    full = false;
    await clock.advance(1000);
    expect(batches).toEqual([[`1005:${'b'.repeat(1000)}`, `2005:${'c'.repeat(1000)}`, `3005:${'d'.repeat(1000)}`]]);
    full = true;
    say('lost');
    await writer.close();
    expect(batches).toHaveLength(1);
  });

  it('stores all consoles with one commit', async () => {
    const { clock, batches, open } = rig(() => false);
    const [a, b, c] = [open('a'), open('b'), open('c')];
    for (const { say } of [a, b, c]) say('x');
    await clock.advance(250);
    expect(batches).toEqual([['a0:x', 'b0:x', 'c0:x']]);
    for (const { say } of [a, b, c]) say('y');
    await Promise.all([a, b, c].map(({ writer }) => writer.close()));
    expect(batches).toHaveLength(2);
    await clock.advance(0);
    expect(clock.sleepers).toBe(0);
  });

  it('does not let one console that cannot be stored keep the others from it', async () => {
    let bad = true;
    const { clock, batches, open } = rig((machineIds) => bad && machineIds.includes('b'));
    const [a, b] = [open('a'), open('b')];
    a.say('1');
    b.say('2');
    await clock.advance(250);
    expect(batches).toEqual([['a0:1']]);
    bad = false;
    b.say('3');
    await clock.advance(1000);
    expect(batches.slice(1)).toEqual([['b0:23']]);
  });
});

describe('a store that fails', () => {
  it('does not stop the console, and leaves a mark where text is missing', async () => {
    await using rig = await openConsoleRig({ scrollBackBytes: 40_000 });
    const machine = await rig.machine();
    const { append, read } = rig.store.consoleText;
    const seat = await rig.consoles.attach(machine, { actor: 'x' }, NEVER);
    await drain(seat);
    const broken = async (): Promise<never> => {
      throw new Error('disk full');
    };
    Object.assign(rig.store.consoleText, { append: broken, read: broken });
    for (let n = 0; n < 10; n++) {
      rig.bmcs.line().say(String(n).repeat(10_000));
      expect(told(await drain(seat))).toEqual([`${n * 10_000}:${String(n).repeat(10_000)}`]);
      await rig.clock.advance(300);
    }
    const old = await rig.consoles.attach(machine, { actor: 'x', from: 0 }, NEVER);
    expect(told(await drain(old))[1]).toBe('lost@60000: older output is not kept any more');
    Object.assign(rig.store.consoleText, { append, read });
    await rig.clock.advance(5000);
    const kept = await rig.store.consoleText.read({ machineId: machine.id }, 0, 1e6);
    expect(kept.filter(({ lost }) => lost !== null)).toMatchObject([{ lost: 'output could not be stored' }]);
    expect(await rig.store.consoleText.end(machine.id)).toBe(100_000);
  });
});
