import { describe, expect, test } from 'vitest';
import { createSendWindow } from '../../../src/drivers/bmc/ipmi/link/send-window.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const never = new AbortController().signal;

describe('a send window', () => {
  test('lets so many in, and the next as one leaves, in order', async () => {
    const clock = createManualClock();
    const window = createSendWindow(clock, 2, 50);
    const inside: number[] = [];
    const places = [0, 1, 2, 3].map(async (index) => {
      const place = await window.enter(never);
      inside.push(index);
      return place;
    });
    await clock.advance(0);
    expect(inside).toEqual([0, 1]);
    const first = await places[0];
    first?.leave();
    first?.leave();
    await clock.advance(0);
    expect(inside).toEqual([0, 1, 2]);
  });

  test('is left by itself after a while, so that silence holds nobody up', async () => {
    const clock = createManualClock();
    const window = createSendWindow(clock, 1, 50);
    await window.enter(never);
    let entered = false;
    const second = window.enter(never).then(() => {
      entered = true;
    });
    await clock.advance(49);
    expect(entered).toBe(false);
    await clock.advance(1);
    await second;
    await clock.advance(50);
    expect(clock.sleepers).toBe(0);
  });

  test('who gives up waiting is left out', async () => {
    const clock = createManualClock();
    const window = createSendWindow(clock, 1, 1_000);
    const first = await window.enter(never);
    const abort = new AbortController();
    const gone = window.enter(abort.signal);
    const third = window.enter(never);
    abort.abort('gave up');
    await expect(gone).rejects.toBe('gave up');
    first.leave();
    await expect(third).resolves.toBeDefined();
    await expect(window.enter(AbortSignal.abort('late'))).rejects.toBe('late');
  });
});
