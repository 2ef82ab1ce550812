import type { BootCase } from './boot-case.ts';

/** What came of machines of which no attempt is known yet: it may have been armed a moment ago. */
export type Lately = {
  /** @param keys MAC address, IP address or id: whatever is known of whose it is */
  add(at: number, keys: readonly string[], replay: (found: BootCase) => void): void;
  /** Hands over what belongs to the attempt, in the order in which it came. */
  replay(found: BootCase, keys: readonly string[]): void;
};

type Entry = { readonly at: number; readonly keys: readonly string[]; readonly replay: (found: BootCase) => void };

const MOST_ENTRIES = 512;

export function createLately(): Lately {
  const entries: (Entry | undefined)[] = new Array(MOST_ENTRIES);
  let next = 0;
  return {
    add(at, keys, replay) {
      entries[next] = { at, keys, replay };
      next = (next + 1) % MOST_ENTRIES;
    },
    replay(found, keys) {
      for (let step = 0; step < MOST_ENTRIES; step++) {
        const index = (next + step) % MOST_ENTRIES;
        const entry = entries[index];
        if (entry === undefined || !entry.keys.some((key) => keys.includes(key))) continue;
        entries[index] = undefined;
        if (entry.at >= found.attempt.createdAt) entry.replay(found);
      }
    },
  };
}
