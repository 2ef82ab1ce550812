import type { ReadingFactors } from './reading-factors.ts';
import { AnalogDataFormat } from './sensor-units.ts';

/** What is done to the value that the factors give. @see IPMI v2.0 rev. 1.1 §43.1 byte 24 */
export const Linearization = {
  linear: 0x00,
  naturalLogarithm: 0x01,
  log10: 0x02,
  log2: 0x03,
  exp: 0x04,
  exp10: 0x05,
  exp2: 0x06,
  inverse: 0x07,
  square: 0x08,
  cube: 0x09,
  squareRoot: 0x0a,
  /** "cube⁻¹(x)", beside "1/x" and "sqrt(x)": the inverse function, as ipmitool has it. OpenIPMI and FreeIPMI take 1/x³. */
  cubeRoot: 0x0b,
  /** To 7Fh: the factors depend on the reading and must be asked for. */
  nonLinear: 0x70,
} as const;

/** By code. @see §43.1 byte 24 */
const linearizations: readonly ((y: number) => number)[] = [
  (y) => y,
  Math.log,
  Math.log10,
  Math.log2,
  Math.exp,
  (y) => 10 ** y,
  (y) => 2 ** y,
  (y) => 1 / y,
  (y) => y * y,
  (y) => y * y * y,
  Math.sqrt,
  Math.cbrt,
];

/** Whether the factors of the record are worth nothing, and Get Sensor Reading Factors has those for each reading. */
export function isNonLinear(linearization: number): boolean {
  return (linearization & 0x7f) >= Linearization.nonLinear;
}

/**
 * The number that a raw reading stands for: 0 to 255, -127 to 127, or -128 to 127.
 * @returns undefined where the sensor has no analog reading
 * @see IPMI v2.0 rev. 1.1 §43.1 byte 21
 */
export function rawNumber(raw: number, format: number): number | undefined {
  switch (format) {
    case AnalogDataFormat.unsigned:
      return raw;
    case AnalogDataFormat.onesComplement:
      // FFh is minus zero.
      return raw >= 0x80 ? raw - 0xff : raw;
    case AnalogDataFormat.twosComplement:
      return raw >= 0x80 ? raw - 0x100 : raw;
    default:
      return undefined;
  }
}

/**
 * The value of a raw reading in the sensor's unit, y = L[(M·x + B·10^K1)·10^K2], to ten significant digits: the
 * rest is what binary fractions add. For a non-linear sensor, give the factors of this reading.
 * @returns undefined where there is none: no analog reading, a reserved linearization, 1/0, a logarithm of nothing
 * @see IPMI v2.0 rev. 1.1 §36.3
 */
export function convertReading(
  raw: number,
  format: number,
  linearization: number,
  factors: ReadingFactors,
): number | undefined {
  const x = rawNumber(raw, format);
  const apply = isNonLinear(linearization) ? linearizations[0] : linearizations[linearization & 0x7f];
  if (x === undefined || apply === undefined) return undefined;
  const { m, b, bExponent, resultExponent } = factors;
  const y = apply(scale(m * x + scale(b, bExponent), resultExponent));
  // The addition makes 0 of -0.
  return Number.isFinite(y) ? Number(y.toPrecision(10)) + 0 : undefined;
}

/**
 * The raw reading whose value comes closest: what a controller would report.
 * @returns undefined where no raw reading has a value
 */
export function closestRawReading(
  value: number,
  format: number,
  linearization: number,
  factors: ReadingFactors,
): number | undefined {
  let best: { readonly raw: number; readonly distance: number } | undefined;
  for (let raw = 0; raw <= 0xff; raw++) {
    const converted = convertReading(raw, format, linearization, factors);
    if (converted === undefined) continue;
    const distance = Math.abs(converted - value);
    if (best === undefined || distance < best.distance) best = { raw, distance };
  }
  return best?.raw;
}

/** Times a power of ten; divided by the positive power, which unlike a negative one is exact. */
function scale(value: number, exponent: number): number {
  return exponent < 0 ? value / 10 ** -exponent : value * 10 ** exponent;
}
