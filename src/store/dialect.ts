import type { CompiledQuery, Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** Where the databases differ in naming a column's type. */
export type ColumnTypes = { readonly bytes: 'blob' | 'bytea' };

export type SqlValue = string | number | null | Uint8Array;

/** A statement of a job, run once for each row of parameters. */
export type WriteStatement = {
  readonly sql: string;
  readonly rows: readonly (readonly SqlValue[])[];
  /** The job ends here, and nothing of it stays, when the statement gives nothing back. */
  readonly required: boolean;
};

/** Statements that are carried out together or not at all, and that need no answer in between. */
export type WriteJob = readonly WriteStatement[];

/** `urgent`: somebody far away waits for it, so that the fewest changes of thread count for more than the others here. */
export type Urgency = 'urgent' | 'patient';

/** What the statements of a job gave back (`returning`), one list a statement; undefined when a required one gave nothing. */
export type JobRows = readonly (readonly Readonly<Record<string, unknown>>[])[] | undefined;

/** An open database; what makes it this or that product ends here. */
export type OpenDatabase = {
  readonly db: Kysely<Database>;
  readonly types: ColumnTypes;
  /** Asks a question that was built once. @param parameters in place of the query's own */
  read<Row>(query: CompiledQuery<Row>, parameters: readonly SqlValue[]): Promise<readonly Row[]>;
  /** Runs what begins a transaction of `db`, when this process has no other writer at work. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Carries out a job without keeping the caller's thread while the disk syncs; jobs of the same moment share a transaction, in their order,
   * and fail one by one. Resolves when it is on disk.
   * @param job called when its turn has come
   * @throws Error of the database when the job could not be carried out; then nothing of it is there
   */
  write(job: () => WriteJob, urgency: Urgency): Promise<JobRows>;
  /** Closes it and frees its instance lock; harmless when done twice. */
  close(): Promise<void>;
};
