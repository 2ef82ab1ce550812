import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import type { CommandContext } from './command-handler.ts';
import type { Personality } from './personality.ts';
import type { SessionTable } from './session-table.ts';
import type { ActiveSession, ActiveSessionV20, Ipmi15 } from './sessions.ts';

/** What takes the in-session payloads of one type other than IPMI messages, such as SOL's. */
export type PayloadHandler = {
  /** An authentic payload, in the clear; valid for this call only. @throws DecodeError to have it counted as dropped */
  receive(session: ActiveSessionV20, payload: Buffer): void;
  /** A session is over: closed, idled out, or lost with the controller's memory. */
  ended(session: ActiveSession): void;
};

/** What one simulated BMC is made of, for the functions that receive and answer. */
export type BmcCore = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly personality: Personality;
  readonly sessions: SessionTable;
  readonly context: CommandContext;
  /** K_G; without it the user's password takes its place. */
  readonly kg: Buffer | undefined;
  /** v1.5 sessions: off, or how their packets are authenticated once they are up. @see IPMI v2.0 rev. 1.1 §6.11.4 */
  readonly ipmi15: Ipmi15;
  /** By payload type; those that are not here are dropped. */
  readonly payloads: Map<number, PayloadHandler>;
  /** How often each command was received, by its name in the specification. */
  readonly requests: Map<string, number>;
  /** Sends one datagram, best effort, as a BMC does. */
  send(data: Buffer, to: UdpPeer): void;
};
