import type { z } from 'zod';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** One thing that is wrong, where, and what to do. */
export type Problem = { readonly path: Path; readonly text: string };

/** All problems of a failed parse (with `reportInput`), in the order of their discovery; values are never repeated. */
export function problemsOf(issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) => {
    const deeper = issue.code === 'invalid_union' ? closestBranch(issue.errors) : undefined;
    if (deeper !== undefined)
      return problemsOf(deeper.map((part) => ({ ...part, path: [...issue.path, ...part.path] })));
    return [{ path: issue.path, text: textOf(issue) }];
  });
}

/** `machines[0].bmcs[1].host`; the root is `(root)`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text === '' ? '(root)' : text;
}

function textOf(issue: Issue): string {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined
      ? `is missing: ${kind(issue.expected)} is needed`
      : `must be ${kind(issue.expected)}`;
  }
  if (issue.code === 'invalid_value') {
    const choices = issue.values.map(String).join(', ');
    // YAML takes 1.5 for a number and true for a truth value, where the word was meant.
    const bare = typeof issue.input === 'number' || typeof issue.input === 'boolean';
    if (bare && issue.values.every((value) => typeof value === 'string')) {
      return `must be one of ${issue.values.map((value) => `"${value}"`).join(', ')}, with the quotes`;
    }
    return issue.input === undefined ? `is missing: one of ${choices} is needed` : `must be one of ${choices}`;
  }
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}${unit(issue.origin)}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}${unit(issue.origin)}`;
  return issue.message;
}

/** A union fails in each of its branches; the one that got deepest is the one that was meant. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find((issues) => issues.length > 0 && issues.every((issue) => issue.path.length > 0));
}

function kind(expected: string): string {
  if (expected === 'int') return 'a whole number';
  return /^[aeio]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' entries long' : '';
}
