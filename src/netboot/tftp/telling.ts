import { TFTP_OPCODE } from '../../protocols/tftp/packet.ts';

/**
 * Tells, of one transfer, the packets that say how it goes from the thousands that only say that it goes: options, errors, the first
 * and the last block, what is sent or acknowledged again, and what follows the last block.
 * @param blksize a shorter block is the last
 */
export function createTelling(blksize: number): (direction: 'in' | 'out', data: Buffer) => boolean {
  let sent = 0;
  let acknowledged = -1;
  let last = false;
  return (direction, data) => {
    const opcode = data.length < 4 || data[0] !== 0 ? undefined : data[1];
    if (opcode === TFTP_OPCODE.data && direction === 'out') {
      const block = data.readUInt16BE(2);
      const first = sent === 0;
      const again = block !== ((sent + 1) & 0xffff);
      sent = block;
      last ||= data.length < blksize + 4;
      return first || again || last;
    }
    if (opcode === TFTP_OPCODE.ack && direction === 'in') {
      const block = data.readUInt16BE(2);
      const again = block === acknowledged;
      const first = acknowledged <= 0;
      acknowledged = block;
      return first || again || last;
    }
    return true;
  };
}
