import { describe, expect, it } from 'vitest';
import { createFileCache } from '../../../../src/netboot/assets/file-cache.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const asset = (name: string, bytes: number, modifiedAt = 1) => ({ name, path: `/${name}`, bytes, modifiedAt });

function cacheOf(maximumBytes: number, lengths: Readonly<Record<string, number>> = {}) {
  const clock = createManualClock();
  const reads: string[] = [];
  const gates: (() => void)[] = [];
  let slow = false;
  const cache = createFileCache(
    {
      clock,
      async read(path) {
        reads.push(path);
        const { promise, resolve } = Promise.withResolvers<void>();
        if (slow) gates.push(resolve);
        else resolve();
        await promise;
        return Buffer.alloc(lengths[path] ?? Number(path.slice(2)), path[1]);
      },
    },
    { maximumBytes },
  );
  return {
    clock,
    cache,
    reads,
    hesitate: () => {
      slow = true;
    },
    release: () => {
      slow = false;
      for (const gate of gates.splice(0)) gate();
    },
  };
}

describe('file cache', () => {
  const [a, b] = [asset('a6', 6), asset('b6', 6)];

  it('streams to one machine, however often it asks, and keeps what a second one wants', async () => {
    const { cache, reads } = cacheOf(10);
    for (let n = 0; n < 5; n++) expect(await cache.get(a, 'm1')).toBeUndefined();
    expect(reads).toEqual([]);
    expect(String(await cache.get(a, 'm2'))).toBe('aaaaaa');
    expect(String(await cache.get(a, 'm1'))).toBe('aaaaaa');
    expect(reads).toEqual(['/a6']);
  });

  it('never reads a file twice at once', async () => {
    const { cache, reads, hesitate, release } = cacheOf(10);
    hesitate();
    await cache.get(a, 'm0');
    const answers = Array.from({ length: 50 }, (_, n) => cache.get(a, `m${n + 1}`));
    expect(reads).toEqual(['/a6']);
    release();
    const data = await Promise.all(answers);
    expect(new Set(data).size).toBe(1);
    expect(cache.bytes).toBe(6);
  });

  it('reads ahead for the second machine whose script names the file', async () => {
    const { cache, reads } = cacheOf(10);
    cache.expect(a, 'm1');
    expect(reads).toEqual([]);
    cache.expect(a, 'm2');
    expect(reads).toEqual(['/a6']);
    expect(String(await cache.get(a, 'm1'))).toBe('aaaaaa');
    expect(reads).toEqual(['/a6']);
  });

  it('drops the least recently asked for when another needs the room', async () => {
    const { cache, reads } = cacheOf(12);
    const c = asset('c6', 6);
    for (const each of [a, b]) for (const who of ['m1', 'm2']) await cache.get(each, who);
    await cache.get(a, 'm3');
    for (const who of ['m1', 'm2']) await cache.get(c, who);
    expect(cache.bytes).toBe(12);
    await cache.get(a, 'm4');
    expect(reads).toEqual(['/a6', '/b6', '/c6']);
  });

  it('does not drop what is being sent: who finds no room is streamed to, and the limit holds', async () => {
    const { cache, reads, clock } = cacheOf(10);
    await cache.get(a, 'm1');
    const data = await cache.get(a, 'm2');
    if (data === undefined) throw new Error('not kept');
    const held = cache.hold(data);
    await cache.get(b, 'm1');
    expect(await cache.get(b, 'm2')).toBeUndefined();
    await clock.advance(120_000);
    cache.sweep();
    expect(cache.bytes).toBe(6);
    held[Symbol.dispose]();
    held[Symbol.dispose]();
    cache.sweep();
    expect(cache.bytes).toBe(0);
    for (const who of ['m1', 'm2']) await cache.get(b, who);
    expect(cache.bytes).toBe(6);
    expect(reads).toEqual(['/a6', '/b6']);
  });

  it('counts an old version that is still being sent until it has left', async () => {
    const { cache } = cacheOf(100);
    await cache.get(a, 'm1');
    const data = await cache.get(a, 'm2');
    const held = cache.hold(data ?? Buffer.alloc(0));
    await cache.get(asset('a6', 6, 2), 'm3');
    await cache.get(asset('a6', 6, 2), 'm4');
    expect(cache.bytes).toBe(12);
    held[Symbol.dispose]();
    expect(cache.bytes).toBe(6);
  });

  it('never keeps a file beyond the limit, one that changed while it was read, or one that cannot be read', async () => {
    const { cache } = cacheOf(10, { '/d6': 5 });
    for (const each of [asset('c11', 11), asset('d6', 6)]) {
      await cache.get(each, 'm1');
      expect(await cache.get(each, 'm2')).toBeUndefined();
    }
    expect(cache.bytes).toBe(0);
    const broken = createFileCache({ clock: createManualClock(), read: () => Promise.reject(new Error('EIO')) });
    await broken.get(a, 'm1');
    expect(await broken.get(a, 'm2')).toBeUndefined();
    expect(broken.bytes).toBe(0);
  });

  it('forgets a minute after the last request, and remembers a bounded number of names', async () => {
    const { cache, clock, reads } = cacheOf(10);
    await cache.get(a, 'm1');
    await clock.advance(60_001);
    expect(await cache.get(a, 'm2')).toBeUndefined();
    for (let n = 0; n < 2000; n++) await cache.get(asset(`n${n}`, 1), 'm1');
    expect(await cache.get(a, 'm3')).toBeUndefined();
    expect(reads).toEqual([]);
  });
});
