import { readFile } from 'node:fs/promises';
import type { Clock } from '../../foundation/clock.ts';
import type { Asset } from './catalog.ts';

export type FileCache = {
  /**
   * The contents, when they are worth keeping in memory: the file fits, and two machines asked for it within the last minute.
   * Otherwise undefined, and the caller streams it. Requests that arrive together share one read.
   * @param who tells machines apart; without it each request counts as another machine's
   */
  get(asset: Asset, who?: string): Promise<Buffer | undefined>;
  /** Notes that this machine will ask, and starts to read when it is not the first; its request then need not wait for the disk. */
  expect(asset: Asset, who: string): void;
  /** Keeps what `get` gave from being dropped for something else until disposed; a buffer of elsewhere is no matter. */
  hold(data: Buffer): Disposable;
  /** Drops what has not been asked for in the last minute. */
  sweep(): void;
  /** What is in memory or being read. */
  readonly bytes: number;
};

export type FileCacheOptions = {
  /** Bytes kept in all, those that are just being sent included. Default 512 MiB. */
  readonly maximumBytes?: number;
  /** Contents nobody asks for are dropped after this. Default 60 000. */
  readonly keepMs?: number;
};

export type FileCacheDeps = {
  readonly clock: Clock;
  /** Default: from the disk. */
  readonly read?: (path: string) => Promise<Buffer>;
};

type Entry = {
  readonly asset: Asset;
  usedAt: number;
  /** The first who asked; undefined once a second one did. */
  lone: { readonly who: string | undefined } | undefined;
  data: Promise<Buffer> | undefined;
  holds: number;
};

/** Names remembered as asked for once; each is a few words. */
const MOST_ENTRIES = 1024;

/**
 * Keeps files in memory while several machines want them. One machine alone is streamed to: its file would only sit in
 * memory afterwards, while the kernel's page cache holds it anyway. So is every machine for which there is no room.
 */
export function createFileCache(
  { clock, read = (path) => readFile(path) }: FileCacheDeps,
  options: FileCacheOptions = {},
): FileCache {
  const { maximumBytes = 512 * 1024 * 1024, keepMs = 60_000 } = options;
  /** Least recently used first. */
  const entries = new Map<string, Entry>();
  const owners = new WeakMap<Buffer, Entry>();
  let bytes = 0;

  /** A dropped entry that is being sent counts until the last hold ends. */
  function drop(path: string): void {
    const entry = entries.get(path);
    entries.delete(path);
    if (entry?.data !== undefined && entry.holds === 0) bytes -= entry.asset.bytes;
  }

  function sweep(): void {
    const before = clock.elapsed() - keepMs;
    for (const [path, { usedAt, holds }] of entries) if (usedAt < before && holds === 0) drop(path);
  }

  /** @returns whether so many bytes are free now */
  function makeRoom(needed: number, keep: Entry): boolean {
    for (const [path, entry] of entries) {
      const full = bytes + needed > maximumBytes;
      if (!full && entries.size <= MOST_ENTRIES) break;
      if (entry === keep || entry.holds > 0) continue;
      if ((full && entry.data !== undefined) || entries.size > MOST_ENTRIES) drop(path);
    }
    return bytes + needed <= maximumBytes;
  }

  function startReading(entry: Entry): void {
    const { asset } = entry;
    if (asset.bytes > maximumBytes || !makeRoom(asset.bytes, entry)) return;
    bytes += asset.bytes;
    entry.data = read(asset.path).then((data) => {
      // A file that changed since it was listed is not the one whose size and hash go into the answer.
      if (data.length !== asset.bytes) throw new Error(`${asset.path} changed while it was read`);
      owners.set(data, entry);
      return data;
    });
    entry.data.catch(() => {
      if (entries.get(asset.path) === entry) drop(asset.path);
    });
  }

  function asked(asset: Asset, who: string | undefined): Entry {
    sweep();
    const usedAt = clock.elapsed();
    const known = entries.get(asset.path);
    if (known === undefined || known.asset.bytes !== asset.bytes || known.asset.modifiedAt !== asset.modifiedAt) {
      drop(asset.path);
      const entry: Entry = { asset, usedAt, lone: { who }, data: undefined, holds: 0 };
      entries.set(asset.path, entry);
      makeRoom(0, entry);
      return entry;
    }
    known.usedAt = usedAt;
    if (known.lone !== undefined && (who === undefined || known.lone.who !== who)) known.lone = undefined;
    entries.delete(asset.path);
    entries.set(asset.path, known);
    if (known.lone === undefined && known.data === undefined) startReading(known);
    return known;
  }

  return {
    get: async (asset, who) => asked(asset, who).data?.catch(() => undefined),
    expect: (asset, who) => void asked(asset, who),
    hold(data) {
      const entry = owners.get(data);
      if (entry !== undefined) entry.holds += 1;
      let held = entry !== undefined;
      return {
        [Symbol.dispose]() {
          if (entry === undefined || !held) return;
          held = false;
          entry.holds -= 1;
          if (entry.holds === 0 && entries.get(entry.asset.path) !== entry) bytes -= entry.asset.bytes;
        },
      };
    },
    sweep,
    get bytes() {
      return bytes;
    },
  };
}
