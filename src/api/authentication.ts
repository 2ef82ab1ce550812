import type { IncomingMessage } from 'node:http';
import type { TokenRole, Tokens } from '../domain/ports/tokens.ts';
import { HttpError } from './http-error.ts';
import type { Sessions } from './sessions.ts';
import { hashOfToken, isTokenText } from './token-text.ts';

/** Who asks. `name` is the actor beside every change. */
export type Caller = {
  readonly tokenId: string;
  readonly name: string;
  readonly role: TokenRole;
  readonly via: 'token' | 'session';
  readonly tokenHash: string;
};

export const SESSION_COOKIE = 'bootwright_session';
/** Must be on every write that a cookie authenticates: other origins cannot send it without being allowed to by us. */
const CSRF_HEADER = 'x-bootwright';

/** @throws HttpError `unauthorized`, `csrf-header-missing` */
export type Authenticate = (request: IncomingMessage) => Promise<Caller>;

/** Finds out who asks: `Authorization: Bearer` first, then the session cookie of the browser. */
export function createAuthenticate({
  tokens,
  sessions,
}: {
  readonly tokens: Tokens;
  readonly sessions: Sessions;
}): Authenticate {
  return async (request) => {
    const bearer = bearerOf(request);
    const tokenHash = bearer === undefined ? sessionHash(request, sessions) : hashOfToken(bearer);
    const token = await tokens.findByHash(tokenHash);
    if (token === undefined) throw unauthorized('the token is not known: it was mistyped or removed');
    await tokens.touch(token.id);
    const via = bearer === undefined ? 'session' : 'token';
    return { tokenId: token.id, name: token.name, role: token.role, via, tokenHash };
  };
}

/** The value of our cookie, if it was sent. */
export function sessionCookie(request: IncomingMessage): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name = '', value = ''] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE) return value;
  }
  return undefined;
}

function bearerOf(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) return undefined;
  const [scheme = '', token = ''] = authorization.split(/ +/, 2);
  if (scheme.toLowerCase() !== 'bearer') throw unauthorized('only the scheme Bearer is spoken in Authorization');
  if (!isTokenText(token)) throw unauthorized('the token does not look like one: bw_ and 32 letters and digits');
  return token;
}

function sessionHash(request: IncomingMessage, sessions: Sessions): string {
  const id = sessionCookie(request);
  if (id === undefined) throw unauthorized('no token was sent: Authorization: Bearer bw_…');
  const session = sessions.find(id);
  if (session === undefined) throw unauthorized('the session is over: open a new one with the token');
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (!reads && request.headers[CSRF_HEADER] === undefined) {
    throw new HttpError('csrf-header-missing', 'a change by session cookie needs the header X-Bootwright: 1');
  }
  return session.tokenHash;
}

function unauthorized(message: string): HttpError {
  return new HttpError('unauthorized', message, { headers: { 'WWW-Authenticate': 'Bearer realm="bootwright"' } });
}
