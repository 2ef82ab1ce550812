import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from '../foundation/errors.ts';

/** The settings that a power cut is survived with, as SQLite reports them. */
const DURABLE = { journal_mode: 'wal', synchronous: 2 } as const;

/**
 * Opens a connection that keeps what it has acknowledged through a power cut (WAL with `synchronous=FULL`, both
 * read back, since a library may be built with weaker defaults and still report the stronger).
 * @param path an existing file, or `:memory:`
 * @param busyTimeoutMs how long a statement waits for another connection's lock, milliseconds
 * @throws ConfigError when the settings are not to be had; Error of SQLite when it cannot be opened
 * @see https://www.sqlite.org/pragma.html#pragma_synchronous https://www.sqlite.org/wal.html
 */
export function openDurably(path: string, busyTimeoutMs: number): DatabaseSync {
  const file = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    makeDurable(file, path);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

function makeDurable(file: DatabaseSync, path: string): void {
  file.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
  if (!file.prepare('PRAGMA foreign_keys').get()?.foreign_keys) {
    throw new ConfigError(`open database ${path}: SQLite was built without foreign keys`);
  }
  if (path === ':memory:') return;
  for (const [name, wanted] of Object.entries(DURABLE)) {
    const got = file.prepare(`PRAGMA ${name}`).get()?.[name];
    if (got === wanted) continue;
    throw new ConfigError(
      `open database ${path}: SQLite says ${name} is ${String(got)} where ${wanted} was set; a power cut would lose data here`,
      { details: { path, setting: name } },
    );
  }
}
