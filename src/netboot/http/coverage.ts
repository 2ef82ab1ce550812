/** Parts of files that left in several answers, put together until the whole file has. */
export type Coverage = {
  /**
   * Notes that a part left. @returns the time since the first part when that completes the file, else undefined
   * @param key file and receiver
   */
  add(key: string, from: number, to: number, size: number, startedAt: number, now: number): number | undefined;
};

type Covered = { parts: (readonly [from: number, to: number])[]; readonly startedAt: number };

/** Receivers that fetch by ranges at one time; the oldest is forgotten first. */
const MOST_FILES = 4096;
/** A client that leaves more gaps than this is not fetching a file. */
const MOST_PARTS = 1024;

/** Joins ranges, so that a file fetched in pieces is one event and an unfinished one is none. */
export function createCoverage(): Coverage {
  const files = new Map<string, Covered>();
  return {
    add(key, from, to, size, startedAt, now) {
      const file = files.get(key) ?? { parts: [], startedAt };
      file.parts = join([...file.parts, [from, to]]);
      const [only] = file.parts;
      const complete = size === 0 || (only !== undefined && only[0] === 0 && only[1] >= size);
      if (complete || file.parts.length > MOST_PARTS) {
        files.delete(key);
        return complete ? now - file.startedAt : undefined;
      }
      files.set(key, file);
      const [oldest] = files.keys();
      if (files.size > MOST_FILES && oldest !== undefined) files.delete(oldest);
      return undefined;
    },
  };
}

function join(parts: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const joined: (readonly [number, number])[] = [];
  for (const part of parts.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last === undefined || part[0] > last[1]) joined.push(part);
    else joined[joined.length - 1] = [last[0], Math.max(last[1], part[1])];
  }
  return joined;
}
