import type { DatabaseSync } from 'node:sqlite';
import type { CompiledQuery, Kysely } from 'kysely';
import type { SqlValue } from './dialect.ts';
import type { Database } from './schema.ts';
import { createStatements } from './sqlite-statements.ts';

/** As `read` of `OpenDatabase`. */
export type SqliteReader = <Row>(query: CompiledQuery<Row>, parameters: readonly SqlValue[]) => Promise<readonly Row[]>;

/**
 * Asks without Kysely's connection pool, whose promises cost more than the question. While a transaction is under way on the one
 * connection the question waits for its end like everybody's: it would see what may be undone.
 */
export function createSqliteReader(file: DatabaseSync, db: Kysely<Database>): SqliteReader {
  const compiled = createStatements(file);

  return async <Row>(query: CompiledQuery<Row>, parameters: readonly SqlValue[]): Promise<readonly Row[]> => {
    if (file.isTransaction) return (await db.executeQuery<Row>({ ...query, parameters })).rows;
    // What Kysely's own drivers do: a row has the type that the query was built with.
    return compiled(query.sql).all(...parameters) as Row[];
  };
}
