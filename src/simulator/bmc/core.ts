import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import type { CommandContext } from './command-handler.ts';
import type { Handshake } from './handshake.ts';
import type { ActiveSession, SessionTable } from './sessions.ts';

/** What takes the in-session payloads of one type other than IPMI messages, such as SOL's. */
export type PayloadHandler = {
  /** An authentic payload, in the clear; valid for this call only. @throws DecodeError to have it counted as dropped */
  receive(session: ActiveSession, payload: Buffer): void;
};

/** What one simulated BMC is made of, for the functions that receive and answer. */
export type BmcCore = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly sessions: SessionTable;
  readonly handshake: Handshake;
  readonly context: CommandContext;
  /** By payload type; those that are not here are dropped. */
  readonly payloads: Map<number, PayloadHandler>;
  /** How often each command was received, by its name in the specification. */
  readonly requests: Map<string, number>;
  /** Sends one datagram, best effort, as a BMC does. */
  send(data: Buffer, to: UdpPeer): void;
};
