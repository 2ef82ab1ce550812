import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { ConfigError } from '../../../src/foundation/errors.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { openSqlite } from '../../../src/store/sqlite.ts';
import { openStore } from '../../../src/store/store.ts';
import { SPEC } from '../../support/step-view.ts';

const PARTS = { clock: systemClock, entropy: systemEntropy, log: silentLog };
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bootwright-store-'));
  path = join(folder, 'data', 'bootwright.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('folder and files are for the owner alone', async () => {
  await using _store = await openStore(PARTS, { path });
  expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
  const files = readdirSync(join(folder, 'data'));
  expect(files).toContain('bootwright.sqlite-wal');
  for (const file of files) expect(statSync(join(folder, 'data', file)).mode & 0o777, file).toBe(0o600);
});

test('a database that others could read is closed to them', async () => {
  await (await openStore(PARTS, { path })).close();
  chmodSync(path, 0o644);
  await using _store = await openStore(PARTS, { path });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('runs with the settings that survive a power cut', async () => {
  const database = openSqlite({ path });
  const settings = async (name: string) => (await sql.raw(`PRAGMA ${name}`).execute(database.db)).rows;
  expect(await settings('journal_mode')).toEqual([{ journal_mode: 'wal' }]);
  expect(await settings('synchronous')).toEqual([{ synchronous: 2 }]);
  expect(await settings('foreign_keys')).toEqual([{ foreign_keys: 1 }]);
  await database.close();
  await database.close();
});

test('refuses a database that another program holds and that cannot be switched to them', async () => {
  await openSqlite({ path }).close();
  const blocker = new DatabaseSync(path);
  blocker.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  expect(() => openSqlite({ path, busyTimeoutMs: 1 })).toThrow(/open database .*bootwright\.sqlite: .*locked/);
  blocker.close();
  await openSqlite({ path }).close();
});

test('a second instance is refused with the path of the lock; the first goes on, and frees it at its end', async () => {
  const first = await openStore(PARTS, { path });
  const second = openStore(PARTS, { path });
  await expect(second).rejects.toThrow(ConfigError);
  await expect(second).rejects.toThrow(join(folder, 'data', 'instance.lock'));
  await expect(openStore(PARTS, { path })).rejects.toThrow(ConfigError);
  await first.machines.declare(SPEC, 'api', 'me');
  await first.close();
  await using third = await openStore(PARTS, { path });
  expect((await third.machines.get('m1')).spec).toEqual(SPEC);
});

test('a file that is no database is refused with its path, and left as it is', async () => {
  await (await openStore(PARTS, { path })).close();
  writeFileSync(path, 'not a database, but long enough to be read as the header of one '.repeat(4));
  const text = readFileSync(path, 'utf8');
  await expect(openStore(PARTS, { path })).rejects.toThrow(path);
  await expect(openStore(PARTS, { path })).rejects.toThrow(ConfigError);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('a folder that cannot be made is refused', async () => {
  writeFileSync(join(folder, 'data'), 'a file');
  await expect(openStore(PARTS, { path })).rejects.toThrow(ConfigError);
});

test('a database of a newer version is refused, with the name of what it has', async () => {
  await (await openStore(PARTS, { path })).close();
  const database = openSqlite({ path });
  await database.db.insertInto('migrations').values({ name: '9999-future', applied_at: 1 }).execute();
  await database.close();
  await expect(openStore(PARTS, { path })).rejects.toThrow('9999-future');
});

test('migrations are applied once', async () => {
  await (await openStore(PARTS, { path })).close();
  await (await openStore(PARTS, { path })).close();
  const database = openSqlite({ path });
  const rows = await database.db.selectFrom('migrations').select('name').execute();
  expect(rows).toEqual([
    { name: '0001-first' },
    { name: '0002-console-text' },
    { name: '0003-bmc-pins' },
    { name: '0005-boot-loaders' },
    { name: '0006-assets' },
    { name: '0007-discovered-machines' },
    { name: '0008-boot-captures' },
  ]);
  await database.close();
});

test('transactions never interleave, and a failed one leaves nothing', async () => {
  const database = openSqlite({ path: ':memory:' });
  const { db } = database;
  await sql`create table counters (n integer)`.execute(db);
  await sql`insert into counters values (0)`.execute(db);
  const addOne = (fails: boolean) =>
    db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ n: number }>`select n from counters`.execute(tx);
      await new Promise((resolve) => setImmediate(resolve));
      await sql`update counters set n = ${(rows[0]?.n ?? 0) + 1}`.execute(tx);
      if (fails) throw new Error('undo');
    });
  const all = await Promise.allSettled(Array.from({ length: 60 }, (_, n) => addOne(n % 3 === 0)));
  expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(40);
  expect((await sql<{ n: number }>`select n from counters`.execute(db)).rows).toEqual([{ n: 40 }]);
  await database.close();
});

test('a question that was built once sees nothing of a transaction that is under way', async () => {
  const database = openSqlite({ path: ':memory:' });
  const { db } = database;
  await sql`create table counters (n integer)`.execute(db);
  const query = sql<{ n: number }>`select n from counters where n > ${0}`.compile(db);
  const written = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const undone = db.transaction().execute(async (tx) => {
    await sql`insert into counters values (7)`.execute(tx);
    written.resolve();
    await end.promise;
    throw new Error('undo');
  });
  await written.promise;
  const meanwhile = database.read(query, [1]);
  end.resolve();
  await expect(undone).rejects.toThrow('undo');
  expect(await meanwhile).toEqual([]);
  await sql`insert into counters values (8)`.execute(db);
  expect(await database.read(query, [1])).toEqual([{ n: 8 }]);
  expect(await database.read(query, [8])).toEqual([]);
  await database.close();
});

test('statements of many shapes do not pile up in memory, and go on working', async () => {
  const database = openSqlite({ path: ':memory:' });
  for (let round = 0; round < 2; round++) {
    for (let n = 1; n <= 400; n++) {
      const { rows } = await sql.raw<{ n: number }>(`select ${n} as n`).execute(database.db);
      expect(rows).toEqual([{ n }]);
    }
  }
  await database.close();
});

test('no planted secret is in any file of the database', async () => {
  const planted = ['passphrase-e0b7d1', 'token-91c2aa'];
  {
    await using store = await openStore(PARTS, { path });
    const [passphrase = '', token = ''] = planted;
    process.env.BOOTWRIGHT_TEST_SECRET = passphrase;
    const machine = await store.machines.declare(
      { ...SPEC, disks: [{ name: 'cryptroot', passphrase: 'env:BOOTWRIGHT_TEST_SECRET' }] },
      'api',
      'me',
    );
    const hash = createHash('sha256').update(token).digest('hex');
    await store.tokens.create({ name: 'ci', role: 'admin', hash });
    await store.timeline.append(machine.id, [
      { type: 'unlock.attempted', source: 'step', data: { disk: 'cryptroot' } },
    ]);
  }
  const all = Buffer.concat(readdirSync(join(folder, 'data')).map((file) => readFileSync(join(folder, 'data', file))));
  expect(all.includes('env:BOOTWRIGHT_TEST_SECRET')).toBe(true);
  for (const secret of planted) expect(all.includes(secret), secret).toBe(false);
  delete process.env.BOOTWRIGHT_TEST_SECRET;
});
