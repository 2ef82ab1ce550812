import { createHash } from 'node:crypto';
import type { Clock } from '../foundation/clock.ts';
import { type Entropy, randomId } from '../foundation/entropy.ts';

/** A browser's stand-in for its token: it ends by itself, and with the token. */
export type Session = { readonly tokenHash: string; readonly expiresAt: number };

export type Sessions = {
  /** @returns the cookie's value, known to the browser alone: only its hash is kept here */
  open(tokenHash: string): { readonly id: string; readonly expiresAt: number };
  find(id: string): Session | undefined;
  close(id: string): void;
};

export type SessionOptions = {
  /** Default 8 hours: a working day. */
  readonly lifetimeMs?: number;
  /** The oldest goes first. Default 1000. */
  readonly most?: number;
};

/** Sessions in memory: they end with the process, and the browser asks for a new one with its token. */
export function createSessions(
  { clock, entropy }: { readonly clock: Clock; readonly entropy: Entropy },
  options: SessionOptions = {},
): Sessions {
  const { lifetimeMs = 8 * 3600 * 1000, most = 1000 } = options;
  const sessions = new Map<string, Session>();
  const keyOf = (id: string): string => createHash('sha256').update(id).digest('hex');
  return {
    open(tokenHash) {
      const id = randomId(entropy, 32);
      const expiresAt = clock.now() + lifetimeMs;
      for (const [key, session] of sessions) {
        if (session.expiresAt > clock.now() && sessions.size < most) break;
        sessions.delete(key);
      }
      sessions.set(keyOf(id), { tokenHash, expiresAt });
      return { id, expiresAt };
    },
    find(id) {
      const session = sessions.get(keyOf(id));
      return session === undefined || session.expiresAt <= clock.now() ? undefined : session;
    },
    close: (id) => void sessions.delete(keyOf(id)),
  };
}
