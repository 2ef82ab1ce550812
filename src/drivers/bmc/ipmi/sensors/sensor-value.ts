import { getSensorReadingFactors } from '../../../../protocols/ipmi/commands/sensor/get-sensor-reading-factors.ts';
import { convertReading, isNonLinear } from '../../../../protocols/ipmi/sdr/conversion.ts';
import { EventReadingType } from '../../../../protocols/ipmi/sdr/event-states.ts';
import type { FullSensorRecord } from '../../../../protocols/ipmi/sdr/full-sensor-record.ts';
import { AnalogDataFormat, Unit } from '../../../../protocols/ipmi/sdr/sensor-units.ts';
import type { IpmiRequester } from '../requester.ts';
import { askPatiently } from './ask-patiently.ts';
import type { KnownSensor } from './known-sensor.ts';

/**
 * The record of a sensor whose readings are values. Threshold sensors have them where their record is a full one. Of
 * discrete ones, HP ProLiant DL380 G7 and ML310 G5 give values with a unit (FreeIPMI's list of defects); without a unit the
 * format says nothing, since many boards leave it at "unsigned".
 */
export function analogRecord({ record }: KnownSensor): FullSensorRecord | undefined {
  if (record.kind !== 'full' || record.units.format === AnalogDataFormat.none) return undefined;
  if (record.eventReadingType === EventReadingType.threshold) return record;
  const hasUnit = record.units.base !== Unit.unspecified || record.units.percentage;
  return hasUnit && record.factors.m !== 0 ? record : undefined;
}

/**
 * What a raw reading is in the sensor's unit. The factors of a non-linear sensor are asked for once a raw reading.
 * @returns undefined where the sensor has no value for it
 * @see IPMI v2.0 rev. 1.1 §36.3, §35.5
 */
export async function inSensorUnit(
  requester: IpmiRequester,
  sensor: KnownSensor,
  record: FullSensorRecord,
  raw: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { linearization, units } = record;
  if (!isNonLinear(linearization)) return convertReading(raw, units.format, linearization, record.factors);
  sensor.factors ??= new Map();
  let factors = sensor.factors.get(raw);
  if (factors === undefined) {
    const request = { sensorNumber: sensor.number, reading: raw };
    const options = { lun: record.key.lun };
    const reply = await askPatiently(requester, getSensorReadingFactors, request, signal, options);
    if (reply.kind !== 'answered') return undefined;
    factors = reply.response.factors;
    sensor.factors.set(raw, factors);
  }
  return convertReading(raw, units.format, linearization, factors);
}
