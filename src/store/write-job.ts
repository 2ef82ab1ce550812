import { type Compilable, type RawBuilder, sql } from 'kysely';
import { BugError } from '../foundation/errors.ts';
import type { SqlValue, WriteStatement } from './dialect.ts';

/** Stands for a value in a statement that is built once and run with many. */
type Blank = { readonly blank: string };

type Blanks<Values> = <Name extends keyof Values & string>(name: Name) => RawBuilder<Values[Name]>;

/**
 * Builds a statement once, with blanks in the place of values; building it anew for each of thousands of leases a second costs
 * more than running it.
 * @param build makes the query; what it puts in without a blank is the same each time
 * @returns the statement for one or more sets of values, in whose order it is run
 */
export function prepared<Values extends Readonly<Record<string, SqlValue>>>(
  build: (blank: Blanks<Values>) => Compilable,
): (values: readonly Values[]) => WriteStatement {
  const { sql: text, parameters } = build((name) => sql`${{ blank: name } satisfies Blank}`).compile();
  const slots = parameters.map((parameter) => (isBlank(parameter) ? parameter : { value: fixedValue(parameter) }));
  return (values) => ({
    sql: text,
    rows: values.map((row) => slots.map((slot) => ('blank' in slot ? (row[slot.blank] ?? null) : slot.value))),
    required: false,
  });
}

function isBlank(parameter: unknown): parameter is Blank {
  return typeof parameter === 'object' && parameter !== null && 'blank' in parameter;
}

function fixedValue(parameter: unknown): SqlValue {
  if (parameter === null || typeof parameter === 'string' || typeof parameter === 'number') return parameter;
  throw new BugError(`a ${typeof parameter} cannot be a part of a prepared statement`);
}
