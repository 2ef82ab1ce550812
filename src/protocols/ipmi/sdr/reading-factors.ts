import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';

/** How a raw reading becomes a value: y = (M·x + B·10^K1)·10^K2. @see IPMI v2.0 rev. 1.1 §36.3 */
export type ReadingFactors = {
  /** M, -512 to 511. */
  readonly m: number;
  /** B, -512 to 511. */
  readonly b: number;
  /** K1, -8 to 7. */
  readonly bExponent: number;
  /** K2, -8 to 7. */
  readonly resultExponent: number;
  /** In half raw counts, 0 to 63. */
  readonly tolerance: number;
  /** In hundredths of a percent, times 10^accuracyExponent; 0 to 1023. */
  readonly accuracy: number;
  /** 0 to 3. */
  readonly accuracyExponent: number;
};

/**
 * Reads the factors as full sensor records and Get Sensor Reading Factors have them.
 *   0  M, bits 7:0
 *   1  bits 7:6 M 9:8, bits 5:0 tolerance
 *   2  B, bits 7:0
 *   3  bits 7:6 B 9:8, bits 5:0 accuracy 5:0
 *   4  bits 7:4 accuracy 9:6, bits 3:2 its exponent, bits 1:0 sensor direction (of records only)
 *   5  bits 7:4 K2, bits 3:0 K1
 * @throws DecodeError when shorter than 6 bytes
 * @see IPMI v2.0 rev. 1.1 §35.5, §43.1 bytes 25 to 30
 */
export function decodeReadingFactors(reader: ByteReader): {
  readonly factors: ReadingFactors;
  readonly direction: number;
} {
  const mLow = reader.u8('M');
  const mHigh = reader.u8('M, tolerance');
  const bLow = reader.u8('B');
  const bHigh = reader.u8('B, accuracy');
  const accuracy = reader.u8('accuracy, accuracy exponent');
  const exponents = reader.u8('R exponent, B exponent');
  const factors = {
    m: signed(((mHigh & 0xc0) << 2) | mLow, 10),
    b: signed(((bHigh & 0xc0) << 2) | bLow, 10),
    bExponent: signed(exponents & 0x0f, 4),
    resultExponent: signed(exponents >> 4, 4),
    tolerance: mHigh & 0x3f,
    accuracy: ((accuracy & 0xf0) << 2) | (bHigh & 0x3f),
    accuracyExponent: (accuracy >> 2) & 3,
  };
  return { factors, direction: accuracy & 3 };
}

/** Writes the factors. @param direction 0 to 3 @see IPMI v2.0 rev. 1.1 §35.5, §43.1 bytes 25 to 30 */
export function encodeReadingFactors(factors: ReadingFactors, direction: number, writer: ByteWriter): void {
  const { m, b, tolerance, accuracy, accuracyExponent, bExponent, resultExponent } = factors;
  writer.u8(m & 0xff).u8(((m >> 2) & 0xc0) | tolerance);
  writer.u8(b & 0xff).u8(((b >> 2) & 0xc0) | (accuracy & 0x3f));
  writer.u8(((accuracy >> 2) & 0xf0) | (accuracyExponent << 2) | direction);
  writer.u8(((resultExponent & 0x0f) << 4) | (bExponent & 0x0f));
}

/** Two's complement of so many bits. */
function signed(value: number, bits: number): number {
  return value >= 1 << (bits - 1) ? value - (1 << bits) : value;
}
