import { noteServerTime } from '../live/clock.ts';
import { ConnectionProblem, isAbort, problemOf } from './problem.ts';

/** All of the API is below this, on our own origin. */
export const API = '/api/v1';

export type CallOptions = {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

/** Called when an answer says that nobody is signed in (any more). */
let signedOut: () => void = () => undefined;
export function onSignedOut(hear: () => void): void {
  signedOut = hear;
}

/**
 * One request; the browser adds the session's cookie.
 * @throws ApiProblem when the service says no; ConnectionProblem when it says nothing; the signal's reason
 */
export async function request(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const { body, headers = {}, signal = null } = options;
  let response: Response;
  try {
    response = await fetch(API + path, {
      method,
      cache: 'no-store',
      signal,
      headers: {
        // A write by cookie is taken only with this: pages of other origins cannot send it.
        ...(method === 'GET' ? {} : { 'X-Bootwright': '1' }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ConnectionProblem(error);
  }
  noteServerTime(response.headers.get('Date'));
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401 && path !== '/session') signedOut();
  throw problem;
}

/** The same with a JSON answer. The page comes from the service that answers, so its types are the ones compiled in. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const response = await request(method, path, options);
  const body: unknown = response.status === 204 ? undefined : await response.json();
  return body as T;
}
