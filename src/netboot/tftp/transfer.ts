import type { TftpTerms } from '../../protocols/tftp/negotiate.ts';
import { encodeTftpPacket, TFTP_ERROR, type TftpPacket } from '../../protocols/tftp/packet.ts';
import type { Blocks } from './blocks.ts';

/** How a transfer ended. */
export type TransferEnd =
  | { readonly kind: 'served'; readonly confirmed: boolean }
  /** The client only wanted to know the size: EDK2 asks with options, then refuses the OACK with ERROR 8. */
  | { readonly kind: 'probed' }
  | { readonly kind: 'aborted'; readonly code: number }
  | { readonly kind: 'silent' };

export type Transfer = {
  /** Sends the OACK, or the first window where nothing was negotiated. */
  start(): void;
  /** Takes the number of an ACK, as on the wire: the one packet that comes often. */
  acknowledge(block: number): void;
  /** Takes any packet of the client this transfer belongs to. */
  receive(packet: TftpPacket): void;
  /** Nothing came for the retransmission time: sends again. */
  retransmit(): void;
  /** The client listens no more: nothing is missing where all was sent, and nothing is believed where not. */
  gone(): void;
  /** Ends for want of answers. */
  giveUp(): void;
  /** Grows with every ACK that moved the transfer on. */
  readonly progress: number;
  /** Whether the client took anything since the OACK. */
  readonly begun: boolean;
};

/**
 * One read transfer as a state machine without clock or socket.
 *
 * With an OACK, ACK 0 acknowledges it, and until then it is the OACK that is sent again, never block 1. A duplicate ACK is not
 * answered in lock-step, or one delayed packet would double all that follow (RFC 1123 §4.2.3.1). With windows an ACK
 * short of the window means a gap and the next window starts behind it (RFC 7440 §4); a second one for the same
 * place is left to the timer. So is the echo of what was sent twice: answered, it would double every window that follows.
 */
export function createTransfer(
  terms: Pick<TftpTerms, 'oack' | 'windowsize'>,
  blocks: Blocks,
  send: (packet: Buffer) => void,
  ended: (end: TransferEnd) => void,
): Transfer {
  const oack = terms.oack.length === 0 ? undefined : encodeTftpPacket({ kind: 'oack', options: terms.oack });
  let awaitingOackAck = oack !== undefined;
  /** Last block acknowledged, last block sent: absolute, not wrapped. */
  let acknowledged = 0;
  let sent = 0;
  let resentFor = -1;
  /**
   * The last block sent before something was sent again. A client that had all of that acknowledges this block, perhaps
   * several times, and asks for nothing by it.
   */
  let echo = -1;
  let progress = 0;
  let done = false;

  /** Sends what the window has room for, from `first` on. */
  function sendFrom(first: number): void {
    const last = Math.min(acknowledged + terms.windowsize, blocks.count);
    for (let block = first; block <= last; block++) send(blocks.packet(block));
    sent = Math.max(sent, last);
  }

  function sendAgain(): void {
    echo = sent;
    sendFrom(acknowledged + 1);
  }

  function end(how: TransferEnd): void {
    if (done) return;
    done = true;
    ended(how);
  }

  /** EDK2 says 8, iPXE and others 0 ("TFTP Aborted"), some after they acknowledged the OACK. */
  function isProbe(code: number): boolean {
    const harmless = code === TFTP_ERROR.optionsRefused || code === TFTP_ERROR.notDefined;
    return awaitingOackAck || (oack !== undefined && acknowledged === 0 && harmless);
  }

  function receiveAck(wrapped: number): void {
    if (awaitingOackAck) {
      if (wrapped !== 0) return;
      awaitingOackAck = false;
      progress += 1;
      sendFrom(1);
      return;
    }
    const ahead = (wrapped - acknowledged) & 0xffff;
    if (ahead > sent - acknowledged) return;
    if (ahead === 0) {
      if (terms.windowsize === 1 || resentFor === acknowledged || echo === acknowledged) return;
      resentFor = acknowledged;
      sendAgain();
      return;
    }
    acknowledged += ahead;
    progress += 1;
    if (acknowledged === blocks.count) end({ kind: 'served', confirmed: true });
    else if (acknowledged === sent || acknowledged === echo) sendFrom(sent + 1);
    else sendAgain();
  }

  return {
    get progress() {
      return progress;
    },
    get begun() {
      return acknowledged > 0;
    },
    start() {
      if (oack === undefined) sendFrom(1);
      else send(oack);
    },
    acknowledge(block) {
      if (!done) receiveAck(block);
    },
    receive(packet) {
      if (done) return;
      if (packet.kind === 'ack') {
        receiveAck(packet.block);
      } else if (packet.kind === 'error') {
        end(isProbe(packet.code) ? { kind: 'probed' } : { kind: 'aborted', code: packet.code });
      } else if (packet.kind !== 'rrq') {
        // A client that missed the first answer may repeat its request to where a part of it came from: the timer answers.
        const message = 'only ACK and ERROR belong to a read transfer';
        send(encodeTftpPacket({ kind: 'error', code: TFTP_ERROR.illegalOperation, message }));
        end({ kind: 'aborted', code: TFTP_ERROR.illegalOperation });
      }
    },
    retransmit() {
      if (done) return;
      // What was sent again may be lost again: the next complaint counts.
      resentFor = -1;
      if (awaitingOackAck && oack !== undefined) send(oack);
      else sendAgain();
    },
    gone() {
      if (sent === blocks.count) end({ kind: 'served', confirmed: false });
    },
    giveUp() {
      // Some clients never acknowledge the last block, having all they wanted.
      end(sent === blocks.count ? { kind: 'served', confirmed: false } : { kind: 'silent' });
    },
  };
}
