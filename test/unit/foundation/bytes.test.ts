import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/bytes/byte-writer.ts';
import { BugError, DecodeError } from '../../../src/foundation/errors.ts';

describe('ByteReader', () => {
  it('names field, offset, need and rest of a short read', () => {
    const reader = new ByteReader(Buffer.from([1, 2, 3]));
    reader.u8('tag');
    expect(() => reader.u32le('session sequence')).toThrow(DecodeError);
    expect(() => reader.u32le('session sequence')).toThrow('session sequence: needs 4 bytes at offset 1, 2 left');
    expect(reader.left).toBe(2);
  });

  it('gives views, and never more than there is', () => {
    const buffer = Buffer.from([1, 2, 3, 4]);
    const view = new ByteReader(buffer).bytes(2, 'key');
    buffer[0] = 9;
    expect([...view]).toEqual([9, 2]);
    expect(() => new ByteReader(buffer).bytes(5, 'key')).toThrow(DecodeError);
  });

  it('refuses trailing bytes where the length is fixed', () => {
    expect(() => new ByteReader(Buffer.from([1])).end('RAKP 2')).toThrow('RAKP 2: 1 bytes after its end at offset 0');
  });
});

describe('ByteWriter', () => {
  it('round-trips every width', () => {
    fc.assert(
      fc.property(
        fc.record({
          a: fc.integer({ min: 0, max: 0xff }),
          b: fc.integer({ min: 0, max: 0xffff }),
          c: fc.integer({ min: 0, max: 0xffffff }),
          d: fc.integer({ min: 0, max: 0xffffffff }),
          e: fc.uint8Array({ maxLength: 20 }),
        }),
        ({ a, b, c, d, e }) => {
          const writer = new ByteWriter(64).u8(a).u16be(b).u16le(b).u24le(c).u24be(c).u32be(d).u32le(d).bytes(e);
          const reader = new ByteReader(writer.done());
          expect(reader.u8('a')).toBe(a);
          expect([reader.u16be('b'), reader.u16le('b')]).toEqual([b, b]);
          expect([reader.u24le('c'), reader.u24be('c')]).toEqual([c, c]);
          expect([reader.u32be('d'), reader.u32le('d')]).toEqual([d, d]);
          expect([...reader.rest()]).toEqual([...e]);
          reader.end('message');
        },
      ),
    );
  });

  it('stops at the maximum that the encoder stated, and patches only what was written', () => {
    expect(() => new ByteWriter(2).u16le(1).u8(1)).toThrow(BugError);
    const writer = new ByteWriter(4).u8(0).u8(7);
    writer.patchU8(0, writer.length);
    expect([...writer.done()]).toEqual([2, 7]);
    expect(() => writer.patchU16be(1, 1)).toThrow(BugError);
    expect(() => new ByteWriter(8).fixed(Buffer.alloc(5), 4)).toThrow(BugError);
    // Node writes 0 and 1 for these.
    expect(() => new ByteWriter(8).u8(Number.NaN)).toThrow(BugError);
    expect(() => new ByteWriter(8).u32le(1.5)).toThrow(BugError);
  });
});
