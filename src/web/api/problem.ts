import type { ProblemBody } from '../../api/schema/problem.ts';
import { advice, sentence } from '../words/sentence.ts';

/** The service said no, and why. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  /** All that was wrong with a request, one text each. */
  readonly problems: readonly string[];

  constructor(body: ProblemBody) {
    super(sentence(body.detail));
    this.status = body.status;
    this.code = body.code;
    this.hint = body.hint === undefined ? undefined : advice(body.hint);
    const { problems } = body.details ?? {};
    this.problems = Array.isArray(problems) ? problems.map(String) : [];
  }
}

/** No answer came: the service is down or the network is. */
export class ConnectionProblem extends Error {
  constructor(cause: unknown) {
    super('The service did not answer.', { cause });
  }
}

/** Reads the problem document of an answer that is not a success; proxies in between answer with something else. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => undefined);
  if (isProblem(body)) return new ApiProblem(body);
  const detail = `The service answered ${response.status} ${response.statusText}`.trim();
  return new ApiProblem({
    type: 'about:blank',
    title: detail,
    status: response.status,
    code: 'not-a-problem-document',
    detail,
    instance: '',
  });
}

/** Any thrown thing in words, with what can be done about it. */
export function wordsOf(error: unknown): { readonly text: string; readonly hint?: string } {
  if (error instanceof ApiProblem) {
    const text = error.problems.length > 1 ? `${error.message} ${error.problems.slice(1).join('; ')}` : error.message;
    return error.hint === undefined ? { text } : { text, hint: error.hint };
  }
  if (error instanceof ConnectionProblem) return { text: error.message, hint: 'Check that it runs, then try again.' };
  return { text: error instanceof Error ? error.message : String(error) };
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

function isProblem(body: unknown): body is ProblemBody {
  return (
    typeof body === 'object' &&
    body !== null &&
    'code' in body &&
    'detail' in body &&
    typeof body.code === 'string' &&
    typeof body.detail === 'string'
  );
}
