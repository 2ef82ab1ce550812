import { BugError, errorText } from '../foundation/errors.ts';

/** The text of a value made of JSON, for a column. */
export function toColumn(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new BugError(`a ${typeof value} is no JSON and cannot be stored`);
  return text;
}

/**
 * The value of a JSON column. Its type is what `toColumn` was given: only this folder writes these columns, and a change
 * of shape comes with a migration.
 * @throws BugError when it is no JSON, that is, when somebody else wrote it
 */
export function fromColumn<T>(text: string, what: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new BugError(`stored ${what} is not JSON: ${errorText(error)}`, { cause: error });
  }
}
