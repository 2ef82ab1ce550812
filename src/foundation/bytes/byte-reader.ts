import { DecodeError } from '../errors.ts';

/**
 * Reads a received buffer from front to back. Every read names its field, so that a short datagram is reported as
 * "session sequence: needs 4 bytes at offset 6, 2 left". Reads never clamp. `bytes` gives views, not copies: each
 * datagram has its own buffer, and whoever keeps a view past the handler copies it.
 */
export class ByteReader {
  readonly #buffer: Buffer;
  #offset = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#buffer.length - this.#offset;
  }

  /** Position of the next read, from the start of this reader's buffer. */
  get offset(): number {
    return this.#offset;
  }

  /** The bytes read so far, or a part of them: for checksums and authentication codes. */
  view(from: number, to: number): Buffer {
    return this.#buffer.subarray(from, to);
  }

  u8(field: string): number {
    return this.#buffer.readUInt8(this.#advance(1, field));
  }

  i8(field: string): number {
    return this.#buffer.readInt8(this.#advance(1, field));
  }

  u16be(field: string): number {
    return this.#buffer.readUInt16BE(this.#advance(2, field));
  }

  u16le(field: string): number {
    return this.#buffer.readUInt16LE(this.#advance(2, field));
  }

  u24le(field: string): number {
    return this.#buffer.readUIntLE(this.#advance(3, field), 3);
  }

  u24be(field: string): number {
    return this.#buffer.readUIntBE(this.#advance(3, field), 3);
  }

  u32be(field: string): number {
    return this.#buffer.readUInt32BE(this.#advance(4, field));
  }

  u32le(field: string): number {
    return this.#buffer.readUInt32LE(this.#advance(4, field));
  }

  /** A view of the next `length` bytes. */
  bytes(length: number, field: string): Buffer {
    const start = this.#advance(length, field);
    return this.#buffer.subarray(start, start + length);
  }

  /** A view of all that is left; possibly empty. */
  rest(): Buffer {
    return this.bytes(this.left, 'rest');
  }

  /** Fails unless everything was read: for messages whose specification fixes their length. */
  end(message: string): void {
    if (this.left !== 0)
      throw new DecodeError(`${message}: ${this.left} bytes after its end at offset ${this.#offset}`);
  }

  #advance(length: number, field: string): number {
    const start = this.#offset;
    if (length > this.left) {
      throw new DecodeError(`${field}: needs ${length} bytes at offset ${start}, ${this.left} left`, {
        details: { field, offset: start, needed: length, left: this.left },
      });
    }
    this.#offset = start + length;
    return start;
  }
}
