import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createCalls } from '../../../src/library/calls.ts';
import { IpmiClosedError } from '../../../src/library/closed-error.ts';

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('calls of one owner', () => {
  it('passes the caller’s reason on untouched', async () => {
    const calls = createCalls('owner');
    const caller = new AbortController();
    const call = calls.run({ signal: caller.signal }, untilAborted);
    const reason = { any: 'thing' };
    caller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });

  it('does not begin under a signal that has fired', async () => {
    const calls = createCalls('owner');
    let began = false;
    const work = async (): Promise<void> => {
      began = true;
    };
    await expect(calls.run({ signal: AbortSignal.abort('over') }, work)).rejects.toBe('over');
    expect(began).toBe(false);
  });

  it('leaves nothing on the caller’s signal', async () => {
    const calls = createCalls('owner');
    const { signal } = new AbortController();
    for (let count = 0; count < 20; count++) await calls.run({ signal }, async () => count);
    await calls.run({ signal }, () => Promise.reject(new Error('failed'))).catch(() => undefined);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('ends the calls under way and waits for them when the owner closes', async () => {
    const calls = createCalls('owner');
    const cleaned: string[] = [];
    const call = calls.run(undefined, async (signal) => {
      try {
        return await untilAborted(signal);
      } finally {
        await Promise.resolve();
        cleaned.push('call');
      }
    });
    const outcome = expect(call).rejects.toThrow(IpmiClosedError);
    await calls.close();
    expect(cleaned).toEqual(['call']);
    await outcome;
  });

  it('refuses what comes after, and says whose it was', async () => {
    const calls = createCalls('IPMI 192.0.2.7:623 as "admin"');
    await calls.close();
    await calls.close();
    expect(() => calls.check()).toThrow('IPMI 192.0.2.7:623 as "admin": closed');
    await expect(calls.run(undefined, async () => 1)).rejects.toMatchObject({ code: 'closed', retry: 'give-up' });
  });
});
