import { expect, test } from 'vitest';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { createIds } from '../../../src/store/ids.ts';
import { createManualClock } from '../../support/manual-clock.ts';

test('identifiers sort by age, also within a millisecond and when the clock is set back', async () => {
  const clock = createManualClock();
  const newId = createIds({ clock, entropy: systemEntropy });
  const ids: string[] = [];
  for (let n = 0; n < 50; n++) ids.push(newId());
  await clock.advance(40);
  for (let n = 0; n < 50; n++) ids.push(newId());
  await clock.advance(365 * 24 * 60 * 60 * 1000);
  ids.push(newId());
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(101);
  for (const id of ids) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{20}$/);
});
