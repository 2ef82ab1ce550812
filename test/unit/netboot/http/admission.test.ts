import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMeter } from '../../../../src/foundation/meter.ts';
import { type AdmissionOptions, type Admitted, createAdmission } from '../../../../src/netboot/http/admission.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

function gate(options: AdmissionOptions) {
  const clock = createManualClock();
  const meter = createMeter();
  const admission = createAdmission({ clock, meter }, options);
  const enter = (who: string, bytes = 100): Admitted => {
    const answer = admission.ask(who, bytes);
    if (answer.kind !== 'admitted') throw new Error(`${who} was turned away`);
    return answer;
  };
  const wait = (who: string, bytes = 100): number => {
    const answer = admission.ask(who, bytes);
    if (answer.kind !== 'turned-away') throw new Error(`${who} was let in`);
    return answer.retryAfterSeconds;
  };
  return { clock, meter, admission, enter, wait };
}

describe('admission', () => {
  it('lets in as many machines as may, and tells the next when to come again', () => {
    const { enter, wait, admission, meter } = gate({ maximumTransfers: 2 });
    enter('a');
    enter('b');
    expect(wait('c')).toBeGreaterThanOrEqual(1);
    expect([admission.active, admission.waiting]).toEqual([2, 1]);
    expect(meter.value('netboot_http_admissions', { outcome: 'turned-away' })).toBe(1);
  });

  it('gives a machine one place for its requests at once and for the file after', async () => {
    const { enter, wait, clock } = gate({ maximumTransfers: 1 });
    const [first, second] = [enter('a'), enter('a')];
    first.end(100);
    second.end(100);
    await clock.advance(499);
    wait('b');
    const initrd = enter('a');
    initrd.end(100);
    initrd.end(100);
    await clock.advance(500);
    enter('b');
  });

  it('is free for the next as soon as the last file of a machine has left whole', () => {
    const { enter, admission } = gate({ maximumTransfers: 1 });
    const [kernel, initrd] = [enter('a'), enter('a')];
    initrd.end(100, true);
    expect(admission.active, 'its kernel is under way').toBe(1);
    kernel.end(100);
    expect(admission.active, 'more may come').toBe(1);
    enter('a').end(100, true);
    expect(admission.active).toBe(0);
    enter('b');
  });

  it('tells when to come by how long places are taken, not single files', async () => {
    const { enter, wait, clock } = gate({ maximumTransfers: 1 });
    for (let boot = 0; boot < 40; boot++) {
      enter('a').end(100);
      const initrd = enter('a');
      await clock.advance(8000);
      initrd.end(100, true);
    }
    enter('x');
    expect(wait('y')).toBeGreaterThanOrEqual(6);
  });

  it('lets those who were turned away in before newcomers', async () => {
    const { enter, wait, clock } = gate({ maximumTransfers: 1 });
    const a = enter('a');
    const seconds = wait('b');
    a.end(0);
    wait('newcomer');
    await clock.advance(seconds * 1000);
    wait('another');
    enter('b');
  });

  it('keeps the order among those who wait and are due', async () => {
    const { enter, wait, clock } = gate({ maximumTransfers: 1 });
    const a = enter('a');
    wait('b');
    wait('c');
    await clock.advance(5000);
    a.end(100);
    await clock.advance(500);
    wait('c');
    enter('b').end(0);
    enter('c');
  });

  it('gives a free place to a later ticket when the earlier is not expected yet', async () => {
    const { enter, wait, clock } = gate({ maximumTransfers: 1 });
    const a = enter('a');
    wait('b');
    await clock.advance(900);
    wait('c');
    a.end(0);
    enter('c');
  });

  it('does not wait for ever for a machine that was switched off', async () => {
    const { enter, wait, clock, admission } = gate({ maximumTransfers: 1 });
    const a = enter('a');
    const seconds = wait('gone');
    a.end(0);
    wait('b');
    await clock.advance(seconds * 1000 + 15_000);
    enter('b');
    expect(admission.waiting).toBe(0);
  });

  it('tells later ones to come later, by how long transfers take, and half a minute at most', async () => {
    const { enter, wait, clock } = gate({ maximumTransfers: 1 });
    const early = gate({ maximumTransfers: 1 });
    early.enter('x');
    const soon = early.wait('a');
    enter('x');
    const waits = Array.from({ length: 200 }, (_, n) => wait(`m${n}`));
    expect(waits.at(-1)).toBe(30);
    expect(Math.max(...waits)).toBe(30);
    expect(waits[0]).toBeLessThanOrEqual(soon + 1);
    await clock.advance(1);
  });

  it('spreads the machines of one round over several seconds', () => {
    const { enter, wait } = gate({ maximumTransfers: 100 });
    for (let n = 0; n < 100; n++) enter(`in${n}`);
    const waits = Array.from({ length: 100 }, (_, n) => wait(`m${n}`));
    expect(new Set(waits).size).toBeGreaterThan(1);
    expect(waits[7]).toBe(wait('m7'));
  });

  it('promises no more bytes than may leave, and takes back what did not', async () => {
    const { enter, wait, clock } = gate({ maximumTransfers: 100, maximumBytesPerSecond: 1000 });
    const a = enter('a', 10_000);
    const seconds = wait('b', 10);
    expect(seconds).toBeGreaterThanOrEqual(7);
    await clock.advance(1000);
    a.end(1000);
    enter('b', 10);
    const {
      enter: enterOther,
      wait: waitOther,
      clock: other,
    } = gate({ maximumTransfers: 9, maximumBytesPerSecond: 10 });
    enterOther('a', 100);
    await other.advance(9_000);
    waitOther('b');
    await other.advance(1000);
    enterOther('b');
  });

  it('holds a bounded number of tickets', () => {
    const { enter, wait, admission } = gate({ maximumTransfers: 1 });
    enter('a');
    for (let n = 0; n < 8300; n++) wait(`flood${n}`);
    expect(admission.waiting).toBe(8192);
  });

  it('never has more machines in than may, and all get in at last, whatever the order of arrival and end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 40 }),
        async (maximumTransfers, durations) => {
          const { clock, admission } = gate({ maximumTransfers });
          const due = new Map(durations.map((duration, n) => [`m${n}`, { at: 0, duration }]));
          const running: { until: number; end: () => void }[] = [];
          for (let step = 0; due.size > 0 && step < 20_000; step++) {
            const now = clock.elapsed();
            for (const transfer of running.splice(0)) {
              if (transfer.until <= now) transfer.end();
              else running.push(transfer);
            }
            for (const [who, { at, duration }] of [...due]) {
              if (at > now) continue;
              const answer = admission.ask(who, 1);
              if (answer.kind === 'turned-away') due.set(who, { at: now + answer.retryAfterSeconds * 1000, duration });
              else {
                due.delete(who);
                running.push({ until: now + duration, end: () => answer.end(1) });
              }
              expect(admission.active).toBeLessThanOrEqual(maximumTransfers);
            }
            await clock.advance(250);
          }
          expect(due.size).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});
