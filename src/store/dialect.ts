import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** Where the databases differ in naming a column's type. */
export type ColumnTypes = { readonly bytes: 'blob' | 'bytea' };

/** An open database; what makes it this or that product ends here. */
export type OpenDatabase = {
  readonly db: Kysely<Database>;
  readonly types: ColumnTypes;
  /** Closes it and frees its instance lock; harmless when done twice. */
  close(): Promise<void>;
};
