import { DecodeError } from '../../../../foundation/errors.ts';
import type { Log } from '../../../../foundation/log.ts';
import type { Meter } from '../../../../foundation/meter.ts';
import { decodeDatagram, type IpmiDatagram } from '../../../../protocols/ipmi/datagram.ts';
import type { SessionV2 } from '../../../../protocols/ipmi/session-v2.ts';
import { type BmcMemory, createBmcMemory } from './bmc-memory.ts';
import { createTurnQueue, type TurnQueue } from './turn-queue.ts';

/** Why a datagram was dropped: a closed set, the `reason` label of `bootwright_ipmi_dropped_total`. */
export type DropReason =
  | 'unknown-source'
  | 'malformed'
  | 'v15-framing'
  | 'unknown-session'
  | 'unexpected-handshake'
  | 'unprotected'
  | 'bad-integrity'
  | 'bad-encryption'
  | 'replayed'
  | 'unexpected-payload'
  | 'unmatched-response';

const DROPPED = 'ipmi_dropped';

/** A datagram of a session, not verified yet: `signed` is what its authentication code covers, and the code. */
export type SessionDatagram = IpmiDatagram & { readonly format: 'v2.0' };

/** The way to one BMC: everything that all sessions with it share. */
export type Link = {
  /** `192.0.2.7:623`. */
  readonly name: string;
  readonly queue: TurnQueue;
  readonly memory: BmcMemory;
  send(datagram: Buffer): Promise<void>;
  /** Receives what comes outside any session, until disposed; one receiver at a time. */
  onHandshake(receiver: (packet: SessionV2) => void): Disposable;
  /** Receives what comes for this session id of ours, until disposed. */
  onSession(sessionId: number, receiver: (datagram: SessionDatagram) => void): Disposable;
  /** A datagram from this BMC's address and port. */
  deliver(datagram: Buffer): void;
  drop(reason: DropReason): void;
};

/** Sorts the datagrams of one BMC by session; IPMI v1.5 framing is never accepted here. */
export function createLink(
  deps: { readonly log: Log; readonly meter: Meter; readonly send: (datagram: Buffer) => Promise<void> },
  name: string,
): Link {
  const { log, meter } = deps;
  let handshake: ((packet: SessionV2) => void) | undefined;
  const sessions = new Map<number, (datagram: SessionDatagram) => void>();

  function drop(reason: DropReason): void {
    meter.count(DROPPED, { reason });
    log.debug({ bmc: name, reason }, 'IPMI datagram dropped');
  }

  /** Hands the datagram to its receiver, or tells why nobody gets it. */
  function sort(datagram: Buffer): DropReason | undefined {
    let decoded: IpmiDatagram;
    try {
      decoded = decodeDatagram(datagram);
    } catch (error) {
      if (error instanceof DecodeError) return 'malformed';
      throw error;
    }
    if (decoded.format === 'v1.5') return 'v15-framing';
    if (decoded.session.sessionId === 0) {
      if (handshake === undefined) return 'unexpected-handshake';
      handshake(decoded.session);
      return undefined;
    }
    const receiver = sessions.get(decoded.session.sessionId);
    if (receiver === undefined) return 'unknown-session';
    receiver(decoded);
    return undefined;
  }

  return {
    name,
    queue: createTurnQueue(),
    memory: createBmcMemory(),
    send: deps.send,
    onHandshake(receiver) {
      handshake = receiver;
      return {
        [Symbol.dispose]: () => {
          if (handshake === receiver) handshake = undefined;
        },
      };
    },
    onSession(sessionId, receiver) {
      sessions.set(sessionId, receiver);
      return { [Symbol.dispose]: () => void sessions.delete(sessionId) };
    },
    deliver(datagram) {
      const fault = sort(datagram);
      if (fault) drop(fault);
    },
    drop,
  };
}

/** Counts a datagram from an address that is no BMC of ours. */
export function dropUnknownSource(meter: Meter): void {
  meter.count(DROPPED, { reason: 'unknown-source' satisfies DropReason });
}
