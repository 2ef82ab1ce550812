import { describe, expect, it } from 'vitest';
import { formatTable, less, median, more, quantile } from '../../bench/measure.ts';

describe('what a measurement is told by', () => {
  it('quantiles, of values in any order', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0, 0.5, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([1, 51, 100, 100]);
    expect(quantile([10, 9], 0.99)).toBe(10);
    expect(quantile([], 0.5)).toBeNaN();
    expect([median([3, 1, 2]), median([])]).toEqual([2, Number.NaN]);
  });

  it('a ratio above 1 for who is ahead, whether less or more is better', () => {
    expect(less('w', 'ms', 2, 'peer', 4).ratio).toBe(2);
    expect(more('w', 'MB/s', 4, 'peer', 2).ratio).toBe(2);
  });

  it('a table with one line a row', () => {
    const lines = formatTable([more('some work', 'MB/s', 123.4, 'peer', 0.0456)]).split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^some work\s+MB\/s\s+123\s+peer\s+0\.0456\s+2706$/);
  });
});
