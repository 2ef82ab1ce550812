import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A machine that is a file of one line for each thing done to it or seen of it. It outlives `kill -9` of the service, as a
 * real machine does, and its lines are the evidence of what really happened.
 */
export type World = {
  /** `look STEP`, `did LABEL`, `cleaned STEP`. */
  note(line: string): void;
  lines(): readonly string[];
  count(line: string): number;
};

export function openWorld(folder: string): World {
  const path = join(folder, 'world.log');
  const lines = (): readonly string[] =>
    existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
      : [];
  return {
    note: (line) => appendFileSync(path, `${line}\n`),
    lines,
    count: (wanted) => lines().filter((line) => line === wanted).length,
  };
}
