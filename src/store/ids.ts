import type { Clock } from '../foundation/clock.ts';
import { type Entropy, randomId } from '../foundation/entropy.ts';

/** Sorted as text, so that identifiers made of it sort as the numbers do. The same as `randomId` uses. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_DIGITS = 9;
const RANDOM_DIGITS = 11;

/**
 * Makes identifiers of 20 characters `0-9a-z` that sort by age: 45 bits of time, 55 of randomness. Within one process two never
 * share a time, so "oldest first" is exact there and lists have a stable order.
 */
export function createIds({ clock, entropy }: { readonly clock: Clock; readonly entropy: Entropy }): () => string {
  let last = 0;
  return () => {
    last = Math.max(last + 1, clock.now());
    let time = '';
    for (let left = last, digit = 0; digit < TIME_DIGITS; digit++, left = Math.floor(left / 32)) {
      time = DIGITS.charAt(left % 32) + time;
    }
    return time + randomId(entropy, RANDOM_DIGITS);
  };
}
