import type { z } from 'zod';
import { InvalidRequestError } from '../foundation/errors.ts';

const MOST_PROBLEMS = 20;

/**
 * Checks one part of a request.
 * @param where what is checked, for the message: `body`, `query`, `path`
 * @throws InvalidRequestError with every problem in `details.problems`
 */
export function validate<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${[where, ...path.map(String)].join('.')}: ${message}`,
  );
  throw new InvalidRequestError(`the ${where} is not valid: ${problems[0] ?? ''}`, {
    details: { problems: problems.slice(0, MOST_PROBLEMS) },
  });
}
