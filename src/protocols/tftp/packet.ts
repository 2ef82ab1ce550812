import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError, unreachableCase } from '../../foundation/errors.ts';

/** @see RFC 1350 §5, RFC 2347 for OACK */
export const TFTP_OPCODE = { rrq: 1, wrq: 2, data: 3, ack: 4, error: 5, oack: 6 } as const;

/** @see RFC 1350 appendix, RFC 2347 for 8 */
export const TFTP_ERROR = {
  notDefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransferId: 5,
  fileExists: 6,
  noSuchUser: 7,
  /** Options refused; EDK2 sends it on purpose to end its size probe. */
  optionsRefused: 8,
} as const;

/** Option names as sent, in the sender's order; names are compared without regard to case. */
export type TftpOptions = readonly { readonly name: string; readonly value: string }[];

export type TftpRequest = {
  readonly kind: 'rrq' | 'wrq';
  readonly filename: string;
  /** Lower case: `octet`, `netascii`. */
  readonly mode: string;
  readonly options: TftpOptions;
};
export type TftpData = { readonly kind: 'data'; readonly block: number; readonly data: Buffer };
export type TftpAck = { readonly kind: 'ack'; readonly block: number };
export type TftpErrorPacket = { readonly kind: 'error'; readonly code: number; readonly message: string };
export type TftpOack = { readonly kind: 'oack'; readonly options: TftpOptions };
export type TftpPacket = TftpRequest | TftpData | TftpAck | TftpErrorPacket | TftpOack;

/** A request is one datagram of at most this size. @see RFC 2347 §2 */
export const LARGEST_REQUEST = 512;

/**
 * Reads a TFTP packet.
 *   0 opcode; RRQ, WRQ: filename NUL mode NUL {name NUL value NUL}; DATA: 2 block 4 data; ACK: 2 block;
 *   ERROR: 2 code 4 message NUL; OACK: {name NUL value NUL}
 * An ERROR without its NUL is accepted: several ROMs forget it.
 * @param data views into it are kept by DATA
 * @throws DecodeError
 * @see RFC 1350 §5, RFC 2347 §2
 */
export function decodeTftpPacket(data: Buffer): TftpPacket {
  const r = new ByteReader(data);
  const opcode = r.u16be('opcode');
  switch (opcode) {
    case TFTP_OPCODE.rrq:
    case TFTP_OPCODE.wrq:
      return decodeRequest(opcode === TFTP_OPCODE.rrq ? 'rrq' : 'wrq', data, r);
    case TFTP_OPCODE.data:
      return { kind: 'data', block: r.u16be('block'), data: r.rest() };
    case TFTP_OPCODE.ack:
      // Trailing bytes are tolerated: some ROMs pad to the Ethernet minimum inside UDP.
      return { kind: 'ack', block: r.u16be('block') };
    case TFTP_OPCODE.error:
      return { kind: 'error', code: r.u16be('error code'), message: r.rest().toString('latin1').replace(/\0.*$/s, '') };
    case TFTP_OPCODE.oack:
      return { kind: 'oack', options: pairs(strings(r.rest(), 'OACK')) };
    default:
      throw new DecodeError(`TFTP opcode ${opcode} does not exist`);
  }
}

/** The block number of an ACK, -1 for anything else: what a server reads for each block, without making an object of it. */
export function ackedBlock(data: Buffer): number {
  return data.length >= 4 && data[0] === 0 && data[1] === TFTP_OPCODE.ack ? data.readUInt16BE(2) : -1;
}

/** Writes a TFTP packet. @throws DecodeError when a text holds a NUL */
export function encodeTftpPacket(packet: TftpPacket): Buffer {
  switch (packet.kind) {
    case 'rrq':
    case 'wrq': {
      const size = 4 + packet.filename.length + packet.mode.length + sizeOf(packet.options);
      const w = new ByteWriter(size).u16be(TFTP_OPCODE[packet.kind]);
      text(w, packet.filename);
      text(w, packet.mode);
      return writeOptions(w, packet.options);
    }
    case 'data':
      return new ByteWriter(4 + packet.data.length)
        .u16be(TFTP_OPCODE.data)
        .u16be(packet.block)
        .bytes(packet.data)
        .done();
    case 'ack':
      return new ByteWriter(4).u16be(TFTP_OPCODE.ack).u16be(packet.block).done();
    case 'error': {
      const w = new ByteWriter(5 + packet.message.length).u16be(TFTP_OPCODE.error).u16be(packet.code);
      text(w, packet.message);
      return w.done();
    }
    case 'oack':
      return writeOptions(new ByteWriter(2 + sizeOf(packet.options)).u16be(TFTP_OPCODE.oack), packet.options);
    default:
      return unreachableCase(packet, 'TFTP packet');
  }
}

/** One line for logs: `RRQ "ipxe.efi" octet tsize=0 blksize=1468`. */
export function describeTftpPacket(packet: TftpPacket): string {
  switch (packet.kind) {
    case 'rrq':
    case 'wrq':
      return `${packet.kind.toUpperCase()} ${JSON.stringify(packet.filename)} ${packet.mode}${formatOptions(packet.options)}`;
    case 'data':
      return `DATA ${packet.block} of ${packet.data.length} bytes`;
    case 'ack':
      return `ACK ${packet.block}`;
    case 'error':
      return `ERROR ${packet.code} ${JSON.stringify(packet.message)}`;
    case 'oack':
      return `OACK${formatOptions(packet.options)}`;
    default:
      return unreachableCase(packet, 'TFTP packet');
  }
}

function decodeRequest(kind: 'rrq' | 'wrq', data: Buffer, r: ByteReader): TftpRequest {
  if (data.length > LARGEST_REQUEST)
    throw new DecodeError(`TFTP request of ${data.length} bytes, at most ${LARGEST_REQUEST} allowed`);
  const [filename, mode, ...rest] = strings(r.rest(), 'request');
  if (filename === undefined || mode === undefined) throw new DecodeError('TFTP request: file name or mode is missing');
  return { kind, filename, mode: mode.toLowerCase(), options: pairs(rest) };
}

/** NUL-ended strings; bytes after the last NUL are an unfinished one, which is an error unless there are none. */
function strings(data: Buffer, what: string): readonly string[] {
  const parts = data.toString('latin1').split('\0');
  if (parts.pop() !== '') throw new DecodeError(`TFTP ${what}: last text is not ended by a NUL`);
  return parts;
}

function pairs(texts: readonly string[]): TftpOptions {
  const options: { name: string; value: string }[] = [];
  for (let index = 0; index < texts.length; index += 2) {
    const name = texts[index] ?? '';
    const value = texts[index + 1];
    // Padding after the request: empty texts, no options.
    if (name === '' && (value === undefined || value === '')) continue;
    if (value === undefined) throw new DecodeError(`TFTP option ${JSON.stringify(name.slice(0, 40))} has no value`);
    options.push({ name, value });
  }
  return options;
}

function writeOptions(w: ByteWriter, options: TftpOptions): Buffer {
  for (const { name, value } of options) {
    text(w, name);
    text(w, value);
  }
  return w.done();
}

/** Bytes of the options; every text is one byte a character (latin1) and a NUL. */
function sizeOf(options: TftpOptions): number {
  return options.reduce((sum, { name, value }) => sum + name.length + value.length + 2, 0);
}

function text(w: ByteWriter, value: string): void {
  if (value.includes('\0')) throw new DecodeError('TFTP text holds a NUL');
  w.bytes(Buffer.from(value, 'latin1')).u8(0);
}

function formatOptions(options: TftpOptions): string {
  return options.map(({ name, value }) => ` ${name}=${value}`).join('');
}
