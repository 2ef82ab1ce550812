import type { Health, SensorThresholds } from '../../../../domain/hardware.ts';
import type { GetSensorReadingResponse } from '../../../../protocols/ipmi/commands/sensor/get-sensor-reading.ts';
import {
  describeEventState,
  eventStateSeverity,
  isKnownEventState,
} from '../../../../protocols/ipmi/sdr/event-states.ts';
import { type ThresholdName, thresholdsByBit } from '../../../../protocols/ipmi/sdr/sensor-thresholds.ts';
import type { KnownSensor } from './known-sensor.ts';
import { comparedThresholds } from './sensor-thresholds.ts';

/** What a sensor says of itself now. */
export type SensorStates = { readonly states: readonly string[]; readonly health: Health };

/** @see IPMI v2.0 rev. 1.1 §35.14, Table 35-15 */
const crossings: Readonly<Record<ThresholdName, { readonly text: string; readonly health: Health }>> = {
  lowerNonCritical: { text: 'At or Below Lower Non-critical', health: 'warning' },
  lowerCritical: { text: 'At or Below Lower Critical', health: 'critical' },
  lowerNonRecoverable: { text: 'At or Below Lower Non-recoverable', health: 'non-recoverable' },
  upperNonCritical: { text: 'At or Above Upper Non-critical', health: 'warning' },
  upperCritical: { text: 'At or Above Upper Critical', health: 'critical' },
  upperNonRecoverable: { text: 'At or Above Upper Non-recoverable', health: 'non-recoverable' },
};

const worstFirst: readonly Health[] = ['non-recoverable', 'critical', 'warning', 'ok', 'unknown'];

/** OEM event/reading types; their states have numbers only. @see IPMI v2.0 rev. 1.1 §42.1, Table 42-1 */
const OEM_EVENT_TYPES = 0x70;
const DISCRETE_STATES = 15;

/**
 * The thresholds that a threshold sensor is beyond. The controller's own comparison counts, with its hysteresis; the
 * bits of thresholds that the sensor does not have are left out. Without a comparison (Dell PowerEdge 2950 leaves it
 * out) the value is compared here.
 * @see IPMI v2.0 rev. 1.1 §35.14
 */
export function thresholdStates(
  sensor: KnownSensor,
  reading: GetSensorReadingResponse,
  value: number | null,
  thresholds: SensorThresholds,
): SensorStates {
  const bits = reading.states === undefined ? compare(value, thresholds) : reading.states & supported(sensor);
  if (bits === undefined) return { states: [], health: 'unknown' };
  const crossed = thresholdsByBit.filter((_, bit) => (bits & (1 << bit)) !== 0).map((name) => crossings[name]);
  return { states: crossed.map(({ text }) => text), health: worst(crossed.map(({ health }) => health)) };
}

/**
 * The states of a discrete sensor. Offsets that the specification does not have are left out: Dell PowerEdge 2950 and
 * Supermicro H8SGL-F set them at random (FreeIPMI's list of defects). Those of OEM types are told by number.
 * @see IPMI v2.0 rev. 1.1 §35.14, §42.1, §42.2
 */
export function discreteStates({ record }: KnownSensor, reading: GetSensorReadingResponse): SensorStates {
  if (reading.states === undefined) return { states: [], health: 'unknown' };
  const { eventReadingType, sensorType } = record;
  const bits = reading.states | ((reading.moreStates ?? 0) << 8);
  const told = Array.from({ length: DISCRETE_STATES }, (_, offset) => offset).filter(
    (offset) =>
      (bits & (1 << offset)) !== 0 &&
      (eventReadingType >= OEM_EVENT_TYPES ||
        sensorType >= 0xc0 ||
        isKnownEventState(eventReadingType, sensorType, offset)),
  );
  return {
    states: told.map((offset) => describeEventState(eventReadingType, sensorType, offset)),
    health: worst(told.map((offset) => eventStateSeverity(eventReadingType, sensorType, offset))),
  };
}

/** Which comparisons mean something: by the masks for comparisons, else by those for reading; without either, all. */
function supported({ record }: KnownSensor): number {
  const mask = comparedThresholds(record) | (record.readingMask & 0x3f);
  return mask === 0 ? 0x3f : mask;
}

function compare(value: number | null, thresholds: SensorThresholds): number | undefined {
  if (value === null || Object.values(thresholds).every((each) => each === null)) return undefined;
  return thresholdsByBit.reduce((bits, name, bit) => {
    const threshold = thresholds[name];
    const beyond = threshold !== null && (name.startsWith('lower') ? value <= threshold : value >= threshold);
    return beyond ? bits | (1 << bit) : bits;
  }, 0);
}

function worst(healths: readonly Health[]): Health {
  return healths.length === 0 ? 'ok' : (worstFirst.find((each) => healths.includes(each)) ?? 'unknown');
}
