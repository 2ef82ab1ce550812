import {
  type AssetNeed,
  type AssetRecords,
  type Assets,
  type AssetUpload,
  ChecksumError,
  type Collected,
  type NewAsset,
  StorageFullError,
  type StoredAsset,
  type UploadProgress,
  WrongOffsetError,
} from '../../domain/ports/assets.ts';
import type { Clock } from '../../foundation/clock.ts';
import { ConflictError, InvalidRequestError, NotFoundError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { type AssetFiles, openAssetFiles } from './asset-files.ts';
import type { Asset } from './catalog.ts';
import { decideCollection } from './collect.ts';

export type AssetStoreDeps = { readonly records: AssetRecords; readonly clock: Clock; readonly log: Log };

export type AssetStoreOptions = {
  readonly folder: string;
  /** Bytes kept in all, what is being uploaded included. Default 20 GiB. */
  readonly quotaBytes?: number;
  /** What was used within this time is never collected. Default a day. */
  readonly graceMs?: number;
};

/** Uploaded assets, as the API offers them and as boot requests find them. */
export type AssetStore = Assets & {
  /** By label, or `sha256:` and its digits. */
  find(name: string): Promise<Asset | undefined>;
};

const GIB = 1024 ** 3;
const DAY_MS = 24 * 3600 * 1000;
/** An upload nobody goes on with is forgotten after this. */
const UPLOAD_KEPT_MS = DAY_MS;
const MOST_UPLOADS = 64;
export const SHA256_PREFIX = 'sha256:';

/**
 * Opens the store and puts in order what a crash left: files without rows go, uploads whose file was already in its place end.
 * @throws Error when the folder cannot be used
 */
export async function openAssetStore(deps: AssetStoreDeps, options: AssetStoreOptions): Promise<AssetStore> {
  const files = await openAssetFiles(options.folder);
  await tidy(deps, files);
  return createAssetStore(deps, files, options);
}

async function tidy({ records, log }: AssetStoreDeps, files: AssetFiles): Promise<void> {
  for (const { id, sha256, bytes } of await records.uploads()) {
    if ((await files.partSize(id)) !== undefined) continue;
    // Only contents that were checked come into their place; the crash was between that and the row.
    if ((await files.sizeOf(sha256)) === bytes) await records.finishUpload(id);
    else await records.dropUpload(id);
  }
  const uploads = new Set((await records.uploads()).map(({ id }) => id));
  const known = new Set((await records.list()).map(({ sha256 }) => sha256));
  const { contents, parts } = await files.list();
  for (const id of parts) if (!uploads.has(id)) await files.removePart(id);
  for (const sha256 of contents) {
    if (known.has(sha256)) continue;
    log.info({ sha256 }, 'asset file without an entry removed');
    await files.remove(sha256);
  }
  for (const sha256 of known) {
    if (!contents.includes(sha256)) log.warn({ sha256 }, 'the file of an asset is missing: upload it again');
  }
}

function createAssetStore({ records, clock, log }: AssetStoreDeps, files: AssetFiles, options: AssetStoreOptions) {
  const { quotaBytes = 20 * GIB, graceMs = DAY_MS } = options;
  /** Uploads that are being written to. */
  const busy = new Set<string>();
  /** Rows and files change together, one change at a time: else a file could go whose row just came. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const removeUnneeded = (sha256s: readonly string[], usedBefore: number): Promise<readonly string[]> =>
    inTurn(async () => {
      const gone = await records.removeUnneeded(sha256s, usedBefore);
      for (const sha256 of gone) await files.remove(sha256);
      return gone;
    });

  async function present(sha256: string): Promise<StoredAsset | undefined> {
    const asset = await records.find(sha256);
    return asset !== undefined && (await files.sizeOf(sha256)) === asset.bytes ? asset : undefined;
  }

  async function uploadOf(id: string): Promise<UploadProgress> {
    const upload = await records.findUpload(id);
    const size = upload === undefined ? undefined : await files.partSize(id);
    if (upload === undefined || size === undefined) {
      throw new NotFoundError(`there is no upload ${id}: it ended, was cancelled, or was left alone for a day`);
    }
    return { ...upload, offset: Math.min(size, upload.bytes) };
  }

  async function drop(id: string): Promise<void> {
    await records.dropUpload(id);
    await files.removePart(id);
  }

  async function dropStaleUploads(): Promise<void> {
    for (const { id, touchedAt } of await records.uploads())
      if (!busy.has(id) && touchedAt + UPLOAD_KEPT_MS <= clock.now()) await drop(id);
  }

  /** What may go, oldest first, until no more than that is left. */
  async function candidates(downToBytes: number): Promise<readonly StoredAsset[]> {
    const assets = await records.list();
    const needs = await records.needs();
    const going = new Set(decideCollection({ assets, needs, now: clock.now(), graceMs, downToBytes }));
    return assets.filter(({ sha256 }) => going.has(sha256));
  }

  async function collect(going: readonly StoredAsset[]): Promise<Collected> {
    // Asked again for each, in one transaction: what was named meanwhile stays.
    const sha256s = going.map(({ sha256 }) => sha256);
    const gone = new Set(await removeUnneeded(sha256s, clock.now() - graceMs));
    const removed = going.filter(({ sha256 }) => gone.has(sha256));
    const freedBytes = sum(removed);
    if (removed.length > 0) log.info({ assets: removed.length, bytes: freedBytes }, 'assets collected');
    return {
      removed: removed.map(({ sha256, bytes, names }) => ({ sha256, bytes, names })),
      freedBytes,
      keptBytes: sum(await records.list()),
    };
  }

  async function makeRoom(bytes: number): Promise<void> {
    await dropStaleUploads();
    const uploads = await records.uploads();
    if (uploads.length >= MOST_UPLOADS)
      throw new ConflictError(`${MOST_UPLOADS} uploads have begun and not ended: end or cancel some`);
    const reserved = sum(uploads);
    const stored = sum(await records.list());
    const wanted = quotaBytes - reserved - bytes;
    if (stored <= wanted) return;
    // Nothing goes when that would not make room enough.
    const going = await candidates(Math.max(1, wanted));
    if (stored - sum(going) <= wanted && (await collect(going)).keptBytes <= wanted) return;
    throw new StorageFullError(
      `the asset store may hold ${quotaBytes} bytes: ${stored} are stored, ${reserved} are being uploaded, ${bytes} do not fit`,
      { details: { hint: 'Remove assets, or set a larger assets.quotaMiB.', quotaBytes, stored } },
    );
  }

  async function finish(upload: AssetUpload): Promise<StoredAsset> {
    const { id, sha256 } = upload;
    const found = await files.hashPart(id);
    if (found !== sha256) {
      await drop(id);
      throw new ChecksumError(`the ${upload.bytes} bytes have the SHA-256 ${found}, announced was ${sha256}`, {
        details: { found, announced: sha256 },
      });
    }
    // The same contents may have come by another upload meanwhile; one file takes the place of its equal.
    const asset = await inTurn(async () => {
      await files.place(id, sha256);
      return records.finishUpload(id);
    });
    log.info({ sha256, bytes: asset.bytes, name: upload.name }, 'asset stored');
    return asset;
  }

  const store: AssetStore = {
    async list() {
      const needs = await records.needs();
      return (await records.list()).map((asset) => withNeeds(asset, needs));
    },
    async get(sha256) {
      const asset = await records.find(sha256);
      if (asset === undefined) throw new NotFoundError(`there is no asset ${sha256}`);
      return withNeeds(asset, await records.needs());
    },
    async begin(asset: NewAsset) {
      const known = await inTurn(async () => {
        const found = await present(asset.sha256);
        if (found === undefined) return undefined;
        if (found.bytes === asset.bytes) return records.put(asset);
        throw new InvalidRequestError(`asset ${asset.sha256} has ${found.bytes} bytes, not ${asset.bytes}`);
      });
      if (known !== undefined) return { asset: known };
      const begun = (await records.uploads()).find(
        ({ id, ...rest }) =>
          !busy.has(id) &&
          rest.sha256 === asset.sha256 &&
          rest.bytes === asset.bytes &&
          rest.name === (asset.name ?? null),
      );
      if (begun !== undefined && (await files.partSize(begun.id)) !== undefined)
        return { upload: await uploadOf(begun.id) };
      await makeRoom(asset.bytes);
      const upload = await records.beginUpload(asset);
      try {
        await files.createPart(upload.id);
      } catch (error) {
        await records.dropUpload(upload.id);
        throw error;
      }
      return { upload: { ...upload, offset: 0 } };
    },
    upload: uploadOf,
    async append(id, offset, body) {
      if (busy.has(id)) throw new ConflictError(`upload ${id} is being written to by another request`);
      busy.add(id);
      try {
        const upload = await uploadOf(id);
        if (offset !== upload.offset)
          throw new WrongOffsetError(`upload ${id} goes on at byte ${upload.offset}, not ${offset}`, upload.offset);
        await records.touchUpload(id);
        let at = offset;
        {
          await using part = await files.openPart(id);
          for await (const chunk of body) {
            if (at + chunk.length > upload.bytes)
              throw new InvalidRequestError(`upload ${id}: more came than the ${upload.bytes} bytes announced`);
            await part.write(chunk, at);
            at += chunk.length;
          }
          await part.sync();
        }
        await records.touchUpload(id);
        return at < upload.bytes ? { offset: at } : { offset: at, asset: await finish(upload) };
      } finally {
        busy.delete(id);
      }
    },
    async cancel(id) {
      if (busy.has(id)) throw new ConflictError(`upload ${id} is being written to: break that off first`);
      await uploadOf(id);
      await drop(id);
    },
    pin: (sha256, pinned) => records.pin(sha256, pinned),
    async remove(sha256) {
      const { needs } = await store.get(sha256);
      const gone = await removeUnneeded([sha256], clock.now());
      if (gone.length === 0) {
        throw new ConflictError(`asset ${sha256} is needed: ${needs.join(', ') || 'somebody just named it'}`, {
          details: { needs },
        });
      }
      log.info({ sha256 }, 'asset removed');
    },
    async collect() {
      await dropStaleUploads();
      return collect(await candidates(0));
    },
    async find(name) {
      const asset = name.startsWith(SHA256_PREFIX)
        ? await records.find(name.slice(SHA256_PREFIX.length))
        : await records.findByName(name);
      if (asset === undefined || (await files.sizeOf(asset.sha256)) !== asset.bytes) return undefined;
      const { sha256, bytes, createdAt } = asset;
      return { name, path: files.pathOf(sha256), bytes, modifiedAt: createdAt, sha256 };
    },
  };
  return store;
}

function sum(assets: readonly { readonly bytes: number }[]): number {
  return assets.reduce((total, { bytes }) => total + bytes, 0);
}

function withNeeds(asset: StoredAsset, needs: ReadonlyMap<string, ReadonlySet<AssetNeed>>) {
  return { ...asset, needs: [...(needs.get(asset.sha256) ?? [])].sort() };
}
