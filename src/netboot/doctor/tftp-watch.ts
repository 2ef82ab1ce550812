import type { Transferred } from '../../domain/boot/diagnosis/observation.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { decodeTftpPacket, TFTP_ERROR, TFTP_OPCODE } from '../../protocols/tftp/packet.ts';

/** Follows one machine's TFTP by its packets, and says which of them are worth keeping. */
export type TftpWatch = {
  /**
   * @param port the machine's
   * @returns whether the packet is to be kept: all but the bulk of blocks and their acknowledgements
   */
  packet(direction: 'in' | 'out', port: number, data: Buffer): boolean;
  /** The server counts the transfer as done, though its last block was not acknowledged. */
  done(): void;
};

type Transfer = {
  readonly port: number;
  readonly file: string;
  blksize: number;
  windowsize: number;
  oackSent: boolean;
  answered: boolean;
  /** Absolute numbers of the last block sent and acknowledged. */
  sent: number;
  acknowledged: number;
  /** Number of the last block, once it was sent. */
  last: number;
  stalled: boolean;
  /** Packets kept because something was sent again. */
  keptRepeats: number;
  over: boolean;
};

/** First blocks of a transfer that are kept. */
const FIRST_BLOCKS = 3;
const MOST_REPEATS = 24;
/** ASCII, and no control characters: names are shown. */
const PLAIN = /[^\x20-\x7e]/g;

/**
 * The one in progress is followed: boot firmware has no two at once. It is called for each packet of each transfer, so the path of a
 * block and of its acknowledgement makes no object and asks no clock.
 */
export function createTftpWatch(tell: (seen: Omit<Transferred, 'at' | 'kind'>) => void): TftpWatch {
  let transfer: Transfer | undefined;

  function say(what: Transferred['what'], of: Transfer, why?: string): void {
    const terms = of.oackSent ? { blksize: of.blksize } : {};
    tell({ what, file: of.file, blocks: of.acknowledged, ...terms, ...(why === undefined ? {} : { why }) });
  }

  function end(what: 'probed' | 'served' | 'aborted' | 'refused', of: Transfer, why?: string): void {
    if (of.over) return;
    of.over = true;
    say(what, of, why);
  }

  /** Something had to be sent again. */
  function again(of: Transfer): boolean {
    // A client that has the last block may never say so.
    const hasAll = of.last > 0 && of.acknowledged > 0 && of.acknowledged >= of.last - of.windowsize;
    if (hasAll) {
      end('served', of);
    } else if (!of.over) {
      of.stalled = true;
      say('repeated', of);
    }
    of.keptRepeats += 1;
    return of.keptRepeats <= MOST_REPEATS;
  }

  function sentData(of: Transfer, data: Buffer): boolean {
    const ahead = (data.readUInt16BE(2) - of.sent) & 0xffff;
    if (ahead === 0 || ahead > 0x8000) {
      // Of a window that is sent again its first block counts.
      const isFirst = ((data.readUInt16BE(2) - of.acknowledged) & 0xffff) === 1;
      return isFirst ? again(of) : of.keptRepeats < MOST_REPEATS;
    }
    of.sent += ahead;
    const isLast = data.length - 4 < of.blksize;
    if (isLast) of.last = of.sent;
    return isLast || of.sent <= FIRST_BLOCKS;
  }

  function heardAck(of: Transfer, data: Buffer): boolean {
    const ahead = (data.readUInt16BE(2) - of.acknowledged) & 0xffff;
    if (ahead > of.sent - of.acknowledged) return false;
    const first = !of.answered;
    of.acknowledged += ahead;
    if (first) {
      of.answered = true;
      say('answered', of);
    }
    const moved = of.stalled && (ahead > 0 || of.sent === 0);
    if (moved) {
      of.stalled = false;
      say('moved', of);
    }
    const isLast = of.acknowledged === of.last && of.last > 0;
    if (isLast) end('served', of);
    return first || moved || isLast || of.acknowledged <= FIRST_BLOCKS;
  }

  function heardRequest(port: number, data: Buffer): boolean {
    const request = decoded(data);
    if (request?.kind !== 'rrq') return true;
    const file = shown(request.filename);
    // Sent again by a client that has not heard yet: the same transfer, whose answer may be on its way.
    const repeated = transfer?.port === port && transfer.file === file && !transfer.over && transfer.acknowledged === 0;
    if (repeated && transfer !== undefined) {
      say('asked', transfer);
      return true;
    }
    transfer = {
      ...{
        port,
        file,
        blksize: 512,
        windowsize: 1,
        oackSent: false,
        answered: false,
        sent: 0,
        acknowledged: 0,
        last: 0,
      },
      ...{ stalled: false, keptRepeats: 0, over: false },
    };
    say('asked', transfer);
    return true;
  }

  function heardError(of: Transfer, data: Buffer): boolean {
    const error = decoded(data);
    if (error?.kind !== 'error') return true;
    const harmless = error.code === TFTP_ERROR.optionsRefused || error.code === TFTP_ERROR.notDefined;
    if (of.acknowledged === 0 && of.oackSent && harmless) end('probed', of);
    else end('aborted', of, shown(error.message) || `TFTP error ${error.code}`);
    return true;
  }

  function sentOther(of: Transfer, opcode: number, data: Buffer): boolean {
    const packet = decoded(data);
    if (opcode === TFTP_OPCODE.error && packet?.kind === 'error') {
      end('refused', of, shown(packet.message) || `TFTP error ${packet.code}`);
      return true;
    }
    if (packet?.kind !== 'oack') return true;
    if (of.oackSent) return again(of);
    of.oackSent = true;
    for (const { name, value } of packet.options) {
      if (name.toLowerCase() === 'blksize') of.blksize = Number(value) || 512;
      if (name.toLowerCase() === 'windowsize') of.windowsize = Number(value) || 1;
    }
    return true;
  }

  return {
    packet(direction, port, data) {
      if (data.length < 4) return true;
      const opcode = data.readUInt16BE(0);
      if (direction === 'in' && (opcode === TFTP_OPCODE.rrq || opcode === TFTP_OPCODE.wrq))
        return heardRequest(port, data);
      const of = transfer;
      if (of === undefined || of.port !== port) return opcode !== TFTP_OPCODE.data && opcode !== TFTP_OPCODE.ack;
      if (direction === 'out') return opcode === TFTP_OPCODE.data ? sentData(of, data) : sentOther(of, opcode, data);
      if (opcode === TFTP_OPCODE.ack) return heardAck(of, data);
      return opcode === TFTP_OPCODE.error ? heardError(of, data) : true;
    },
    done() {
      if (transfer !== undefined && transfer.last > 0) end('served', transfer);
    },
  };
}

function decoded(data: Buffer) {
  try {
    return decodeTftpPacket(data);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** A remote's text, fit to be shown; a boot URL's token is crossed out by who keeps it. */
function shown(text: string): string {
  return text.slice(0, 100).replace(PLAIN, '?');
}
