import { BugError } from '../errors.ts';

/**
 * Writes a message of bounded size. The capacity is the message's maximum, stated by the encoder; lengths and
 * checksums are patched in after the bytes they cover.
 */
export class ByteWriter {
  readonly #buffer: Buffer;
  #offset = 0;

  /** @param capacity the most bytes this message can have */
  constructor(capacity: number) {
    // Of Node's pool: zeroed memory of its own costs a packet more than its contents.
    this.#buffer = Buffer.allocUnsafe(capacity).fill(0);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#offset;
  }

  /** As every number here: @throws BugError when it is not a whole number, which Node would write as another one. */
  u8(value: number): this {
    this.#buffer.writeUInt8(whole(value), this.#advance(1));
    return this;
  }

  u16be(value: number): this {
    this.#buffer.writeUInt16BE(whole(value), this.#advance(2));
    return this;
  }

  u16le(value: number): this {
    this.#buffer.writeUInt16LE(whole(value), this.#advance(2));
    return this;
  }

  u24le(value: number): this {
    this.#buffer.writeUIntLE(whole(value), this.#advance(3), 3);
    return this;
  }

  u24be(value: number): this {
    this.#buffer.writeUIntBE(whole(value), this.#advance(3), 3);
    return this;
  }

  u32be(value: number): this {
    this.#buffer.writeUInt32BE(whole(value), this.#advance(4));
    return this;
  }

  u32le(value: number): this {
    this.#buffer.writeUInt32LE(whole(value), this.#advance(4));
    return this;
  }

  /** Copies `bytes` in. */
  bytes(bytes: Uint8Array): this {
    this.#buffer.set(bytes, this.#advance(bytes.length));
    return this;
  }

  /** Copies `bytes` into a field of `width`, filled up with zeros. @throws BugError when they do not fit */
  fixed(bytes: Uint8Array, width: number): this {
    if (bytes.length > width) throw new BugError(`${bytes.length} bytes do not fit a field of ${width}`);
    const start = this.#advance(width);
    this.#buffer.fill(0, start, start + width);
    this.#buffer.set(bytes, start);
    return this;
  }

  zeros(count: number): this {
    this.#advance(count);
    return this;
  }

  /** Overwrites one byte written before. */
  patchU8(offset: number, value: number): void {
    this.#buffer.writeUInt8(value, this.#written(offset, 1));
  }

  patchU16be(offset: number, value: number): void {
    this.#buffer.writeUInt16BE(value, this.#written(offset, 2));
  }

  patchU16le(offset: number, value: number): void {
    this.#buffer.writeUInt16LE(value, this.#written(offset, 2));
  }

  /** A view of what was written from `from` to `to`: what a checksum or authentication code covers. */
  view(from: number, to: number = this.#offset): Buffer {
    return this.#buffer.subarray(this.#written(from, 0), to);
  }

  /** The finished message, a view of the writer's own buffer. */
  done(): Buffer {
    return this.#buffer.subarray(0, this.#offset);
  }

  #advance(count: number): number {
    const start = this.#offset;
    if (start + count > this.#buffer.length) {
      throw new BugError(`message grows past its maximum of ${this.#buffer.length} bytes`);
    }
    this.#offset = start + count;
    return start;
  }

  #written(offset: number, width: number): number {
    if (offset + width > this.#offset) throw new BugError(`offset ${offset} was not written yet`);
    return offset;
  }
}

function whole(value: number): number {
  if (!Number.isInteger(value)) throw new BugError(`${value} is not a whole number`);
  return value;
}
