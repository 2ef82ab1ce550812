import type { Clock } from '../../../../foundation/clock.ts';
import { DecodeError } from '../../../../foundation/errors.ts';
import type { Log } from '../../../../foundation/log.ts';
import type { Meter } from '../../../../foundation/meter.ts';
import { decodeDatagram, type IpmiDatagram } from '../../../../protocols/ipmi/datagram.ts';
import { type AnswerTimes, createAnswerTimes } from './answer-times.ts';
import { type BmcMemory, createBmcMemory } from './bmc-memory.ts';
import type { SuitePins } from './suite-pins.ts';
import { createTurnQueue, type TurnQueue } from './turn-queue.ts';

/** Why a datagram was dropped: a closed set, the `reason` label of `bootwright_ipmi_dropped_total`. */
export type DropReason =
  | 'unknown-source'
  | 'malformed'
  | 'v15-framing'
  | 'v20-framing'
  | 'unknown-session'
  | 'unexpected-handshake'
  | 'unprotected'
  | 'bad-integrity'
  | 'bad-encryption'
  | 'replayed'
  | 'unexpected-payload'
  | 'unmatched-response';

const DROPPED = 'ipmi_dropped';

/** The way to one BMC: everything that all sessions with it share. */
export type Link = {
  /** `192.0.2.7:623`. */
  readonly name: string;
  /** The BMC's UDP port. */
  readonly port: number;
  readonly queue: TurnQueue;
  readonly memory: BmcMemory;
  readonly times: AnswerTimes;
  /** Sends when there is room for the answer. @throws the signal's reason when it fires first, and nothing was sent */
  send(datagram: Buffer, signal: AbortSignal): Promise<void>;
  /** Receives what comes outside any session, of either format, until disposed; one receiver at a time. */
  onHandshake(receiver: (datagram: IpmiDatagram) => void): Disposable;
  /** Receives what comes for this session id, nothing verified yet, until disposed. */
  onSession(sessionId: number, receiver: (datagram: IpmiDatagram) => void): Disposable;
  /** A datagram from this BMC's address and port. */
  deliver(datagram: Buffer): void;
  drop(reason: DropReason): void;
};

/** Sorts the datagrams of one BMC by session. Whoever receives decides which framing it takes. */
export function createLink(
  deps: {
    readonly clock: Clock;
    readonly log: Log;
    readonly meter: Meter;
    readonly pins?: SuitePins;
    readonly send: Link['send'];
  },
  { name, port }: Pick<Link, 'name' | 'port'>,
): Link {
  const { log, meter } = deps;
  let handshake: ((datagram: IpmiDatagram) => void) | undefined;
  const sessions = new Map<number, (datagram: IpmiDatagram) => void>();

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
    const { sessionId } = decoded.session;
    // Id 0 is a handshake's; boards that put it into sessions are registered so, and only heard between handshakes.
    const receiver = (sessionId === 0 ? handshake : undefined) ?? sessions.get(sessionId);
    if (receiver === undefined) {
      if (decoded.format === 'v1.5') return 'v15-framing';
      return sessionId === 0 ? 'unexpected-handshake' : 'unknown-session';
    }
    receiver(decoded);
    return undefined;
  }

  return {
    name,
    port,
    queue: createTurnQueue(),
    memory: createBmcMemory(deps.clock, name, deps.pins),
    times: createAnswerTimes(deps.clock),
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
