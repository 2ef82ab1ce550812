import type { Clock } from '../../foundation/clock.ts';
import { type Entropy, nonZeroUint32 } from '../../foundation/entropy.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import type { CipherSuite } from '../../protocols/ipmi/cipher-suites.ts';
import type { SessionProtection } from '../../protocols/ipmi/protected-payload.ts';
import type { RakpExchange } from '../../protocols/ipmi/rakp/keys.ts';
import type { RakpMessage2 } from '../../protocols/ipmi/rakp/rakp-message-2.ts';
import type { ReceiveWindow } from '../../protocols/ipmi/receive-window.ts';

export type SimulatedUser = {
  readonly name: string;
  readonly password: string;
  /** The highest level of this user, see PrivilegeLevel. */
  readonly privilege: number;
};

/** A session that Open Session has made and RAKP message 3 has not finished. */
export type HalfOpenSession = {
  readonly state: 'half-open';
  readonly id: number;
  readonly remoteConsoleSessionId: number;
  readonly suite: CipherSuite;
  readonly openedAt: number;
  /** There once RAKP message 1 has come: its bytes, so that an identical repeat gets the same answer. */
  login?: {
    readonly message1: Buffer;
    readonly message2: RakpMessage2;
    readonly user: SimulatedUser;
    readonly exchange: RakpExchange;
  };
};

export type ActiveSession = {
  readonly state: 'active';
  readonly id: number;
  readonly remoteConsoleSessionId: number;
  readonly protection: SessionProtection;
  readonly user: SimulatedUser;
  /** The most the session may be raised to. */
  readonly maximumPrivilege: number;
  privilege: number;
  received: ReceiveWindow;
  lastSentSequence: number;
  /** Where the session's packets come from, and go. */
  peer: UdpPeer;
  lastUsed: number;
};

export type SessionLimits = {
  /** Sessions at once, half-open ones included. */
  readonly maximumSessions: number;
  /** A session that has been silent for so long is gone. @see IPMI v2.0 rev. 1.1 §6.12.15 */
  readonly idleMs: number;
  /** A handshake that takes longer is gone; OpenBMC allows 3 s. */
  readonly halfOpenMs: number;
};

export type SessionTable = {
  /** A new half-open session, or undefined when all are taken. */
  open(remoteConsoleSessionId: number, suite: CipherSuite): HalfOpenSession | undefined;
  halfOpen(id: number): HalfOpenSession | undefined;
  active(id: number): ActiveSession | undefined;
  activate(session: ActiveSession): void;
  close(id: number): boolean;
  clear(): void;
  /** Sessions there now, half-open ones included. */
  count(): number;
};

/** The sessions of one BMC. Limits are applied when somebody looks, so an idle BMC needs no timer. */
export function createSessionTable(clock: Clock, entropy: Entropy, limits: SessionLimits): SessionTable {
  const sessions = new Map<number, HalfOpenSession | ActiveSession>();

  function expire(): void {
    const now = clock.elapsed();
    for (const [id, session] of sessions) {
      const over =
        session.state === 'active'
          ? now - session.lastUsed > limits.idleMs
          : now - session.openedAt > limits.halfOpenMs;
      if (over) sessions.delete(id);
    }
  }

  function find(id: number): HalfOpenSession | ActiveSession | undefined {
    expire();
    return sessions.get(id);
  }

  return {
    open(remoteConsoleSessionId, suite) {
      expire();
      if (sessions.size >= limits.maximumSessions) return undefined;
      let id = nonZeroUint32(entropy);
      while (sessions.has(id)) id = nonZeroUint32(entropy);
      const session: HalfOpenSession = {
        state: 'half-open',
        id,
        remoteConsoleSessionId,
        suite,
        openedAt: clock.elapsed(),
      };
      sessions.set(id, session);
      return session;
    },
    halfOpen(id) {
      const session = find(id);
      return session?.state === 'half-open' ? session : undefined;
    },
    active(id) {
      const session = find(id);
      return session?.state === 'active' ? session : undefined;
    },
    activate: (session) => void sessions.set(session.id, session),
    close: (id) => sessions.delete(id),
    clear: () => sessions.clear(),
    count() {
      expire();
      return sessions.size;
    },
  };
}
