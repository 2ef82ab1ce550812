import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../../src/foundation/log.ts';
import { createReadAhead } from '../../../../src/netboot/http/read-ahead.ts';
import { createManualClock, settle } from '../../../support/manual-clock.ts';

describe('read-ahead', () => {
  const parts = () => {
    const clock = createManualClock();
    const calls: string[] = [];
    const asset = { name: 'k', path: '/k', bytes: 1, modifiedAt: 1 };
    const readAhead = createReadAhead({
      clock,
      log: silentLog,
      catalog: {
        scan: async () => undefined,
        find: async (name: string) => {
          calls.push(`find ${name}`);
          if (name === 'broken') throw new Error('EIO');
          return name === 'k' ? asset : undefined;
        },
        sha256: async ({ name }: { name: string }) => {
          calls.push(`hash ${name}`);
          throw new Error('EIO');
        },
        size: 1,
      } as never,
      cache: {
        expect: (_: unknown, who: string) => calls.push(`expect ${who}`),
      } as never,
    });
    return { clock, calls, readAhead };
  };

  it('looks at the disk once for a storm of scripts, and tells the cache of each machine', async () => {
    const { clock, calls, readAhead } = parts();
    for (const who of ['m1', 'm2', 'm3']) readAhead(['k'], who);
    await settle();
    expect(calls.sort()).toEqual(['expect m1', 'expect m2', 'expect m3', 'find k', 'hash k']);
    await clock.advance(1000);
    readAhead(['k'], 'm4');
    await settle();
    expect(calls.filter((call) => call === 'find k').length).toBe(2);
  });

  it('lets no fault out, and remembers no endless list of names', async () => {
    const { calls, readAhead } = parts();
    readAhead(['broken', 'none'], 'm1');
    await settle();
    expect(calls).toEqual(['find broken', 'find none']);
    readAhead(
      Array.from({ length: 1100 }, (_, n) => `n${n}`),
      'm1',
    );
    readAhead(['none'], 'm1');
    await settle();
    expect(calls.filter((call) => call === 'find none').length).toBe(2);
  });
});
