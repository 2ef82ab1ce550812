import { createContext, use } from 'react';
import type { WhoamiBody } from '../../api/schema/token.ts';
import { call, request } from '../api/client.ts';
import { ApiProblem } from '../api/problem.ts';

export type Permission = WhoamiBody['permissions'][number];

/** Who is signed in; the cookie itself is out of reach of scripts. */
export const SessionContext = createContext<WhoamiBody | undefined>(undefined);

/** @returns undefined when nobody is signed in @throws ApiProblem, ConnectionProblem */
export async function readSession(signal: AbortSignal): Promise<WhoamiBody | undefined> {
  try {
    return await call<WhoamiBody>('GET', '/whoami', { signal });
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) return undefined;
    throw error;
  }
}

/** Trades the token for a cookie; the token is kept nowhere. @throws ApiProblem when it is not known */
export async function signIn(token: string): Promise<WhoamiBody> {
  return await call<WhoamiBody>('POST', '/session', { headers: { Authorization: `Bearer ${token}` } });
}

export async function signOut(): Promise<void> {
  await request('DELETE', '/session');
}

export function useSession(): WhoamiBody {
  const session = use(SessionContext);
  if (session === undefined) throw new Error('this part of the page is for people who are signed in');
  return session;
}
