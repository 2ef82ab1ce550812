import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASSET_NEEDS, type AssetNeed } from '../../../../src/domain/ports/assets.ts';
import { decideCollection } from '../../../../src/netboot/assets/collect.ts';

const NOW = 1_000_000;
const GRACE = 1000;
const asset = (sha256: string, usedAt: number, bytes = 10) => ({ sha256, bytes, usedAt });

function going(
  assets: readonly ReturnType<typeof asset>[],
  needed: Readonly<Record<string, AssetNeed>> = {},
  downToBytes = 0,
): readonly string[] {
  const needs = new Map(Object.entries(needed).map(([sha256, why]) => [sha256, new Set([why])]));
  return decideCollection({ assets, needs, now: NOW, graceMs: GRACE, downToBytes });
}

describe('what is collected', () => {
  const OLD = [asset('a', 10), asset('b', 30), asset('c', 20)];

  it.each([
    ['all that nothing needs, the oldest first', OLD, {}, 0, ['a', 'c', 'b']],
    ['nothing that is pinned', OLD, { a: 'pinned' }, 0, ['c', 'b']],
    ['nothing that a machine is declared to boot', OLD, { a: 'declared' }, 0, ['c', 'b']],
    ['nothing that an attempt boots', OLD, { c: 'armed' }, 0, ['a', 'b']],
    ['nothing that a proven generation has', OLD, { b: 'proven' }, 0, ['a', 'c']],
    ['nothing that is being uploaded', OLD, { b: 'uploading' }, 0, ['a', 'c']],
    ['nothing within the grace time', [asset('a', NOW - GRACE + 1), asset('b', NOW - GRACE)], {}, 0, ['b']],
    ['no more than is over the quota', OLD, {}, 20, ['a']],
    ['nothing when the quota holds it', OLD, {}, 30, []],
    ['what may go, though the quota stays passed', OLD, { a: 'armed', b: 'pinned' }, 5, ['c']],
    ['nothing of nothing', [], {}, 0, []],
  ] as const)('%s', (_what, assets, needs, downTo, expected) => {
    expect(going(assets, needs, downTo)).toEqual(expected);
  });

  it('never is what is needed or in grace, and stops as soon as it may', () => {
    const one = fc.record({
      sha256: fc.string({ minLength: 4, maxLength: 8 }),
      bytes: fc.nat(1000),
      usedAt: fc.integer({ min: 0, max: NOW }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(one, { selector: ({ sha256 }) => sha256 }),
        fc.array(fc.constantFrom(...ASSET_NEEDS)),
        fc.nat(5000),
        (assets, whys, downToBytes) => {
          const needs = new Map(
            assets.flatMap(({ sha256 }, n) => (whys[n] === undefined ? [] : [[sha256, new Set([whys[n]])]])),
          );
          const gone = decideCollection({ assets, needs, now: NOW, graceMs: GRACE, downToBytes });
          const bySha = new Map(assets.map((each) => [each.sha256, each]));
          for (const sha256 of gone) {
            expect(needs.has(sha256)).toBe(false);
            expect((bySha.get(sha256)?.usedAt ?? NOW) + GRACE).toBeLessThanOrEqual(NOW);
          }
          const all = assets.reduce((sum, { bytes }) => sum + bytes, 0);
          const withoutLast = gone.slice(0, -1).reduce((left, sha256) => left - (bySha.get(sha256)?.bytes ?? 0), all);
          if (downToBytes > 0 && gone.length > 0) expect(withoutLast).toBeGreaterThan(downToBytes);
        },
      ),
      { numRuns: 300 },
    );
  });
});
