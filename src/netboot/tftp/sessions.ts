import type { Clock } from '../../foundation/clock.ts';
import { DecodeError, errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import type { TftpTerms } from '../../protocols/tftp/negotiate.ts';
import { ackedBlock, decodeTftpPacket } from '../../protocols/tftp/packet.ts';
import { cutBlocks } from './blocks.ts';
import { type Channel, keyOf, type OpenChannel } from './channels.ts';
import type { TftpReports } from './reports.ts';
import { createRetransmission, type Retransmission } from './retransmission.ts';
import { createTelling } from './telling.ts';
import { createTransfer, type Transfer, type TransferEnd } from './transfer.ts';

export type SessionsDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly reports: Pick<TftpReports, 'ended'>;
  readonly openChannel: OpenChannel;
  /** Sees each datagram of a transfer; absent where nobody looks, which is quicker. */
  readonly watch?: (direction: 'in' | 'out', local: UdpPeer, remote: UdpPeer, data: Buffer) => void;
  /** It sees only those that say how the transfer goes: for who looks from another thread. Default false. */
  readonly tellingOnly?: boolean;
};

export type SessionsOptions = {
  readonly retransmitMs: number;
  readonly leastRetransmitMs: number;
  readonly attempts: number;
  readonly deadlineMs: number;
};

export type TransferOrder = {
  readonly name: string;
  /** Of the file; what is sent is longer where it was translated to netascii. */
  readonly bytes: number;
  readonly terms: TftpTerms;
  /** What is sent; not copied, not changed. */
  readonly content: Buffer;
};

/** A place where transfers run. */
export type Sessions = {
  /**
   * Starts a transfer. A repeated request of a client that has heard nothing yet changes nothing, another one from the same port
   * ends the earlier transfer. Resolves when the transfer is over, however it ended, or at once where nothing changed.
   */
  open(client: UdpPeer, order: TransferOrder): Promise<void>;
};

type Session = {
  readonly client: UdpPeer;
  readonly name: string;
  readonly stop: AbortController;
  transfer?: Transfer;
  pace?: Pace;
};

/**
 * A transfer that was moved on within this time, milliseconds, is under way: a client that starts anew from the same port has been
 * silent for longer, and asks once more.
 */
const LIVELY_MS = 3000;

/** Transfers that run in this thread. */
export function createSessions(deps: SessionsDeps, options: SessionsOptions, signal: AbortSignal): Sessions {
  const { clock, log, meter, reports, openChannel } = deps;
  const sessions = new Map<string, Session>();

  async function serve(session: Session, order: TransferOrder): Promise<void> {
    const { client, stop } = session;
    const { terms, content, name, bytes } = order;
    const startedAt = clock.elapsed();
    const stopped = AbortSignal.any([signal, stop.signal]);
    const pace = createPace(clock, retransmissionOf(terms));
    const watch = watchOf(terms);
    let end: TransferEnd | undefined;

    const receive = (data: Buffer): void => {
      const { transfer } = session;
      // Before anything was sent there is no answer: this is somebody's guess at a port that is being opened.
      if (transfer === undefined) return;
      watch?.('in', channel.local, client, data);
      const before = transfer.progress;
      take(data, transfer);
      if (transfer.progress !== before) pace.moved();
    };
    await using channel: Channel = await openChannel(
      client,
      { receive, gone: () => session.transfer?.gone() },
      stopped,
    );
    const send = (packet: Buffer): void => {
      watch?.('out', channel.local, client, packet);
      channel.send(packet);
    };
    const transfer = createTransfer(terms, cutBlocks(content, terms.blksize), send, (how) => {
      end = how;
      stop.abort();
    });
    session.transfer = transfer;
    session.pace = pace;
    pace.sent();
    transfer.start();
    await retransmitUntilEnd(transfer, pace, startedAt + options.deadlineMs, stopped);
    if (end !== undefined) reports.ended(client.address, { name, bytes, tookMs: clock.elapsed() - startedAt }, end);
  }

  function watchOf({ blksize }: TftpTerms): SessionsDeps['watch'] {
    const { watch, tellingOnly = false } = deps;
    if (watch === undefined || !tellingOnly) return watch;
    const isTelling = createTelling(blksize);
    return (direction, local, remote, data) => {
      if (isTelling(direction, data)) watch(direction, local, remote, data);
    };
  }

  /** The client's own time where it asked for one, else as fast as it answers. */
  function retransmissionOf({ timeoutSeconds }: TftpTerms): Retransmission {
    const { retransmitMs, leastRetransmitMs, attempts } = options;
    if (timeoutSeconds === null)
      return createRetransmission({ firstMs: retransmitMs, leastMs: leastRetransmitMs, attempts });
    const asked = timeoutSeconds * 1000;
    return createRetransmission({ firstMs: asked, leastMs: asked, attempts });
  }

  /** One timer a transfer: it looks whether there was progress while it slept, instead of being set anew by each ACK. */
  async function retransmitUntilEnd(transfer: Transfer, pace: Pace, deadlineAt: number, stopped: AbortSignal) {
    while (!stopped.aborted) {
      const now = clock.elapsed();
      if (now >= deadlineAt) break;
      const dueMs = pace.dueAt() - now;
      if (dueMs > 0) {
        await clock.sleep(Math.min(dueMs, deadlineAt - now), stopped).catch(() => undefined);
        continue;
      }
      if (!pace.again()) break;
      meter.count('netboot_tftp_retransmissions');
      transfer.retransmit();
    }
    if (!stopped.aborted) transfer.giveUp();
  }

  function take(data: Buffer, transfer: Transfer): void {
    const block = ackedBlock(data);
    try {
      if (block >= 0) transfer.acknowledge(block);
      else transfer.receive(decodeTftpPacket(data));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      meter.count('netboot_datagrams_dropped', { channel: 'tftp', why: 'malformed' });
    }
  }

  /**
   * Whether a request for the same file is a repeat of the one before: nothing has come of that yet, or it goes on. A request that was repeated because the
   * OACK was late may itself come late, when blocks are flowing, and to begin anew would leave the client waiting for the old ones.
   */
  function isUnderWay({ transfer, pace }: Session): boolean {
    return transfer?.begun !== true || (pace !== undefined && clock.elapsed() - pace.movedAt() < LIVELY_MS);
  }

  return {
    async open(client, order) {
      const key = keyOf(client);
      const earlier = sessions.get(key);
      if (earlier !== undefined) {
        if (earlier.name === order.name && !earlier.stop.signal.aborted && isUnderWay(earlier)) return;
        // The same port with another wish: its size probe is over, or it was reset and its ROM counts ports from the start.
        earlier.stop.abort();
      }
      const session: Session = { client, name: order.name, stop: new AbortController() };
      sessions.set(key, session);
      try {
        await serve(session, order);
      } catch (error) {
        if (signal.aborted || session.stop.signal.aborted) return;
        meter.count('netboot_tftp_transfers', { end: 'failed' });
        log.error({ client: client.address, name: order.name, error: errorText(error) }, 'TFTP transfer failed');
      } finally {
        if (sessions.get(key) === session) sessions.delete(key);
      }
    },
  };
}

type Pace = {
  sent(): void;
  /** An ACK moved the transfer on, which sent what follows. */
  moved(): void;
  /** When one last did, on the clock's `elapsed`. */
  movedAt(): number;
  /** Counts a silence. @returns false when there were enough */
  again(): boolean;
  /** When to send again, on the clock's `elapsed`. */
  dueAt(): number;
};

function createPace(clock: Clock, retransmission: Retransmission): Pace {
  let sentAt = clock.elapsed();
  let movedAt = sentAt;
  let sentTwice = false;
  return {
    sent() {
      sentAt = clock.elapsed();
    },
    moved() {
      const now = clock.elapsed();
      retransmission.answered(sentTwice ? undefined : now - sentAt);
      sentAt = now;
      movedAt = now;
      sentTwice = false;
    },
    movedAt: () => movedAt,
    again() {
      sentAt = clock.elapsed();
      sentTwice = true;
      return retransmission.silent();
    },
    dueAt: () => sentAt + retransmission.waitMs,
  };
}
