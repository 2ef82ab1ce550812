import type { Clock } from '../../foundation/clock.ts';
import { DecodeError, errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { Udp, UdpPeer, UdpSocket } from '../../foundation/udp.ts';
import type { TftpTerms } from '../../protocols/tftp/negotiate.ts';
import { decodeTftpPacket, encodeTftpPacket, TFTP_ERROR } from '../../protocols/tftp/packet.ts';
import type { Blocks } from './blocks.ts';
import type { TftpReports } from './reports.ts';
import { createTransfer, type Transfer, type TransferEnd } from './transfer.ts';

export type SessionsDeps = {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly reports: TftpReports;
};

export type SessionsOptions = {
  readonly address: string;
  readonly maximumTransfers: number;
  readonly retransmitMs?: number;
  readonly attempts?: number;
  readonly deadlineMs?: number;
};

export type TransferOrder = {
  readonly name: string;
  readonly bytes: number;
  readonly terms: TftpTerms;
  readonly blocks: Blocks;
};

type Session = { transfer: Transfer | undefined; readonly name: string; readonly stop: AbortController };

const WRONG_TID = encodeTftpPacket({
  kind: 'error',
  code: TFTP_ERROR.unknownTransferId,
  message: 'unknown transfer id',
});
/** Back-off stops doubling at this multiple of the first wait. */
const LONGEST_WAIT_FACTOR = 8;

/** The transfers under way, each on a socket of its own, as RFC 1350 §4 has it. At most so many at once. */
export function createSessions(deps: SessionsDeps, options: SessionsOptions, signal: AbortSignal) {
  const { udp, clock, log, meter, reports } = deps;
  const { address, maximumTransfers, retransmitMs = 1000, attempts = 5, deadlineMs = 300_000 } = options;
  const sessions = new Map<string, Session>();
  const running = new Set<Promise<void>>();

  async function serve(session: Session, client: UdpPeer, order: TransferOrder): Promise<void> {
    const startedAt = clock.elapsed();
    const { terms, blocks, name, bytes } = order;
    // The client's request is answered from a new port: that is our half of the transfer id.
    const receive = (data: Buffer, from: UdpPeer): void => {
      if (from.address === client.address && from.port === client.port) take(data, session);
      else stranger(data, from);
    };
    const stopped = AbortSignal.any([signal, session.stop.signal]);
    await using socket: UdpSocket = await udp.bind({ address, port: 0 }, receive, stopped);

    const fail = (error: unknown): void =>
      log.debug({ to: client.address, error: errorText(error) }, 'TFTP packet could not be sent');
    const send = (packet: Uint8Array, to: UdpPeer): void => {
      socket.send(packet, to).catch(fail);
    };
    function stranger(data: Buffer, from: UdpPeer): void {
      meter.count('netboot_datagrams_dropped', { channel: 'tftp', why: 'unknown-transfer-id' });
      // An ERROR is never answered by an ERROR, or two servers could talk for ever.
      if (data.length < 2 || data.readUInt16BE(0) !== 5) send(WRONG_TID, from);
    }

    let end: TransferEnd | undefined;
    const transfer = createTransfer(
      terms,
      blocks,
      (packet) => send(packet, client),
      (how) => {
        end = how;
        session.stop.abort();
      },
    );
    session.transfer = transfer;
    transfer.start();
    await retransmitUntilEnd(transfer, terms.timeoutSeconds, stopped);
    if (end !== undefined) reports.ended(client.address, { name, bytes, tookMs: clock.elapsed() - startedAt }, end);
  }

  /** One timer a transfer: it looks whether there was progress while it slept, instead of being set anew by each ACK. */
  async function retransmitUntilEnd(
    transfer: Transfer,
    clientSeconds: number | null,
    stopped: AbortSignal,
  ): Promise<void> {
    const firstMs = clientSeconds === null ? retransmitMs : clientSeconds * 1000;
    const deadlineAt = clock.elapsed() + deadlineMs;
    let waitMs = firstMs;
    let silent = 0;
    while (!stopped.aborted) {
      const before = transfer.progress;
      await clock.sleep(waitMs, stopped).catch(() => undefined);
      if (stopped.aborted) return;
      if (clock.elapsed() >= deadlineAt) break;
      if (transfer.progress !== before) {
        waitMs = firstMs;
        silent = 0;
        continue;
      }
      if (silent >= attempts) break;
      silent += 1;
      waitMs = Math.min(waitMs * 2, firstMs * LONGEST_WAIT_FACTOR);
      meter.count('netboot_tftp_retransmissions');
      transfer.retransmit();
    }
    transfer.giveUp();
  }

  function take(data: Buffer, session: Session): void {
    try {
      session.transfer?.receive(decodeTftpPacket(data));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      meter.count('netboot_datagrams_dropped', { channel: 'tftp', why: 'malformed' });
    }
  }

  return {
    /** Whether there is no room for another client; one that has a transfer always has room for its next. */
    isFull: (client: UdpPeer): boolean => !sessions.has(keyOf(client)) && sessions.size >= maximumTransfers,
    /** Starts a transfer. A repeated request of a client that has heard nothing yet changes nothing. */
    open(client: UdpPeer, order: TransferOrder): void {
      const key = keyOf(client);
      const earlier = sessions.get(key);
      if (earlier !== undefined) {
        const isRepeat = earlier.name === order.name && earlier.transfer?.begun !== true;
        if (isRepeat) return;
        // The same port with another wish: the machine was reset, and its ROM counts ports from the start.
        earlier.stop.abort();
      }
      const session: Session = { transfer: undefined, name: order.name, stop: new AbortController() };
      sessions.set(key, session);
      const work = serve(session, client, order)
        .catch((error: unknown) => {
          if (signal.aborted || session.stop.signal.aborted) return;
          meter.count('netboot_tftp_transfers', { end: 'failed' });
          log.error({ client: client.address, name: order.name, error: errorText(error) }, 'TFTP transfer failed');
        })
        .finally(() => {
          if (sessions.get(key) === session) sessions.delete(key);
          running.delete(work);
        });
      running.add(work);
    },
    /** Settles when no transfer is left; the signal ends them. */
    async idle(): Promise<void> {
      await Promise.all(running);
    },
  };
}

function keyOf(peer: UdpPeer): string {
  return `${peer.address} ${peer.port}`;
}
