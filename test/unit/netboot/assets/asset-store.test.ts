import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChecksumError, StorageFullError, WrongOffsetError } from '../../../../src/domain/ports/assets.ts';
import { systemEntropy } from '../../../../src/foundation/entropy.ts';
import { ConflictError, InvalidRequestError, NotFoundError } from '../../../../src/foundation/errors.ts';
import { silentLog } from '../../../../src/foundation/log.ts';
import { type AssetStoreOptions, openAssetStore } from '../../../../src/netboot/assets/asset-store.ts';
import { openStore } from '../../../../src/store/store.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const DAY = 24 * 3600 * 1000;
const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const newAsset = (bytes: Buffer, name?: string) => ({
  ...{ sha256: sha256Of(bytes), bytes: bytes.length },
  ...(name === undefined ? {} : { name }),
});

async function* pieces(...chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

async function createRig(options: Partial<AssetStoreOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-asset-store-'));
  const clock = createManualClock();
  const store = await openStore({ clock, entropy: systemEntropy, log: silentLog }, { path: ':memory:' });
  const records = store.assetRecords;
  /** As after a start of the service, on what lies there. */
  const open = () => openAssetStore({ records, clock, log: silentLog }, { folder, ...options });
  const assets = await open();
  return {
    folder,
    clock,
    store,
    records,
    assets,
    open,
    async add(bytes: Buffer, name?: string): Promise<string> {
      const begun = await assets.begin(newAsset(bytes, name));
      if ('upload' in begun) await assets.append(begun.upload.id, 0, pieces(bytes));
      return sha256Of(bytes);
    },
    async beginUpload(bytes: Buffer, name?: string): Promise<string> {
      const begun = await assets.begin(newAsset(bytes, name));
      if (!('upload' in begun)) throw new Error('it is there already');
      return begun.upload.id;
    },
    files: () => readdirSync(join(folder, 'sha256')),
    parts: () => readdirSync(join(folder, 'uploads')),
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

describe('an upload', () => {
  it('lies under its SHA-256, for us alone, and is found by name and by contents', async () => {
    await using rig = await createRig();
    const bytes = randomBytes(10_000);
    const sha256 = await rig.add(bytes, 'kernel');
    const path = join(rig.folder, 'sha256', sha256);
    expect(readFileSync(path)).toEqual(bytes);
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(rig.parts()).toEqual([]);
    for (const name of ['kernel', `sha256:${sha256}`])
      expect(await rig.assets.find(name)).toMatchObject({ name, path, bytes: 10_000, sha256 });
    expect(await rig.assets.find('other')).toBeUndefined();
  });

  it('keeps what came when its body breaks off, and goes on from there only', async () => {
    await using rig = await createRig();
    const bytes = randomBytes(1000);
    const id = await rig.beginUpload(bytes);
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 300);
      throw new InvalidRequestError('broken off');
    };
    await expect(rig.assets.append(id, 0, broken())).rejects.toThrow('broken off');
    expect(await rig.assets.upload(id)).toMatchObject({ offset: 300 });
    await expect(rig.assets.append(id, 0, pieces(bytes))).rejects.toThrow(WrongOffsetError);
    expect(await rig.assets.append(id, 300, pieces(bytes.subarray(300)))).toMatchObject({ offset: 1000, asset: {} });
  });

  it('is written to by one request at a time', async () => {
    await using rig = await createRig();
    const bytes = randomBytes(100);
    const id = await rig.beginUpload(bytes);
    const gate = Promise.withResolvers<void>();
    const slow = async function* (): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 50);
      await gate.promise;
      yield bytes.subarray(50);
    };
    const first = rig.assets.append(id, 0, slow());
    await expect(rig.assets.append(id, 0, pieces(bytes))).rejects.toThrow(ConflictError);
    await expect(rig.assets.cancel(id)).rejects.toThrow(ConflictError);
    gate.resolve();
    expect(await first).toMatchObject({ asset: { sha256: sha256Of(bytes) } });
  });

  it('leaves nothing when its checksum is wrong', async () => {
    await using rig = await createRig();
    const id = await rig.beginUpload(randomBytes(100));
    await expect(rig.assets.append(id, 0, pieces(randomBytes(100)))).rejects.toThrow(ChecksumError);
    expect([rig.files(), rig.parts()]).toEqual([[], []]);
    await expect(rig.assets.upload(id)).rejects.toThrow(NotFoundError);
  });

  it('tells of a full disk, and can go on when there is room again', async () => {
    await using rig = await createRig();
    const bytes = randomBytes(100);
    const id = await rig.beginUpload(bytes);
    const part = join(rig.folder, 'uploads', id);
    rmSync(part);
    symlinkSync('/dev/full', part);
    await expect(rig.assets.append(id, 0, pieces(bytes))).rejects.toThrow(StorageFullError);
    rmSync(part);
    writeFileSync(part, '');
    expect(await rig.assets.append(id, 0, pieces(bytes))).toMatchObject({ asset: { bytes: 100 } });
  });

  it('is forgotten after a day in which nobody went on', async () => {
    await using rig = await createRig();
    const id = await rig.beginUpload(randomBytes(100));
    await rig.clock.advance(DAY - 1);
    await rig.assets.collect();
    expect(rig.parts()).toEqual([id]);
    await rig.clock.advance(1);
    await rig.assets.collect();
    expect(rig.parts()).toEqual([]);
  });
});

describe('room', () => {
  it('is made by collecting the longest unused, and no more than needed', async () => {
    await using rig = await createRig({ quotaBytes: 1000, graceMs: 1000 });
    const old = await rig.add(randomBytes(300));
    await rig.clock.advance(10);
    const second = await rig.add(randomBytes(300));
    await rig.clock.advance(2000);
    const fresh = await rig.add(randomBytes(300));
    const added = await rig.add(randomBytes(300));
    expect(rig.files().sort()).toEqual([second, fresh, added].sort());
    expect(await rig.records.find(old)).toBeUndefined();
  });

  it('is not made in vain: what would not suffice is not removed', async () => {
    await using rig = await createRig({ quotaBytes: 1000, graceMs: 0 });
    const free = await rig.add(randomBytes(300));
    const pinned = await rig.add(randomBytes(300));
    await rig.assets.pin(pinned, true);
    await expect(rig.beginUpload(randomBytes(800))).rejects.toThrow(StorageFullError);
    expect(rig.files().sort()).toEqual([free, pinned].sort());
    const id = await rig.beginUpload(randomBytes(700));
    await expect(rig.beginUpload(randomBytes(1)), 'what is under way counts').rejects.toThrow(StorageFullError);
    await rig.assets.cancel(id);
    await rig.beginUpload(randomBytes(1));
  });
});

describe('after a crash', () => {
  it('files without entries go, and beginnings of uploads that are known stay', async () => {
    await using rig = await createRig();
    const kept = await rig.add(randomBytes(10));
    const bytes = randomBytes(100);
    const id = await rig.beginUpload(bytes);
    const hang = async function* (): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 40);
      throw new Error('killed');
    };
    await expect(rig.assets.append(id, 0, hang())).rejects.toThrow('killed');
    writeFileSync(join(rig.folder, 'sha256', 'ab'.repeat(32)), 'removed from the table before its file');
    writeFileSync(join(rig.folder, 'uploads', 'unknown'), 'created before its row was');
    const again = await rig.open();
    expect(rig.files()).toEqual([kept]);
    expect(rig.parts()).toEqual([id]);
    expect(await again.append(id, 40, pieces(bytes.subarray(40)))).toMatchObject({ asset: { bytes: 100 } });
  });

  it('between the rename and the entry, the upload is ended', async () => {
    await using rig = await createRig();
    const bytes = randomBytes(100);
    const id = await rig.beginUpload(bytes, 'late');
    rmSync(join(rig.folder, 'uploads', id));
    writeFileSync(join(rig.folder, 'sha256', sha256Of(bytes)), bytes);
    const again = await rig.open();
    expect(await again.find('late')).toMatchObject({ sha256: sha256Of(bytes) });
    expect(await rig.records.uploads()).toEqual([]);
  });

  it('between the last byte and the check, the next request without bytes has it checked', async () => {
    await using rig = await createRig();
    const bytes = randomBytes(100);
    const id = await rig.beginUpload(bytes);
    writeFileSync(join(rig.folder, 'uploads', id), bytes);
    const again = await rig.open();
    expect(await again.append(id, 100, pieces())).toMatchObject({ asset: { sha256: sha256Of(bytes) } });
  });

  it('an asset whose file is gone is not served, and can be uploaded again', async () => {
    await using rig = await createRig();
    const bytes = randomBytes(100);
    const sha256 = await rig.add(bytes, 'lost');
    rmSync(join(rig.folder, 'sha256', sha256));
    const again = await rig.open();
    expect(await again.find('lost')).toBeUndefined();
    const id = await rig.beginUpload(bytes, 'lost');
    await again.append(id, 0, pieces(bytes));
    expect(existsSync(join(rig.folder, 'sha256', sha256))).toBe(true);
    expect(await again.find('lost')).toMatchObject({ sha256 });
  });
});
