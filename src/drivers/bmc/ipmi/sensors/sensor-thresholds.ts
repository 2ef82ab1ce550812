import type { SensorThresholds } from '../../../../domain/hardware.ts';
import { getSensorThresholds } from '../../../../protocols/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { CompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import type { FullSensorRecord } from '../../../../protocols/ipmi/sdr/full-sensor-record.ts';
import { ThresholdAccess } from '../../../../protocols/ipmi/sdr/sensor-common.ts';
import { type RawThresholds, thresholdsByBit } from '../../../../protocols/ipmi/sdr/sensor-thresholds.ts';
import type { IpmiRequester } from '../requester.ts';
import { askPatiently } from './ask-patiently.ts';
import type { KnownSensor } from './known-sensor.ts';
import { inSensorUnit } from './sensor-value.ts';

export const noThresholds: SensorThresholds = {
  lowerNonRecoverable: null,
  lowerCritical: null,
  lowerNonCritical: null,
  upperNonCritical: null,
  upperCritical: null,
  upperNonRecoverable: null,
};

/** Refusals that will be the same next time. */
const lacking: ReadonlySet<number> = new Set([
  CompletionCode.invalidCommand,
  CompletionCode.invalidForLun,
  CompletionCode.notPresent,
  CompletionCode.invalidDataField,
  CompletionCode.illegalForSensorOrRecord,
]);

/**
 * The thresholds of an analog sensor, in its unit: those that the controller lets read, or, of a sensor with fixed
 * ones that cannot be read, those of its record.
 * @returns undefined when they could not be had this time
 * @see IPMI v2.0 rev. 1.1 §35.9, §43.1 bytes 12, 15 to 20 and 37 to 42
 */
export async function thresholdsOf(
  requester: IpmiRequester,
  sensor: KnownSensor,
  record: FullSensorRecord,
  signal: AbortSignal,
): Promise<SensorThresholds | undefined> {
  switch ((record.capabilities >> 2) & 3) {
    case ThresholdAccess.none:
      return noThresholds;
    case ThresholdAccess.fixed:
      return inUnit(requester, sensor, record, comparedThresholds(record), record.thresholds, signal);
    default: {
      const request = { sensorNumber: sensor.number };
      const options = { lun: record.key.lun };
      const reply = await askPatiently(requester, getSensorThresholds, request, signal, options);
      if (reply.kind === 'malformed') return noThresholds;
      if (reply.kind === 'refused') return lacking.has(reply.completionCode) ? noThresholds : undefined;
      return inUnit(requester, sensor, record, reply.response.readable, reply.response.thresholds, signal);
    }
  }
}

/**
 * Thresholds that a reading is compared with, as a mask by bit: bits 14:12 of the two event masks.
 * @see IPMI v2.0 rev. 1.1 §43.1 bytes 15 to 18
 */
export function comparedThresholds(record: KnownSensor['record']): number {
  return ((record.assertionMask >> 12) & 7) | (((record.deassertionMask >> 12) & 7) << 3);
}

async function inUnit(
  requester: IpmiRequester,
  sensor: KnownSensor,
  record: FullSensorRecord,
  mask: number,
  raw: RawThresholds,
  signal: AbortSignal,
): Promise<SensorThresholds> {
  const values = { ...noThresholds };
  for (const [bit, name] of thresholdsByBit.entries()) {
    if ((mask & (1 << bit)) === 0) continue;
    values[name] = (await inSensorUnit(requester, sensor, record, raw[name], signal)) ?? null;
  }
  return values;
}
