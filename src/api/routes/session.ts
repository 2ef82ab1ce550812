import type { Request } from 'express';
import { permissionsOf } from '../access.ts';
import { type Caller, SESSION_COOKIE, sessionCookie } from '../authentication.ts';
import { HttpError } from '../http-error.ts';
import { defineRoute, type Route } from '../route.ts';
import { sessionSchema, type WhoamiBody, whoamiSchema } from '../schema/token.ts';
import type { Sessions } from '../sessions.ts';
import { iso } from '../views/time.ts';

/** Who asks, and sessions for browsers, whose EventSource cannot send an Authorization header. */
export function sessionRoutes(sessions: Sessions): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/whoami',
      tag: 'Session',
      summary: 'Who you are and what you may do',
      access: 'any-token',
      answers: { 200: { description: 'You.', schema: whoamiSchema } },
      handle: async ({ caller }) => ({ status: 200, body: viewCaller(caller) }),
    }),
    defineRoute({
      method: 'post',
      path: '/session',
      tag: 'Session',
      summary: 'Open a session for a browser',
      description:
        'Ordered with the bearer token; sets a cookie of 8 hours that scripts cannot read. Changes by cookie need the header `X-Bootwright: 1`.',
      access: 'any-token',
      answers: { 201: { description: 'Open; the cookie is set.', schema: sessionSchema } },
      async handle({ caller, request }) {
        if (caller.via !== 'token') {
          throw new HttpError('forbidden', 'a session is opened with the token itself, not with another session');
        }
        const { id, expiresAt } = sessions.open(caller.tokenHash);
        const body = { ...viewCaller(caller), via: 'session', expiresAt: iso(expiresAt) };
        return { status: 201, headers: { 'Set-Cookie': cookie(request, id, SESSION_SECONDS) }, body };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/session',
      tag: 'Session',
      summary: 'End the session of this browser',
      access: 'any-token',
      answers: { 204: { description: 'Ended.' } },
      async handle({ request }) {
        const id = sessionCookie(request);
        if (id !== undefined) sessions.close(id);
        return { status: 204, headers: { 'Set-Cookie': cookie(request, '', 0) } };
      },
    }),
  ];
}

/** The browser's clock may be off, so the cookie lives as long as the session at most, counted from now. */
const SESSION_SECONDS = 8 * 3600;

function cookie(request: Request, value: string, maxAge: number): string {
  // Behind a proxy with TLS; a client that sets the header itself only makes its own cookie stricter.
  const secure = request.get('x-forwarded-proto') === 'https' ? '; Secure' : '';
  return `${SESSION_COOKIE}=${value}; Path=/api/; HttpOnly; SameSite=Strict; Max-Age=${maxAge}${secure}`;
}

function viewCaller({ name, role, via }: Caller): WhoamiBody {
  return { name, role, via, permissions: permissionsOf(role) };
}
