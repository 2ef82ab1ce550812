import { TFTP_OPCODE } from '../../protocols/tftp/packet.ts';

/**
 * Tells, of one transfer, the packets that say how it goes from the thousands that only say that it goes: options, errors, the first
 * and the last block, what is sent or acknowledged again, and what follows the last block.
 * @param blksize a shorter block is the last
 */
export function createTelling(blksize: number): (direction: 'in' | 'out', data: Buffer) => boolean {
  let sent = 0;
  let acknowledged = -1;
  /** Numbers start over after 65535, so 0 does not mean the beginning. */
  let [sentAny, acknowledgedAny, sentLast] = [false, false, false];

  function ofData(block: number, length: number): boolean {
    const telling = !sentAny || block !== ((sent + 1) & 0xffff) || length < blksize + 4 || sentLast;
    sentAny = true;
    sentLast ||= length < blksize + 4;
    sent = block;
    return telling;
  }

  function ofAck(block: number): boolean {
    const telling = !acknowledgedAny || block === acknowledged || sentLast;
    acknowledgedAny ||= block > 0;
    acknowledged = block;
    return telling;
  }

  return (direction, data) => {
    const opcode = data.length < 4 || data[0] !== 0 ? undefined : data[1];
    if (opcode === TFTP_OPCODE.data && direction === 'out') return ofData(data.readUInt16BE(2), data.length);
    if (opcode === TFTP_OPCODE.ack && direction === 'in') return ofAck(data.readUInt16BE(2));
    return true;
  };
}
