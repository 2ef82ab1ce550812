import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../../src/foundation/bytes/byte-reader.ts';
import { closestRawReading, convertReading, Linearization } from '../../../../src/protocols/ipmi/sdr/conversion.ts';
import { decodeReadingFactors, type ReadingFactors } from '../../../../src/protocols/ipmi/sdr/reading-factors.ts';
import { formatUnits, type SensorUnits } from '../../../../src/protocols/ipmi/sdr/sensor-units.ts';

const factors = (m: number, b = 0, bExponent = 0, resultExponent = 0): ReadingFactors => ({
  m,
  b,
  bExponent,
  resultExponent,
  tolerance: 0,
  accuracy: 0,
  accuracyExponent: 0,
});

describe('readings as values (§36.3)', () => {
  test.each([
    // raw, format, M, B, K1, K2, value: each computed by hand
    [42, 0, 1, 0, 0, 0, 42],
    [0xbc, 0, 63, 0, 0, -3, 11.844],
    [0x10, 0, 150, 0, 0, 0, 2_400],
    [0x20, 0, 5, 100, 2, -2, 101.6],
    [0x20, 0, -5, 20, 1, 0, 40],
    [0xf6, 2, 1, 0, 0, 0, -10],
    [0x80, 2, 1, 0, 0, 0, -128],
    [0x7f, 2, 1, 0, 0, 0, 127],
    [0xf5, 1, 1, 0, 0, 0, -10],
    [0xff, 1, 1, 0, 0, 0, 0],
    [0x80, 1, 1, 0, 0, 0, -127],
    [3, 0, 1, 5, -1, 0, 3.5],
    [255, 0, 511, 511, 7, 7, 51_101_303_050_000_000],
    [1, 0, 1, 0, 0, -8, 1e-8],
    [0, 2, -1, 0, 0, 0, 0],
  ])('raw %i, format %i, M %i, B %i, K1 %i, K2 %i is %d', (raw, format, m, b, k1, k2, value) => {
    expect(convertReading(raw, format, 0, factors(m, b, k1, k2))).toBe(value);
  });

  test.each([
    [Linearization.linear, 8, 8],
    [Linearization.naturalLogarithm, 8, 2.079441542],
    [Linearization.log10, 100, 2],
    [Linearization.log2, 8, 3],
    [Linearization.exp, 2, 7.389056099],
    [Linearization.exp10, 3, 1_000],
    [Linearization.exp2, 8, 256],
    [Linearization.inverse, 8, 0.125],
    [Linearization.square, 12, 144],
    [Linearization.cube, 3, 27],
    [Linearization.squareRoot, 144, 12],
    [Linearization.cubeRoot, 27, 3],
    // Non-linear: the factors are those of this reading, and the value is linear in them.
    [Linearization.nonLinear, 8, 8],
    [0x7f, 8, 8],
  ])('linearization %i of %i is %d', (linearization, raw, value) => {
    expect(convertReading(raw, 0, linearization, factors(1))).toBe(value);
  });

  test('no value: no analog reading, reserved linearization, 1/0, logarithm and root of nothing', () => {
    expect(convertReading(1, 3, 0, factors(1))).toBeUndefined();
    expect(convertReading(1, 0, 0x0c, factors(1))).toBeUndefined();
    expect(convertReading(0, 0, Linearization.inverse, factors(1))).toBeUndefined();
    expect(convertReading(0, 0, Linearization.log10, factors(1))).toBeUndefined();
    expect(convertReading(0xff, 2, Linearization.squareRoot, factors(1))).toBeUndefined();
  });

  test('the closest raw reading', () => {
    expect(closestRawReading(12, 0, 0, factors(63, 0, 0, -3))).toBe(190);
    expect(closestRawReading(-10, 2, 0, factors(1))).toBe(0xf6);
    expect(closestRawReading(1_000_000, 0, 0, factors(1))).toBe(255);
    expect(closestRawReading(1, 3, 0, factors(1))).toBeUndefined();
  });

  test('factors on the wire: ten and four bits, signed', () => {
    // M -2 (3FEh), tolerance 5, B 300 (12Ch), accuracy 70, its exponent 2, direction 1, K2 -3, K1 2
    const bytes = Buffer.from([0xfe, 0xc5, 0x2c, 0x46, 0x19, 0xd2]);
    expect(decodeReadingFactors(new ByteReader(bytes))).toEqual({
      direction: 1,
      factors: { m: -2, b: 300, bExponent: 2, resultExponent: -3, tolerance: 5, accuracy: 70, accuracyExponent: 2 },
    });
  });
});

describe('units (§43.17)', () => {
  const none: SensorUnits = { format: 0, rate: 0, modifierUse: 0, percentage: false, base: 0, modifier: 0 };

  test.each<readonly [string, Partial<SensorUnits>]>([
    ['degrees C', { base: 1 }],
    ['V', { base: 4 }],
    ['A', { base: 5 }],
    ['W', { base: 6 }],
    ['CFM', { base: 17 }],
    ['RPM', { base: 18 }],
    ['Hz', { base: 19 }],
    ['dB', { base: 60 }],
    ['grams', { base: 92 }],
    ['unit 200', { base: 200 }],
    ['', {}],
    ['%', { percentage: true }],
    ['% RPM', { percentage: true, base: 18 }],
    ['packets per s', { base: 85, rate: 3 }],
    ['W/cu m', { base: 6, modifierUse: 1, modifier: 36 }],
    ['A·h', { base: 5, modifierUse: 2, modifier: 24 }],
    ['V', { base: 4, modifier: 24 }],
    // Dell PowerEdge C6220 (Wistron): a modifier without a unit, which FreeIPMI lists as a defect.
    ['degrees C', { base: 1, modifierUse: 1 }],
  ])('"%s"', (text, units) => expect(formatUnits({ ...none, ...units })).toBe(text));
});
