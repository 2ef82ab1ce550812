import { readFile } from 'node:fs/promises';
import type { Clock } from '../../foundation/clock.ts';
import type { Asset } from './catalog.ts';

export type FileCache = {
  /**
   * The contents, when they are worth keeping in memory: the file fits and was asked for before within the last minute.
   * Otherwise undefined, and the caller streams it.
   */
  get(asset: Asset): Promise<Buffer | undefined>;
  /** Drops what has not been asked for in the last minute. */
  sweep(): void;
  readonly bytes: number;
};

export type FileCacheOptions = {
  /** Bytes kept in all. Default 512 MiB. */
  readonly maximumBytes?: number;
  /** Contents nobody asks for are dropped after this. Default 60 000. */
  readonly keepMs?: number;
};

type Entry = { readonly asset: Asset; usedAt: number; data: Promise<Buffer> | undefined };

/** Names remembered as asked for once; each is a few words. */
const MOST_ENTRIES = 1024;

/**
 * Keeps files in memory while several machines want them. One machine alone is streamed to: its file would only sit in
 * memory afterwards, while the kernel's page cache holds it anyway. Requests that arrive together share one read.
 */
export function createFileCache({ clock }: { readonly clock: Clock }, options: FileCacheOptions = {}): FileCache {
  const { maximumBytes = 512 * 1024 * 1024, keepMs = 60_000 } = options;
  /** Least recently used first. */
  const entries = new Map<string, Entry>();
  let bytes = 0;

  function drop(path: string): void {
    const entry = entries.get(path);
    if (entry?.data !== undefined) bytes -= entry.asset.bytes;
    entries.delete(path);
  }

  function sweep(): void {
    const before = clock.elapsed() - keepMs;
    for (const [path, { usedAt }] of entries) if (usedAt < before) drop(path);
  }

  function makeRoom(needed: number, keep: string): void {
    for (const [path, { data }] of entries) {
      if (bytes + needed <= maximumBytes && entries.size <= MOST_ENTRIES) return;
      if (path !== keep && (data !== undefined || entries.size > MOST_ENTRIES)) drop(path);
    }
  }

  return {
    async get(asset) {
      sweep();
      const usedAt = clock.elapsed();
      const known = entries.get(asset.path);
      const same = known?.asset.bytes === asset.bytes && known.asset.modifiedAt === asset.modifiedAt;
      if (known === undefined || !same) {
        drop(asset.path);
        entries.set(asset.path, { asset, usedAt, data: undefined });
        makeRoom(0, asset.path);
        return undefined;
      }
      known.usedAt = usedAt;
      entries.delete(asset.path);
      entries.set(asset.path, known);
      if (known.data === undefined && asset.bytes <= maximumBytes) {
        makeRoom(asset.bytes, asset.path);
        bytes += asset.bytes;
        known.data = readFile(asset.path);
        known.data.catch(() => {
          if (entries.get(asset.path) === known) drop(asset.path);
        });
      }
      const data = await known.data;
      // A file that changed since it was listed is not the one whose size and hash go into the answer.
      return data?.length === asset.bytes ? data : undefined;
    },
    sweep,
    get bytes() {
      return bytes;
    },
  };
}
