import { createHash } from 'node:crypto';
import type { Entropy } from '../../../src/foundation/entropy.ts';

/** Bytes that look random and are the same in every run, so that a test that fails fails again. */
export function createSeededEntropy(seed: string): Entropy {
  let block = 0;
  let left: Buffer = Buffer.alloc(0);
  return {
    bytes(length) {
      while (left.length < length) {
        const next = createHash('sha256').update(`${seed} ${block++}`).digest();
        left = Buffer.concat([left, next]);
      }
      const taken = Buffer.from(left.subarray(0, length));
      left = left.subarray(length);
      return taken;
    },
  };
}
