import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';

/** How a raw reading is a number. @see IPMI v2.0 rev. 1.1 §43.1 byte 21 */
export const AnalogDataFormat = { unsigned: 0, onesComplement: 1, twosComplement: 2, none: 3 } as const;

/** What the modifier unit does. @see §43.1 byte 21 */
export const ModifierUse = { none: 0, divided: 1, multiplied: 2 } as const;

export type SensorUnits = {
  /** See {@link AnalogDataFormat}. */
  readonly format: number;
  /** See `rates`. */
  readonly rate: number;
  /** See {@link ModifierUse}. */
  readonly modifierUse: number;
  readonly percentage: boolean;
  /** Unit code. */
  readonly base: number;
  /** Unit code. */
  readonly modifier: number;
};

/** Unit codes that code branches on. @see §43.17, Table 43-15 */
export const Unit = {
  unspecified: 0,
  degreesC: 1,
  volts: 4,
  amps: 5,
  watts: 6,
  cfm: 17,
  rpm: 18,
  hours: 24,
} as const;

/** By unit code. @see IPMI v2.0 rev. 1.1 §43.17, Table 43-15 */
const units: readonly string[] = [
  'unspecified',
  'degrees C',
  'degrees F',
  'degrees K',
  'V',
  'A',
  'W',
  'J',
  'coulombs',
  'VA',
  'nits',
  'lm',
  'lux',
  'cd',
  'kPa',
  'PSI',
  'N',
  'CFM',
  'RPM',
  'Hz',
  'µs',
  'ms',
  's',
  'min',
  'h',
  'days',
  'weeks',
  'mil',
  'in',
  'ft',
  'cu in',
  'cu ft',
  'mm',
  'cm',
  'm',
  'cu cm',
  'cu m',
  'liters',
  'fl oz',
  'radians',
  'steradians',
  'revolutions',
  'cycles',
  'gravities',
  'oz',
  'lb',
  'ft lb',
  'oz in',
  'gauss',
  'gilberts',
  'H',
  'mH',
  'F',
  'µF',
  'ohms',
  'siemens',
  'mol',
  'Bq',
  'PPM',
  'reserved',
  'dB',
  'dBA',
  'dBC',
  'Gy',
  'Sv',
  'color temp deg K',
  'bits',
  'kilobits',
  'megabits',
  'gigabits',
  'bytes',
  'kilobytes',
  'megabytes',
  'gigabytes',
  'words',
  'dwords',
  'qwords',
  'lines',
  'hits',
  'misses',
  'retries',
  'resets',
  'overruns',
  'underruns',
  'collisions',
  'packets',
  'messages',
  'characters',
  'errors',
  'correctable errors',
  'uncorrectable errors',
  'fatal errors',
  'grams',
];

/** By rate code. @see §43.1 byte 21 bits 5:3 */
const rates: readonly string[] = ['', ' per µs', ' per ms', ' per s', ' per min', ' per h', ' per day', ''];

/**
 * Reads the units of a sensor record.
 *   0  bits 7:6 analog data format, 5:3 rate, 2:1 use of the modifier, 0 percentage
 *   1  base unit
 *   2  modifier unit
 * @throws DecodeError when shorter than 3 bytes
 * @see IPMI v2.0 rev. 1.1 §43.1 bytes 21 to 23
 */
export function decodeSensorUnits(reader: ByteReader): SensorUnits {
  const flags = reader.u8('sensor units 1');
  return {
    format: flags >> 6,
    rate: (flags >> 3) & 7,
    modifierUse: (flags >> 1) & 3,
    percentage: (flags & 1) !== 0,
    base: reader.u8('base unit'),
    modifier: reader.u8('modifier unit'),
  };
}

/** Writes the units of a sensor record. @see IPMI v2.0 rev. 1.1 §43.1 bytes 21 to 23 */
export function encodeSensorUnits(
  { format, rate, modifierUse, percentage, base, modifier }: SensorUnits,
  writer: ByteWriter,
): void {
  writer.u8((format << 6) | (rate << 3) | (modifierUse << 1) | (percentage ? 1 : 0));
  writer.u8(base).u8(modifier);
}

/**
 * "RPM", "degrees C", "%", "W/cu m", "packets per s"; empty for a bare number. A modifier without a unit is left out:
 * Dell PowerEdge C6220 (Wistron) has "degrees C / unspecified".
 * @see IPMI v2.0 rev. 1.1 §43.17
 */
export function formatUnits({ rate, modifierUse, percentage, base, modifier }: SensorUnits): string {
  const name = (code: number): string => (code === Unit.unspecified ? '' : (units[code] ?? `unit ${code}`));
  const second = name(modifier);
  const sign = modifierUse === ModifierUse.divided ? '/' : modifierUse === ModifierUse.multiplied ? '·' : '';
  const whole = `${name(base)}${sign === '' || second === '' ? '' : `${sign}${second}`}${rates[rate] ?? ''}`;
  return percentage ? `% ${whole}`.trim() : whole.trim();
}
