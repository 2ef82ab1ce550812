import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Statements of one connection, each compiled once and kept: only for texts that are a handful. */
export function createStatements(file: DatabaseSync): (sql: string) => StatementSync {
  const kept = new Map<string, StatementSync>();
  return (sql) => {
    const known = kept.get(sql);
    if (known !== undefined) return known;
    const statement = file.prepare(sql);
    kept.set(sql, statement);
    return statement;
  };
}
