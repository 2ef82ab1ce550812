import type { UdpPeer } from '../../foundation/udp.ts';
import type { CipherSuite } from '../../protocols/ipmi/cipher-suites.ts';
import type { SessionProtection } from '../../protocols/ipmi/protected-payload.ts';
import type { RakpExchange } from '../../protocols/ipmi/rakp/keys.ts';
import type { ReceiveWindow } from '../../protocols/ipmi/receive-window.ts';
import type { SimulatedUser } from './users.ts';

/** An RMCP+ session that Open Session has made and RAKP message 3 has not finished. */
export type HalfOpenSession = {
  readonly state: 'half-open';
  readonly id: number;
  readonly remoteConsoleSessionId: number;
  readonly suite: CipherSuite;
  /** As Open Session asked for it; 0 for the highest. */
  readonly requestedPrivilege: number;
  /** The most that Open Session has granted. */
  readonly grantedPrivilege: number;
  readonly openedAt: number;
  /** There once RAKP message 1 has come: its bytes and the answer's, for an identical repeat. */
  login?: {
    readonly message1: Buffer;
    readonly message2: Buffer;
    readonly user: SimulatedUser;
    readonly exchange: RakpExchange;
    /** The level that RAKP message 1 asked for; 0 for the highest. */
    readonly requestedPrivilege: number;
  };
};

/** A v1.5 session that Get Session Challenge has promised and Activate Session has not made. */
export type ChallengedSession = {
  readonly state: 'challenged';
  readonly id: number;
  readonly user: SimulatedUser;
  /** 16 bytes. */
  readonly challenge: Buffer;
  readonly openedAt: number;
};

/** What every session that is up has. */
type SessionUp = {
  readonly state: 'active';
  readonly id: number;
  readonly user: SimulatedUser;
  /** The most the session may be raised to. */
  readonly maximumPrivilege: number;
  privilege: number;
  received: ReceiveWindow;
  lastSentSequence: number;
  /** Where the session's packets come from, and go. */
  peer: UdpPeer;
  lastUsed: number;
  /** The bytes of the last request; kept only where a repeat is refused. */
  lastRequest?: Buffer;
};

export type ActiveSessionV20 = SessionUp & {
  readonly format: 'v2.0';
  readonly remoteConsoleSessionId: number;
  readonly protection: SessionProtection;
  /** RAKP message 4, for a repeat of RAKP message 3; kept only where that is answered. */
  readonly message4?: Buffer;
};

export type ActiveSessionV15 = SessionUp & {
  readonly format: 'v1.5';
  /** The password as 16 bytes. */
  readonly key: Buffer;
};

export type ActiveSession = ActiveSessionV20 | ActiveSessionV15;
export type Session = HalfOpenSession | ChallengedSession | ActiveSession;

/** `per-message`: every packet carries an MD5 code; `at-activation`: only those that make the session. */
export type Ipmi15 = 'off' | 'per-message' | 'at-activation';
