import type { Clock } from '../../foundation/clock.ts';
import { type Entropy, nonZeroUint32 } from '../../foundation/entropy.ts';
import type { ActiveSession, ChallengedSession, HalfOpenSession, Session } from './sessions.ts';

export type SessionLimits = {
  /** Sessions at once, half-open ones included. */
  readonly maximumSessions: number;
  /** A session that has been silent for so long is gone. @see IPMI v2.0 rev. 1.1 §6.12.15 */
  readonly idleMs: number;
  /** A handshake that takes longer is gone; OpenBMC allows 3 s. */
  readonly halfOpenMs: number;
};

export const DEFAULT_LIMITS: SessionLimits = { maximumSessions: 15, idleMs: 60_000, halfOpenMs: 3_000 };

/** A challenge that is not used within this time is forgotten. */
const CHALLENGE_MS = 30_000;
/** Challenges that wait to be used; the oldest goes first, so that asking without end fills no memory. @see §22.16 */
const MAXIMUM_CHALLENGES = 16;

export type SessionTable = {
  /** A new half-open session, or undefined when all are taken. */
  open(session: Omit<HalfOpenSession, 'id' | 'state' | 'openedAt'>): HalfOpenSession | undefined;
  /** A promise of a v1.5 session, under a temporary id. */
  challenge(session: Omit<ChallengedSession, 'id' | 'state' | 'openedAt'>): ChallengedSession;
  find(id: number): Session | undefined;
  /** An id that no session has. */
  freshId(): number;
  /** Whether a v1.5 session may be made: a challenge holds no place. */
  hasRoom(): boolean;
  /** Puts a session in, in place of the half-open one of its id where there is one. */
  activate(session: ActiveSession): void;
  /** @returns whether there was one */
  close(id: number): boolean;
  clear(): void;
  /** The sessions that are up. */
  active(): readonly ActiveSession[];
  /** Sessions there now, half-open ones included. */
  count(): number;
  readonly limits: SessionLimits;
};

/**
 * The sessions of one BMC. Limits are applied when somebody looks, so an idle BMC needs no timer.
 * @param ended told of every active session that is closed, forgotten or found to have idled too long
 */
export function createSessionTable(
  clock: Clock,
  entropy: Entropy,
  limits: SessionLimits,
  ended: (session: ActiveSession) => void,
): SessionTable {
  const sessions = new Map<number, Session>();

  function expire(): void {
    if (sessions.size === 0) return;
    const now = clock.elapsed();
    for (const session of sessions.values()) {
      if (isOver(session, now)) remove(session);
    }
  }

  function isOver(session: Session, now: number): boolean {
    switch (session.state) {
      case 'active':
        return now - session.lastUsed > limits.idleMs;
      case 'half-open':
        return now - session.openedAt > limits.halfOpenMs;
      case 'challenged':
        return now - session.openedAt > CHALLENGE_MS;
    }
  }

  function remove(session: Session): void {
    sessions.delete(session.id);
    if (session.state === 'active') ended(session);
  }

  function freshId(): number {
    let id = nonZeroUint32(entropy);
    while (sessions.has(id)) id = nonZeroUint32(entropy);
    return id;
  }

  function places(): Session[] {
    expire();
    return [...sessions.values()].filter(({ state }) => state !== 'challenged');
  }

  return {
    limits,
    freshId,
    open(session) {
      if (places().length >= limits.maximumSessions) return undefined;
      const opened: HalfOpenSession = { ...session, state: 'half-open', id: freshId(), openedAt: clock.elapsed() };
      sessions.set(opened.id, opened);
      return opened;
    },
    challenge(session) {
      expire();
      const waiting = [...sessions.values()].filter(({ state }) => state === 'challenged');
      if (waiting[0] && waiting.length >= MAXIMUM_CHALLENGES) remove(waiting[0]);
      const promised: ChallengedSession = { ...session, state: 'challenged', id: freshId(), openedAt: clock.elapsed() };
      sessions.set(promised.id, promised);
      return promised;
    },
    find(id) {
      expire();
      return sessions.get(id);
    },
    hasRoom: () => places().length < limits.maximumSessions,
    activate: (session) => void sessions.set(session.id, session),
    close(id) {
      const session = sessions.get(id);
      if (session) remove(session);
      return session !== undefined;
    },
    clear() {
      for (const session of [...sessions.values()]) remove(session);
    },
    active() {
      expire();
      return [...sessions.values()].filter((session) => session.state === 'active');
    },
    count: () => places().length,
  };
}
