import type { DatabaseSync } from 'node:sqlite';
import type { JobRows, WriteJob, WriteStatement } from './dialect.ts';
import { createStatements } from './sqlite-statements.ts';

/** How a job ended: on disk, or undone with the database's reason. */
export type JobOutcome = { readonly rows: JobRows } | { readonly error: unknown };

/** Carries out jobs in one transaction. @throws Error of SQLite when all of it was undone */
export type JobRunner = (jobs: readonly WriteJob[]) => readonly JobOutcome[];

/**
 * Carries out jobs on a connection. Each is in a savepoint of its own, so that one that fails takes nothing with it; what SQLite undoes as a
 * whole (disk full, I/O) fails for all.
 * @param file without a transaction under way whenever the runner is called; every statement's text is kept compiled, they are a
 *   handful
 * @see https://www.sqlite.org/lang_savepoint.html https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction
 */
export function createJobRunner(file: DatabaseSync): JobRunner {
  const compiled = createStatements(file);

  function runStatement({ sql, rows }: WriteStatement): Record<string, unknown>[] {
    const statement = compiled(sql);
    return rows.flatMap((row) => statement.all(...row).map((found) => ({ ...found })));
  }

  function runJob(job: WriteJob): JobRows {
    const all: Record<string, unknown>[][] = [];
    for (const statement of job) {
      const found = runStatement(statement);
      if (statement.required && found.length === 0) return undefined;
      all.push(found);
    }
    return all;
  }

  function runApart(job: WriteJob): JobOutcome {
    compiled('SAVEPOINT job').run();
    try {
      const rows = runJob(job);
      if (rows === undefined) compiled('ROLLBACK TO job').run();
      compiled('RELEASE job').run();
      return { rows };
    } catch (error) {
      if (!file.isTransaction) throw error;
      compiled('ROLLBACK TO job').run();
      compiled('RELEASE job').run();
      return { error };
    }
  }

  return (jobs) => {
    compiled('BEGIN IMMEDIATE').run();
    try {
      const outcomes = jobs.map(runApart);
      compiled('COMMIT').run();
      return outcomes;
    } catch (error) {
      // After some errors SQLite has undone it by itself; a second time would hide the first error.
      if (file.isTransaction) compiled('ROLLBACK').run();
      throw error;
    }
  };
}
