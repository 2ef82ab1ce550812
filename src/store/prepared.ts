import { type Compilable, type RawBuilder, sql } from 'kysely';
import { BugError } from '../foundation/errors.ts';
import type { SqlValue, WriteStatement } from './dialect.ts';
import type { StoreContext } from './transaction.ts';

/** Stands for a value in a statement that is built once and run with many. */
type Blank = { readonly blank: string };

type Values = Readonly<Record<string, SqlValue>>;
type Blanks<V> = <Name extends keyof V & string>(name: Name) => RawBuilder<V[Name]>;

const blank = <V extends Values, Name extends keyof V & string>(name: Name): RawBuilder<V[Name]> =>
  sql`${{ blank: name } satisfies Blank}`;

/**
 * Builds a statement of jobs once, with blanks in the place of values; building it anew for each of thousands of leases a second costs
 * more than running it.
 * @param build makes the query; what it puts in without a blank is the same each time
 * @returns the statement for one or more sets of values, in whose order it is run
 */
export function preparedWrite<V extends Values>(
  build: (blank: Blanks<V>) => Compilable,
): (values: readonly V[]) => WriteStatement {
  const { sql: text, parameters } = build(blank).compile();
  const bind = binder(parameters);
  return (values) => ({ sql: text, rows: values.map(bind), required: false });
}

/** The same for a question: what a request asks each time, in a tenth of the time that building it takes. */
export function preparedRead<V extends Values, Row>(
  context: Pick<StoreContext, 'read'>,
  build: (blank: Blanks<V>) => Compilable<Row>,
): (values: V) => Promise<readonly Row[]> {
  const compiled = build(blank).compile();
  const bind = binder(compiled.parameters);
  return (values) => context.read(compiled, bind(values));
}

/** From named values to the statement's parameters, in its order. */
function binder(parameters: readonly unknown[]): (values: Values) => SqlValue[] {
  const slots = parameters.map((parameter) => (isBlank(parameter) ? parameter : { value: fixedValue(parameter) }));
  return (values) => slots.map((slot) => ('blank' in slot ? (values[slot.blank] ?? null) : slot.value));
}

function isBlank(parameter: unknown): parameter is Blank {
  return typeof parameter === 'object' && parameter !== null && 'blank' in parameter;
}

function fixedValue(parameter: unknown): SqlValue {
  if (parameter === null || typeof parameter === 'string' || typeof parameter === 'number') return parameter;
  throw new BugError(`a ${typeof parameter} cannot be a part of a prepared statement`);
}
