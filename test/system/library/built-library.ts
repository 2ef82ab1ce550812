import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const TOP = join(import.meta.dirname, '..', '..', '..');

const LOCK = join(TOP, 'dist', '.building-lib');
/** No build takes so long: whoever holds the lock has been killed. */
const ABANDONED_MS = 60_000;

/** Brings dist/lib up to date; one test file at a time, since another one may be about to read it. */
export async function buildLibrary(): Promise<void> {
  mkdirSync(join(TOP, 'dist'), { recursive: true });
  while (!locked()) await sleep(50);
  try {
    const { status, stdout } = spawnSync('npm', ['run', '-s', 'build:lib'], { cwd: TOP, encoding: 'utf8' });
    if (status !== 0) throw new Error(`npm run build:lib failed:\n${stdout}`);
  } finally {
    rmdirSync(LOCK);
  }
}

function locked(): boolean {
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    const age = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > ABANDONED_MS) rmdirSync(LOCK);
    return false;
  }
}
