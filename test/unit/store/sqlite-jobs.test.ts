import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SqlValue, WriteJob, WriteStatement } from '../../../src/store/dialect.ts';
import { openDurably } from '../../../src/store/sqlite-file.ts';
import { createJobRunner } from '../../../src/store/sqlite-jobs.ts';
import { startSqliteThread } from '../../../src/store/sqlite-thread.ts';

let folder: string;
let path: string;
let file: DatabaseSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bootwright-jobs-'));
  path = join(folder, 'jobs.db');
  file = openDurably(path, 20);
  file.exec('create table things (name text primary key, text text)');
});
afterEach(() => {
  if (file.isOpen) file.close();
  rmSync(folder, { recursive: true, force: true });
});

const statement = (sql: string, ...rows: SqlValue[][]): WriteStatement => ({ sql, rows, required: false });
const add = (...all: string[]): WriteJob => [
  statement('insert into things (name, text) values (?, ?) returning name', ...all.map((name) => [name, 'x'])),
];
const things = (): unknown[] =>
  file
    .prepare('select name from things order by name')
    .all()
    .map(({ name }) => name);
const outcome = (name: string) => ({ rows: [[{ name }]] });

describe('jobs in one transaction', () => {
  it('give back what their statements returned', () => {
    const run = createJobRunner(file);
    expect(run([add('a', 'b'), [statement('delete from things where name = ?', ['nobody'])]])).toEqual([
      { rows: [[{ name: 'a' }, { name: 'b' }]] },
      { rows: [[]] },
    ]);
    expect(things()).toEqual(['a', 'b']);
  });

  it('that fail leave nothing of themselves, and the others everything', () => {
    const run = createJobRunner(file);
    const outcomes = run([add('a'), add('b', 'a'), add('c')]);
    expect(outcomes).toEqual([outcome('a'), { error: expect.any(Error) }, outcome('c')]);
    expect(things()).toEqual(['a', 'c']);
    expect(file.isTransaction).toBe(false);
  });

  it('end when a required statement gives nothing', () => {
    const run = createJobRunner(file);
    const touch = {
      ...statement('update things set text = ? where name = ? returning name', ['y', 'a']),
      required: true,
    };
    expect(run([[...add('z'), touch, ...add('b')]])).toEqual([{ rows: undefined }]);
    expect(things()).toEqual([]);
    expect(run([[...add('a'), touch, ...add('b')]])).toEqual([
      { rows: [[{ name: 'a' }], [{ name: 'a' }], [{ name: 'b' }]] },
    ]);
  });

  it('all fail when the disk is full, and leave room to go on', () => {
    const run = createJobRunner(file);
    file.exec('PRAGMA max_page_count = 8');
    const big = (name: string): WriteJob => [
      statement('insert into things (name, text) values (?, ?)', [name, 'x'.repeat(40_000)]),
    ];
    let failed = false;
    try {
      failed = run([add('a'), big('b')]).some((one) => 'error' in one);
    } catch {
      failed = true;
    }
    expect(failed).toBe(true);
    expect(file.isTransaction).toBe(false);
    expect(things()).not.toContain('b');
    file.exec('PRAGMA max_page_count = 1000');
    expect(run([add('c')])).toEqual([outcome('c')]);
  });

  it('fail when somebody else keeps the database locked, and succeed afterwards', () => {
    const run = createJobRunner(file);
    using other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    expect(() => run([add('a')])).toThrow(/locked/);
    other.exec('COMMIT');
    expect(run([add('a')])).toEqual([outcome('a')]);
  });
});

describe('a thread of its own', () => {
  it('does the same, with errors as they are', async () => {
    const thread = await startSqliteThread({ path, busyTimeoutMs: 20 });
    expect(await thread.run([add('a'), add('a'), add('b')])).toEqual([
      outcome('a'),
      { error: expect.objectContaining({ message: expect.stringContaining('UNIQUE') }) },
      outcome('b'),
    ]);
    expect(things()).toEqual(['a', 'b']);
    file.exec('BEGIN IMMEDIATE');
    await expect(thread.run([add('c')])).rejects.toThrow(/locked/);
    file.exec('COMMIT');
    expect(await thread.run([add('c')])).toEqual([outcome('c')]);
    await thread.close();
    await expect(thread.run([add('d')])).rejects.toThrow('has ended');
    expect(thread.lost()).toBe(true);
  });

  it('that finds no database is told', async () => {
    await expect(startSqliteThread({ path: join(folder, 'no', 'such.db'), busyTimeoutMs: 1 })).rejects.toThrow();
  });

  it('closes its connection at its end', async () => {
    const thread = await startSqliteThread({ path, busyTimeoutMs: 20 });
    await thread.run([add('a')]);
    await thread.close();
    // Only the last connection can leave WAL.
    expect(file.prepare('PRAGMA journal_mode = DELETE').get()).toEqual({ journal_mode: 'delete' });
  });
});
