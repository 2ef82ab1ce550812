import { ConflictError, type ErrorOptions, InvalidRequestError, ServiceError } from '../../foundation/errors.ts';

/** Contents that machines boot, known by what they are. */
export type StoredAsset = {
  /** 64 hexadecimal digits, lower case. */
  readonly sha256: string;
  readonly bytes: number;
  /** Labels, sorted. Each names one asset at a time. */
  readonly names: readonly string[];
  /** Kept whatever else is removed. */
  readonly pinned: boolean;
  readonly createdAt: number;
  /** When it was last uploaded or armed. */
  readonly usedAt: number;
};

/** An upload that has begun. */
export type AssetUpload = {
  readonly id: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly name: string | null;
  readonly createdAt: number;
  readonly touchedAt: number;
};

/** With the number of bytes that are here. */
export type UploadProgress = AssetUpload & { readonly offset: number };

export type NewAsset = { readonly sha256: string; readonly bytes: number; readonly name?: string };

/** Files of one NixOS generation of one machine, in the asset store. */
export type CapturedGeneration = {
  readonly machineId: string;
  /** Store path of the system. */
  readonly toplevel: string;
  /** SHA-256 of the files. */
  readonly kernel: string;
  readonly initrds: readonly string[];
  readonly commandLine: string;
  readonly capturedAt: number;
};

/** Why an asset must stay. */
export const ASSET_NEEDS = ['pinned', 'declared', 'armed', 'proven', 'uploading'] as const;
export type AssetNeed = (typeof ASSET_NEEDS)[number];

/** The rows; the contents are files. */
export type AssetRecords = {
  list(): Promise<readonly StoredAsset[]>;
  find(sha256: string): Promise<StoredAsset | undefined>;
  findByName(name: string): Promise<StoredAsset | undefined>;
  /** Records contents that lie in their place; what is known already gets the name and the time. */
  put(asset: NewAsset): Promise<StoredAsset>;
  /** Notes that it was armed, so that it is not the next one to go. */
  touch(sha256: string): Promise<void>;
  /** @throws NotFoundError */
  pin(sha256: string, pinned: boolean): Promise<StoredAsset>;
  /** By SHA-256, every reason to keep it. */
  needs(): Promise<ReadonlyMap<string, ReadonlySet<AssetNeed>>>;
  /**
   * Removes the rows of those that nothing needs at that moment and that were not used since `usedBefore`.
   * @returns which went; their files may go then
   */
  removeUnneeded(sha256s: readonly string[], usedBefore: number): Promise<readonly string[]>;
  beginUpload(asset: NewAsset): Promise<AssetUpload>;
  findUpload(id: string): Promise<AssetUpload | undefined>;
  uploads(): Promise<readonly AssetUpload[]>;
  touchUpload(id: string): Promise<void>;
  /** The upload ends and its asset is there, in one step. @throws NotFoundError */
  finishUpload(id: string): Promise<StoredAsset>;
  dropUpload(id: string): Promise<void>;
  capture(generation: CapturedGeneration): Promise<void>;
  /** Newest last. */
  captured(machineId: string): Promise<readonly CapturedGeneration[]>;
};

/** What came of a collection. */
export type Collected = {
  readonly removed: readonly { readonly sha256: string; readonly bytes: number; readonly names: readonly string[] }[];
  readonly freedBytes: number;
  readonly keptBytes: number;
};

/** Assets as the API offers them. */
export type Assets = {
  list(): Promise<readonly (StoredAsset & { readonly needs: readonly AssetNeed[] })[]>;
  /** @throws NotFoundError */
  get(sha256: string): Promise<StoredAsset & { readonly needs: readonly AssetNeed[] }>;
  /**
   * The asset, when its contents are there already; else an upload, the same one again while nobody is writing to it.
   * @throws StorageFullError over quota
   */
  begin(asset: NewAsset): Promise<{ readonly asset: StoredAsset } | { readonly upload: UploadProgress }>;
  /** @throws NotFoundError */
  upload(id: string): Promise<UploadProgress>;
  /**
   * Takes bytes in at `offset`; those that came stay when the body breaks off.
   * @throws WrongOffsetError, ChecksumError (the upload is gone then), StorageFullError, ConflictError while another is at it
   */
  append(
    id: string,
    offset: number,
    body: AsyncIterable<Buffer>,
  ): Promise<{ readonly offset: number; readonly asset?: StoredAsset }>;
  cancel(id: string): Promise<void>;
  pin(sha256: string, pinned: boolean): Promise<StoredAsset>;
  /** @throws ConflictError when something needs it */
  remove(sha256: string): Promise<void>;
  /** Removes what nothing needs and nobody used for the grace time. */
  collect(): Promise<Collected>;
};

/** The asset store is full: its quota, or the disk below it. */
export class StorageFullError extends ServiceError {
  readonly code: string = 'storage-full';
}

/** The bytes are not what was announced. */
export class ChecksumError extends InvalidRequestError {
  override readonly code: string = 'checksum-mismatch';
}

/** An upload goes on where it stopped, and nowhere else. */
export class WrongOffsetError extends ConflictError {
  override readonly code: string = 'wrong-offset';
  readonly offset: number;
  constructor(message: string, offset: number, options: ErrorOptions = {}) {
    super(message, { ...options, details: { ...options.details, offset } });
    this.offset = offset;
  }
}
