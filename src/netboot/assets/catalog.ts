import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { ConfigError, errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { hashFile } from './asset-files.ts';

/** A file that may be served. */
export type Asset = {
  /** Path within its folder, with `/`. */
  readonly name: string;
  /** Real path, without symbolic links. */
  readonly path: string;
  readonly bytes: number;
  /** Epoch ms; with the size it tells whether the file is still the one that was listed. */
  readonly modifiedAt: number;
  /** SHA-256 of the contents where it is known without reading them, hexadecimal. */
  readonly sha256?: string;
};

export type AssetCatalog = {
  /** Lists the folders anew. @throws ConfigError when one cannot be read */
  scan(): Promise<void>;
  /** Looks a name up as it is on disk now; a name that is not listed makes for a new scan, at most every two seconds. */
  find(name: string): Promise<Asset | undefined>;
  /** SHA-256 of the contents, hexadecimal; read once for each state of the file. */
  sha256(asset: Asset): Promise<string>;
  readonly size: number;
};

export type AssetCatalogOptions = {
  readonly folders: readonly string[];
  /** Default 20 000 files in all. */
  readonly maximumFiles?: number;
  /** Uploaded assets; a name means one of these before a file of a folder. Default none. */
  readonly stored?: { find(name: string): Promise<Asset | undefined> } | undefined;
};

const RESCAN_MS = 2000;
const DEEPEST = 16;

/**
 * The explicit list of files that may be served to machines. A request names an entry of this list and is never joined
 * to a path. A link is followed when what it points to lies in the same folder; others are left out with a warning.
 */
export function createAssetCatalog(
  parts: { readonly clock: Clock; readonly log: Log },
  options: AssetCatalogOptions,
): AssetCatalog {
  const { clock, log } = parts;
  const { folders, maximumFiles = 20_000, stored } = options;
  let assets: ReadonlyMap<string, Asset> = new Map();
  let scannedAt = Number.NEGATIVE_INFINITY;
  let scanning: Promise<void> | undefined;
  const hashes = new Map<string, { readonly state: string; readonly sha256: Promise<string> }>();

  async function scanAll(): Promise<void> {
    const found = new Map<string, Asset>();
    for (const folder of folders) {
      try {
        const root = await realpath(folder);
        await list(root, root, 0, found);
      } catch (cause) {
        if (cause instanceof ConfigError) throw cause;
        throw new ConfigError(`asset folder ${folder}: ${errorText(cause)}`, { cause, details: { folder } });
      }
    }
    assets = found;
    scannedAt = clock.elapsed();
  }

  async function list(root: string, folder: string, depth: number, found: Map<string, Asset>): Promise<void> {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (depth < DEEPEST) await list(root, path, depth + 1, found);
        else log.warn({ path }, 'asset folder is nested too deeply, left out');
        continue;
      }
      const asset = await assetAt(root, path);
      if (asset === undefined) continue;
      if (found.has(asset.name))
        log.warn({ name: asset.name, path }, 'asset name is taken by an earlier folder, left out');
      else found.set(asset.name, asset);
      if (found.size > maximumFiles) {
        throw new ConfigError(
          `asset folders hold more than ${maximumFiles} files: name folders that hold boot files only`,
        );
      }
    }
  }

  async function assetAt(root: string, path: string): Promise<Asset | undefined> {
    try {
      const real = await realpath(path);
      if (!real.startsWith(root + sep)) {
        log.warn({ path }, 'asset is a link that leaves its folder, left out');
        return undefined;
      }
      const info = await stat(real);
      if (!info.isFile()) return undefined;
      const name = relative(root, path).split(sep).join('/');
      return { name, path: real, bytes: info.size, modifiedAt: Math.round(info.mtimeMs) };
    } catch (error) {
      // A file may go, or be a dangling link, between being listed and being looked at.
      log.warn({ path, error: errorText(error) }, 'asset cannot be read, left out');
      return undefined;
    }
  }

  function scan(): Promise<void> {
    scanning ??= scanAll().finally(() => {
      scanning = undefined;
    });
    return scanning;
  }

  async function current(name: string): Promise<Asset | undefined> {
    const listed = assets.get(name);
    if (listed === undefined) return undefined;
    const info = await stat(listed.path).catch(() => undefined);
    const same =
      info?.isFile() === true && info.size === listed.bytes && Math.round(info.mtimeMs) === listed.modifiedAt;
    return same ? listed : undefined;
  }

  return {
    scan,
    async find(name) {
      const uploaded = await stored?.find(name);
      if (uploaded !== undefined) return uploaded;
      const known = await current(name);
      if (known !== undefined) return known;
      const stale = assets.has(name);
      if (!stale && clock.elapsed() - scannedAt < RESCAN_MS) return undefined;
      await scan();
      return current(name);
    },
    sha256(asset) {
      if (asset.sha256 !== undefined) return Promise.resolve(asset.sha256);
      const state = `${asset.bytes} ${asset.modifiedAt}`;
      const known = hashes.get(asset.path);
      if (known?.state === state) return known.sha256;
      const sha256 = hashFile(asset.path);
      hashes.set(asset.path, { state, sha256 });
      sha256.catch(() => hashes.delete(asset.path));
      return sha256;
    },
    get size() {
      return assets.size;
    },
  };
}
