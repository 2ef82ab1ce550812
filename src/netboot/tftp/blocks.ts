import { TFTP_OPCODE } from '../../protocols/tftp/packet.ts';

/** The DATA packets of one file for one block size, ready to be sent. Block numbers start at 1 and wrap at 65536. */
export type Blocks = {
  /** A file that fills its last block gets an empty one after it (RFC 1350 §6). */
  readonly count: number;
  /** @param block 1 to `count`; a view, not to be changed */
  packet(block: number): Buffer;
};

/** Lays out headers and data once, so that sending a block is sending a view. */
export function layBlocks(data: Buffer, blksize: number): Blocks {
  const count = Math.floor(data.length / blksize) + 1;
  const stride = blksize + 4;
  const packets = Buffer.allocUnsafe(data.length + count * 4);
  for (let block = 1; block <= count; block++) {
    const at = (block - 1) * stride;
    packets.writeUInt16BE(TFTP_OPCODE.data, at);
    // RFC 2347 says nothing of more than 65535 blocks; going on with 0 is what clients expect (dnsmasq, tftp-hpa).
    packets.writeUInt16BE(block & 0xffff, at + 2);
    data.copy(packets, at + 4, (block - 1) * blksize, block * blksize);
  }
  return { count, packet: (block) => packets.subarray((block - 1) * stride, block * stride) };
}

/** LF becomes CR LF, CR becomes CR NUL. @see RFC 1350 §1, RFC 764 */
export function toNetascii(data: Buffer): Buffer {
  const out = Buffer.allocUnsafe(data.length * 2);
  let length = 0;
  for (const byte of data) {
    if (byte === 0x0a) out[length++] = 0x0d;
    out[length++] = byte;
    if (byte === 0x0d) out[length++] = 0;
  }
  return out.subarray(0, length);
}

/** Layouts kept, so that a fleet that asks for one file in one block size shares one; the oldest goes first. */
export function createBlockCache(most = 8) {
  const layouts = new Map<string, Blocks>();
  return (name: string, mode: string, data: Buffer, blksize: number): Blocks => {
    const key = `${mode} ${blksize} ${name}`;
    const known = layouts.get(key);
    if (known !== undefined) return known;
    const blocks = layBlocks(mode === 'netascii' ? toNetascii(data) : data, blksize);
    const [oldest] = layouts.keys();
    if (layouts.size >= most && oldest !== undefined) layouts.delete(oldest);
    layouts.set(key, blocks);
    return blocks;
  };
}
