import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { abortable, withDeadline } from '../../../src/foundation/deadline.ts';
import { DeadlineError } from '../../../src/foundation/errors.ts';
import { retrySchedule } from '../../../src/foundation/retry-schedule.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

describe('withDeadline', () => {
  it('gives the result and leaves no timer behind', async () => {
    const clock = createManualClock();
    await expect(withDeadline(clock, 1000, new AbortController().signal, 'ask', async () => 42)).resolves.toBe(42);
    expect(clock.sleepers).toBe(0);
  });

  it('fails with what was tried when the time is over', async () => {
    const clock = createManualClock();
    const result = withDeadline(clock, 1500, new AbortController().signal, 'ask BMC 10.0.0.1', never);
    const checked = expect(result).rejects.toThrow(new DeadlineError('ask BMC 10.0.0.1: no result within 1.5 s'));
    await clock.advance(1500);
    await checked;
  });

  it("passes the caller's abort through untouched", async () => {
    const clock = createManualClock();
    const abort = new AbortController();
    const reason = new Error('shutting down');
    const result = withDeadline(clock, 1500, abort.signal, 'ask', never);
    const checked = expect(result).rejects.toBe(reason);
    abort.abort(reason);
    await checked;
    expect(clock.sleepers).toBe(0);
  });

  it("keeps the work's own error", async () => {
    const own = new Error('refused');
    const result = withDeadline(createManualClock(), 1500, new AbortController().signal, 'ask', () =>
      Promise.reject(own),
    );
    await expect(result).rejects.toBe(own);
  });
});

it('abortable stops waiting at once', async () => {
  const abort = new AbortController();
  const waiting = abortable(new Promise<never>(() => undefined), abort.signal);
  const checked = expect(waiting).rejects.toBe('enough');
  abort.abort('enough');
  await checked;
});

it('the system clock sleeps and wakes with the reason', async () => {
  const before = systemClock.elapsed();
  await systemClock.sleep(5, new AbortController().signal);
  expect(systemClock.elapsed() - before).toBeGreaterThanOrEqual(4);
  await expect(systemClock.sleep(60_000, AbortSignal.abort('stop'))).rejects.toBe('stop');
});

it('a retry schedule grows, is capped, and spreads', () => {
  const entropy = { bytes: (length: number) => Buffer.alloc(length, 0xff) };
  expect([...retrySchedule({ firstMs: 100, attempts: 4, maximumMs: 300 }, entropy)]).toEqual([100, 200, 300, 300]);
  const [first] = retrySchedule({ firstMs: 100, attempts: 1, jitter: 0.5 }, entropy);
  expect(first).toBeCloseTo(50, 5);
});
