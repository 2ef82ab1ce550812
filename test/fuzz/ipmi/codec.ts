/** What the fuzz tests of the IPMI codecs share: codecs in one list whatever their types, and values of bit fields. */
import fc from 'fast-check';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../../src/foundation/errors.ts';
import type { IpmiCommand } from '../../../src/protocols/ipmi/command.ts';

export type Codec = {
  readonly name: string;
  readonly values: fc.Arbitrary<unknown>;
  readonly decode: (bytes: Buffer) => unknown;
  readonly encode: (value: unknown) => Buffer;
};

/**
 * A codec over readers and writers, its type forgotten so that all stand in one list.
 * @param maximumBytes what it may write; more is a BugError
 */
export function codec<Value>(
  name: string,
  values: fc.Arbitrary<Value>,
  decode: (reader: ByteReader) => Value,
  encode: (value: Value, writer: ByteWriter) => void,
  maximumBytes = 1024,
): Codec {
  return {
    name,
    values,
    decode: (bytes) => decode(new ByteReader(bytes)),
    encode(value) {
      const writer = new ByteWriter(maximumBytes);
      // Only what `values` or `decode` of the same codec made comes in.
      encode(value as Value, writer);
      return writer.done();
    },
  };
}

/** Both directions of a command, each of at most 255 bytes. */
export function command<Request, Response>(
  of: IpmiCommand<Request, Response>,
  requests: fc.Arbitrary<Request>,
  responses: fc.Arbitrary<Response>,
): readonly Codec[] {
  return [
    codec(`${of.name} request`, requests, of.decodeRequest, of.encodeRequest, 255),
    codec(`${of.name} response`, responses, of.decodeResponse, of.encodeResponse, 255),
  ];
}

/** The value of the bytes, undefined when they are none; any other error than DecodeError is thrown on. */
export function tryDecode<Value>(
  decode: (bytes: Buffer) => Value,
  bytes: Buffer,
): { readonly value: Value } | undefined {
  try {
    return { value: decode(bytes) };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

export const buffer = (minLength: number, maxLength = minLength): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes));
export const bits = (count: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** count - 1 });
export const u8 = bits(8);
export const u16 = bits(16);
export const u24 = bits(24);
export const u32 = bits(32);
export const flag = fc.boolean();
export const nothing = fc.constant(undefined);
