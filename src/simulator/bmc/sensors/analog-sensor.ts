import { EventReadingType } from '../../../protocols/ipmi/sdr/event-states.ts';
import type { FullSensorRecord } from '../../../protocols/ipmi/sdr/full-sensor-record.ts';
import type { ReadingFactors } from '../../../protocols/ipmi/sdr/reading-factors.ts';
import { ThresholdAccess } from '../../../protocols/ipmi/sdr/sensor-common.ts';
import { type RawThresholds, thresholdsByBit } from '../../../protocols/ipmi/sdr/sensor-thresholds.ts';
import { AnalogDataFormat } from '../../../protocols/ipmi/sdr/sensor-units.ts';
import { encodeText, TextCoding } from '../../../protocols/ipmi/type-length.ts';
import { type FactorsByReading, rawReadingFor, type SensorDefinition } from './sensor-model.ts';

/** What makes one threshold sensor differ from the next. */
export type AnalogSensor = {
  readonly name: string;
  readonly number: number;
  readonly lun?: number;
  readonly owner?: number;
  readonly type: number;
  /** Entity id and instance. */
  readonly entity: readonly [id: number, instance: number];
  readonly unit: number;
  readonly percentage?: boolean;
  /** Default: unsigned. */
  readonly format?: number;
  /** Default: linear. */
  readonly linearization?: number;
  /** M, B, K1, K2; default 1, 0, 0, 0. */
  readonly factors?: readonly [m: number, b: number, bExponent: number, resultExponent: number];
  /** Of a non-linear sensor, in place of the factors. */
  readonly factorsByReading?: FactorsByReading;
  /** In the sensor's unit; those that are missing do not exist. */
  readonly thresholds?: Partial<RawThresholds>;
  /** In the sensor's unit. */
  readonly value: number;
  readonly coding?: TextCoding;
};

/** Initialization: everything can be initialized, events and scanning are on. @see IPMI v2.0 rev. 1.1 §43.1 byte 11 */
const INITIALIZATION = 0x7f;
/** Re-arms itself, hysteresis can be read. @see §43.1 byte 12 */
const CAPABILITIES = 0x50;

export const readingFactors = (m: number, b = 0, bExponent = 0, resultExponent = 0): ReadingFactors => ({
  m,
  b,
  bExponent,
  resultExponent,
  tolerance: 0,
  accuracy: 0,
  accuracyExponent: 0,
});

/** A threshold sensor with a full record. @see IPMI v2.0 rev. 1.1 §43.1 */
export function analogSensor(sensor: AnalogSensor): SensorDefinition & { readonly body: FullSensorRecord } {
  const { format = AnalogDataFormat.unsigned, linearization = 0, thresholds = {}, factorsByReading } = sensor;
  const factors = readingFactors(...(sensor.factors ?? [1, 0, 0, 0]));
  const raw = (name: keyof RawThresholds): number => {
    const value = thresholds[name];
    const record = { linearization, factors, units: { format } };
    return value === undefined ? 0 : rawReadingFor(value, record, factorsByReading);
  };
  const readable = thresholdsByBit.reduce((bits, name, bit) => (name in thresholds ? bits | (1 << bit) : bits), 0);
  const access = readable === 0 ? ThresholdAccess.none : ThresholdAccess.readable;
  const body: FullSensorRecord = {
    kind: 'full',
    key: { owner: sensor.owner ?? 0x20, channel: 0, lun: sensor.lun ?? 0, number: sensor.number },
    entityId: sensor.entity[0],
    entityInstance: sensor.entity[1],
    initialization: INITIALIZATION,
    capabilities: CAPABILITIES | (access << 2),
    sensorType: sensor.type,
    eventReadingType: EventReadingType.threshold,
    assertionMask: (readable & 7) << 12,
    deassertionMask: (readable >> 3) << 12,
    readingMask: readable,
    units: { format, rate: 0, modifierUse: 0, percentage: sensor.percentage ?? false, base: sensor.unit, modifier: 0 },
    linearization,
    factors,
    direction: 1,
    analogFlags: 0,
    nominalReading: 0,
    normalMaximum: 0,
    normalMinimum: 0,
    sensorMaximum: format === AnalogDataFormat.unsigned ? 0xff : 0x7f,
    sensorMinimum: format === AnalogDataFormat.unsigned ? 0 : 0x80,
    thresholds: {
      lowerNonCritical: raw('lowerNonCritical'),
      lowerCritical: raw('lowerCritical'),
      lowerNonRecoverable: raw('lowerNonRecoverable'),
      upperNonCritical: raw('upperNonCritical'),
      upperCritical: raw('upperCritical'),
      upperNonRecoverable: raw('upperNonRecoverable'),
    },
    positiveHysteresis: 0,
    negativeHysteresis: 0,
    oem: 0,
    name: encodeText(sensor.name, sensor.coding ?? TextCoding.eightBit),
  };
  return { body, value: sensor.value, ...(factorsByReading && { factors: factorsByReading }) };
}
