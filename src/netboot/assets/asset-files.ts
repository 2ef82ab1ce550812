import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageFullError } from '../../domain/ports/assets.ts';

/** Contents by their SHA-256, and the beginnings of uploads, below one folder. Names come from the store, never from a request. */
export type AssetFiles = {
  pathOf(sha256: string): string;
  /** Size of the contents; undefined when they are not there. */
  sizeOf(sha256: string): Promise<number | undefined>;
  /** Bytes of an upload that are here; undefined when it has no file. */
  partSize(id: string): Promise<number | undefined>;
  createPart(id: string): Promise<void>;
  /** Opens an upload's file for writing on. */
  openPart(id: string): Promise<AssetPart>;
  hashPart(id: string): Promise<string>;
  /** Puts an upload's file in its place, on disk before this resolves. */
  place(id: string, sha256: string): Promise<void>;
  removePart(id: string): Promise<void>;
  remove(sha256: string): Promise<void>;
  /** What lies there. */
  list(): Promise<{ readonly contents: readonly string[]; readonly parts: readonly string[] }>;
};

export type AssetPart = AsyncDisposable & {
  /** @throws StorageFullError */
  write(chunk: Buffer, at: number): Promise<void>;
  /** Resolves when all of the file is on disk, earlier writes included. @throws StorageFullError */
  sync(): Promise<void>;
};

const SHA256 = /^[0-9a-f]{64}$/;

/** Makes the folders, readable by us alone: an initrd may hold keys. */
export async function openAssetFiles(folder: string): Promise<AssetFiles> {
  const contents = join(folder, 'sha256');
  const parts = join(folder, 'uploads');
  for (const each of [folder, contents, parts]) await mkdir(each, { recursive: true, mode: 0o700 });
  const pathOf = (sha256: string): string => join(contents, sha256);
  const partOf = (id: string): string => join(parts, id);

  return {
    pathOf,
    sizeOf: (sha256) => sizeOf(pathOf(sha256)),
    partSize: (id) => sizeOf(partOf(id)),
    async createPart(id) {
      await using _file = await openOrFull(partOf(id), 'wx');
    },
    async openPart(id) {
      const file = await openOrFull(partOf(id), 'r+');
      return {
        async write(chunk, at) {
          let done = 0;
          while (done < chunk.length) {
            const { bytesWritten } = await orFull(file.write(chunk, done, chunk.length - done, at + done));
            done += bytesWritten;
          }
        },
        sync: () => orFull(file.sync()),
        [Symbol.asyncDispose]: () => file.close(),
      };
    },
    hashPart: (id) => hashFile(partOf(id)),
    async place(id, sha256) {
      await rename(partOf(id), pathOf(sha256));
      await syncFolder(contents);
    },
    removePart: (id) => rm(partOf(id), { force: true }),
    remove: (sha256) => rm(pathOf(sha256), { force: true }),
    async list() {
      const inside = await readdir(contents);
      return { contents: inside.filter((name) => SHA256.test(name)), parts: await readdir(parts) };
    },
  };
}

/** SHA-256 of a file in hexadecimal, read in pieces. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** rename(2) is on disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

function openOrFull(path: string, flags: string): Promise<FileHandle> {
  return orFull(open(path, flags, 0o600));
}

async function orFull<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') throw error;
    throw new StorageFullError('the disk below the data directory is full', {
      cause: error,
      details: { hint: 'Make room there, or remove assets; the upload can then go on where it stopped.' },
    });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
