import type { AssetNeed, StoredAsset } from '../../domain/ports/assets.ts';

export type CollectionInput = {
  readonly assets: readonly Pick<StoredAsset, 'sha256' | 'bytes' | 'usedAt'>[];
  /** By SHA-256, why an asset must stay. */
  readonly needs: ReadonlyMap<string, ReadonlySet<AssetNeed>>;
  readonly now: number;
  /** What was used within this time stays, needed or not: somebody may be about to name it. */
  readonly graceMs: number;
  /** Stop once no more than this is left; 0 takes all that may go. */
  readonly downToBytes: number;
};

/** Which assets may go, the longest unused first. Pure. */
export function decideCollection(input: CollectionInput): readonly string[] {
  const { assets, needs, now, graceMs, downToBytes } = input;
  let left = assets.reduce((sum, { bytes }) => sum + bytes, 0);
  const going: string[] = [];
  const oldestFirst = assets.toSorted((a, b) => a.usedAt - b.usedAt || (a.sha256 < b.sha256 ? -1 : 1));
  for (const { sha256, bytes, usedAt } of oldestFirst) {
    if (left <= downToBytes && downToBytes > 0) break;
    if ((needs.get(sha256)?.size ?? 0) > 0 || usedAt + graceMs > now) continue;
    going.push(sha256);
    left -= bytes;
  }
  return going;
}
