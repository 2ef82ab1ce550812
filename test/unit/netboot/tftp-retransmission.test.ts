import { describe, expect, it } from 'vitest';
import { createRetransmission } from '../../../src/netboot/tftp/retransmission.ts';

const make = () => createRetransmission({ firstMs: 1000, leastMs: 200, attempts: 8 });

describe('retransmission', () => {
  it('doubles up to eight times the first wait, and ends', () => {
    const pace = make();
    const waits: number[] = [];
    do waits.push(pace.waitMs);
    while (pace.silent());
    expect(waits).toEqual([1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000, 8000]);
  });
  it('comes down to the least for a client that answers at once', () => {
    const pace = make();
    for (let n = 0; n < 5; n++) pace.answered(0.2);
    expect(pace.waitMs).toBe(200);
  });
  it('stays above the round trip of a slow client', () => {
    const pace = make();
    for (let n = 0; n < 50; n++) pace.answered(n % 2 === 0 ? 400 : 500);
    expect(pace.waitMs).toBeGreaterThan(500);
    expect(pace.waitMs).toBeLessThan(800);
  });
  it('never waits longer than the first wait before it doubles', () => {
    const pace = make();
    pace.answered(30_000);
    expect(pace.waitMs).toBe(1000);
  });
  it('starts over after an answer, and does not measure what was sent twice', () => {
    const pace = make();
    pace.silent();
    pace.silent();
    pace.answered(undefined);
    expect(pace.waitMs).toBe(1000);
    for (let n = 0; n < 8; n++) expect(pace.silent()).toBe(true);
    expect(pace.silent()).toBe(false);
  });
});
