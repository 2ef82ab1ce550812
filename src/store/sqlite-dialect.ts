import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely';
import { BugError } from '../foundation/errors.ts';

/** Prepared statements kept; the service has about a hundred, more come only from inserts of many rows. */
const CACHED_STATEMENTS = 256;

/**
 * Kysely's SQLite dialect over `node:sqlite`. Kysely hands out the one connection to one query or transaction at a time,
 * so transactions never interleave even though every caller is asynchronous.
 */
export class NodeSqliteDialect extends SqliteDialect {
  readonly #file: DatabaseSync;

  constructor(file: DatabaseSync) {
    super({ database: cachedStatements(file) });
    this.#file = file;
  }

  override createDriver(): Driver {
    return new ImmediateDriver(this.#file);
  }
}

class ImmediateDriver extends SqliteDriver {
  readonly #file: DatabaseSync;

  constructor(file: DatabaseSync) {
    super({ database: cachedStatements(file) });
    this.#file = file;
  }

  /**
   * A deferred `BEGIN` that reads first and writes later fails at once with "database is locked" when somebody else
   * wrote in between, whatever the busy timeout says; taking the write lock at the start waits instead.
   * @see https://www.sqlite.org/lang_transaction.html#deferred_immediate_and_exclusive_transactions
   */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /** SQLite has rolled back by itself after some errors (disk full, I/O); a second one would hide the first error. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#file.isTransaction) await super.rollbackTransaction(connection);
  }
}

function cachedStatements(file: DatabaseSync): { close(): void; prepare(sql: string): SqliteStatement } {
  const cache = new Map<string, SqliteStatement>();
  return {
    close() {
      cache.clear();
      if (file.isOpen) file.close();
    },
    prepare(sql) {
      const known = cache.get(sql);
      const statement = known ?? kyselyStatement(file.prepare(sql));
      // The most lately used one is the last; the first has waited longest.
      cache.delete(sql);
      cache.set(sql, statement);
      const oldest = cache.keys().next();
      if (cache.size > CACHED_STATEMENTS && !oldest.done) cache.delete(oldest.value);
      return statement;
    },
  };
}

function kyselyStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(inputValue)),
    run: (parameters) => statement.run(...parameters.map(inputValue)),
    iterate: (parameters) => statement.iterate(...parameters.map(inputValue)),
  };
}

function inputValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  if (value instanceof Uint8Array) return value;
  throw new BugError(`a ${typeof value} cannot be stored: convert it first`);
}
