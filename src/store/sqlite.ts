import { chmodSync, mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { ConfigError, errorText } from '../foundation/errors.ts';
import { type Log, silentLog } from '../foundation/log.ts';
import type { OpenDatabase } from './dialect.ts';
import type { Database } from './schema.ts';
import { NodeSqliteDialect } from './sqlite-dialect.ts';
import { openDurably } from './sqlite-file.ts';
import { createJobRunner } from './sqlite-jobs.ts';
import { createSqliteReader } from './sqlite-read.ts';
import { startSqliteThread } from './sqlite-thread.ts';
import { createSqliteWriter } from './sqlite-writer.ts';
import { createTurns } from './turns.ts';

export type SqliteOptions = {
  /** Database file, or `:memory:` for one that ends with the process. */
  readonly path: string;
  /**
   * Refuse a second process on the same folder, for as long as this one lives. Default true; without it, leases alone
   * keep two processes apart, which SQLite's single writer makes slow.
   */
  readonly instanceLock?: boolean;
  /** How long a statement waits for another process's lock, milliseconds. Default 5000. */
  readonly busyTimeoutMs?: number;
  /**
   * `when-busy`: jobs are written by a thread from when they come faster than the disk takes them one after the other. `always`: from the first
   * one. Default `when-busy`; a database in memory has no thread.
   */
  readonly writerThread?: 'when-busy' | 'always';
};

/** File systems over a network, by the number statfs(2) gives (linux/magic.h): their locks and syncs are not to be relied on. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
]);

/**
 * Opens a SQLite database that keeps what it has acknowledged through a power cut.
 * @throws ConfigError when the file cannot be used, is on a network file system, or another instance has it open
 */
export function openSqlite(options: SqliteOptions, log: Log = silentLog): OpenDatabase {
  const { path, instanceLock = true, busyTimeoutMs = 5000, writerThread = 'when-busy' } = options;
  const inMemory = path === ':memory:';
  let lock: DatabaseSync | undefined;
  let file: DatabaseSync | undefined;
  try {
    if (!inMemory) {
      prepareFolder(dirname(path));
      if (instanceLock) lock = lockInstance(dirname(path));
      createPrivately(path);
    }
    file = openDurably(path, busyTimeoutMs);
  } catch (error) {
    file?.close();
    lock?.close();
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`open database ${path}: ${errorText(error)}`, { cause: error, details: { path } });
  }
  const open = file;
  const db = new Kysely<Database>({ dialect: new NodeSqliteDialect(open) });
  const turns = createTurns();
  const writer = createSqliteWriter(
    { turns, here: createJobRunner(open), log },
    inMemory
      ? { thread: 'never' }
      : { thread: writerThread, startThread: () => startSqliteThread({ path, busyTimeoutMs }) },
  );
  return {
    db,
    types: { bytes: 'blob' },
    read: createSqliteReader(open, db),
    async inTurn(work) {
      using _turn = await turns.take();
      return await work();
    },
    write: writer.write,
    async close() {
      await writer.close();
      await db.destroy();
      if (open.isOpen) open.close();
      if (lock?.isOpen) lock.close();
    },
  };
}

/** @throws ConfigError when it is on a network file system */
function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const kind = NETWORK_FILE_SYSTEMS.get(statfsSync(folder).type);
  if (kind === undefined) return;
  throw new ConfigError(
    `the database folder ${folder} is on ${kind}: SQLite loses data on network file systems; use a local disk`,
    { details: { folder, fileSystem: kind } },
  );
}

/**
 * Holds an exclusive lock on a small file beside the database for the life of the process; the kernel frees it however
 * the process ends. While it is held, every run that is marked as running is known to be an orphan.
 * @throws ConfigError when another process holds it
 */
function lockInstance(folder: string): DatabaseSync {
  const path = join(folder, 'instance.lock');
  createPrivately(path);
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    // Nothing is ever written to it, so it needs no journal file beside it.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (!/\bbusy\b|\blocked\b/.test(errorText(error))) throw error;
    throw new ConfigError(
      `another instance is running on ${folder} (it holds ${path}): stop it first, or give this one another data folder`,
      { cause: error, details: { path } },
    );
  }
}

/**
 * Makes sure that the file is there and only ours to read; SQLite gives its -wal and -shm files the same mode. An existing
 * file is never opened here: closing any descriptor of it would drop this process's POSIX locks on it (fcntl(2)).
 */
function createPrivately(path: string): void {
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    chmodSync(path, 0o600);
  }
}
