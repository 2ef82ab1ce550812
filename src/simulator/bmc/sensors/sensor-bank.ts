import { NotFoundError } from '../../../foundation/errors.ts';
import {
  type GetSensorReadingResponse,
  ThresholdComparison,
} from '../../../protocols/ipmi/commands/sensor/get-sensor-reading.ts';
import type { GetSensorThresholdsResponse } from '../../../protocols/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { rawNumber } from '../../../protocols/ipmi/sdr/conversion.ts';
import { EventReadingType } from '../../../protocols/ipmi/sdr/event-states.ts';
import type { FullSensorRecord } from '../../../protocols/ipmi/sdr/full-sensor-record.ts';
import type { ReadingFactors } from '../../../protocols/ipmi/sdr/reading-factors.ts';
import { ThresholdAccess } from '../../../protocols/ipmi/sdr/sensor-common.ts';
import { thresholdsByBit } from '../../../protocols/ipmi/sdr/sensor-thresholds.ts';
import { defaultSensors } from './default-sensors.ts';
import {
  createSensorModel,
  type ModelSensor,
  rawReadingFor,
  type SensorDefinition,
  type SensorModel,
  sensorKey,
} from './sensor-model.ts';

export type SensorAvailability = 'available' | 'scanning-disabled' | 'reading-unavailable';

export type SensorBankOptions = {
  /** Default: the sensors of a small server, see `default-sensors.ts`. */
  readonly sensors?: readonly SensorDefinition[];
  /** Most bytes of a record in one answer; a request for more is refused with CAh. Default: no limit. */
  readonly maximumChunk?: number;
};

/** The sensors of one simulated BMC, and its sensor data records. */
export type SensorBank = {
  readonly maximumChunk: number;
  /** Records by id, in order. */
  records(): SensorModel['records'];
  /** Makes a new reservation of the records; the one before ends. */
  reserve(): number;
  isReserved(reservationId: number): boolean;
  /** Undefined where there is no such sensor, as in all that follow. */
  reading(lun: number, number: number): GetSensorReadingResponse | undefined;
  thresholds(lun: number, number: number): GetSensorThresholdsResponse | 'none' | undefined;
  factors(
    lun: number,
    number: number,
    raw: number,
  ): { readonly factors: ReadingFactors; readonly nextReading: number } | 'none' | undefined;
  /** LUNs that have sensors, as a mask. */
  luns(): number;
  /** Lets a sensor read the value closest to this one. @param value in its unit @throws NotFoundError */
  setValue(name: string, value: number): void;
  /** Lets a discrete sensor assert these offsets and no others. @throws NotFoundError */
  setStates(name: string, offsets: readonly number[]): void;
  /** @throws NotFoundError */
  setAvailability(name: string, availability: SensorAvailability): void;
  /** Names of all sensors that can be read. */
  names(): readonly string[];
};

type Change = { raw?: number; states?: readonly number[]; availability?: SensorAvailability };

/** Encoded on first use, then shared by all simulated BMCs. */
let sharedDefault: SensorModel | undefined;

function defaultModel(): SensorModel {
  sharedDefault ??= createSensorModel(defaultSensors());
  return sharedDefault;
}

/** Makes nothing until somebody asks: most simulated BMCs of a fleet are never asked for a sensor. */
export function createSensorBank({ sensors, maximumChunk = 0xff }: SensorBankOptions = {}): SensorBank {
  let own: SensorModel | undefined;
  let changes: Map<number, Change> | undefined;
  let reservation = 0;

  function model(): SensorModel {
    own ??= sensors === undefined ? defaultModel() : createSensorModel(sensors);
    return own;
  }

  function change(name: string, next: (sensor: ModelSensor) => Change): void {
    const { byName, sensors: known } = model();
    const key = byName.get(name);
    const sensor = key === undefined ? undefined : known.get(key);
    if (key === undefined || sensor === undefined) throw new NotFoundError(`the simulated BMC has no sensor "${name}"`);
    changes ??= new Map();
    changes.set(key, { ...changes.get(key), ...next(sensor) });
  }

  return {
    maximumChunk,
    records: () => model().records,
    reserve() {
      reservation = reservation >= 0xffff ? 1 : reservation + 1;
      return reservation;
    },
    isReserved: (reservationId) => reservationId !== 0 && reservationId === reservation,
    reading(lun, number) {
      const key = sensorKey(lun, number);
      const sensor = model().sensors.get(key);
      return sensor && readingOf(sensor, changes?.get(key) ?? {});
    },
    thresholds(lun, number) {
      const sensor = model().sensors.get(sensorKey(lun, number));
      return sensor && thresholdsOf(sensor);
    },
    factors(lun, number, raw) {
      const sensor = model().sensors.get(sensorKey(lun, number));
      if (sensor?.record.kind !== 'full') return sensor && 'none';
      return sensor.definition.factors?.(raw) ?? { factors: sensor.record.factors, nextReading: raw };
    },
    luns: () => [...model().sensors.values()].reduce((mask, { record }) => mask | (1 << record.key.lun), 0),
    setValue: (name, value) => change(name, (sensor) => ({ raw: rawFor(sensor, value) })),
    setStates: (name, states) => change(name, () => ({ states })),
    setAvailability: (name, availability) => change(name, () => ({ availability })),
    names: () => [...model().byName.keys()],
  };
}

function readingOf(sensor: ModelSensor, { raw, states, availability = 'available' }: Change): GetSensorReadingResponse {
  const { record, definition } = sensor;
  const { value } = definition;
  const reading = record.kind === 'full' ? (raw ?? (value === undefined ? 0 : rawFor(sensor, value))) : 0;
  const head = {
    reading,
    eventMessagesEnabled: true,
    scanningEnabled: availability !== 'scanning-disabled',
    readingUnavailable: availability === 'reading-unavailable',
  };
  // Bits 7:6 of comparisons are reserved and read as 1.
  if (record.eventReadingType === EventReadingType.threshold) {
    return { ...head, states: 0xc0 | (record.kind === 'full' ? comparison(record, reading) : 0) };
  }
  const asserted = (states ?? definition.states ?? []).reduce((bits, offset) => bits | (1 << offset), 0);
  return { ...head, states: asserted & 0xff, moreStates: (asserted >> 8) & 0x7f };
}

/** Which thresholds a raw reading is at or beyond. @see IPMI v2.0 rev. 1.1 §35.14 */
function comparison(record: FullSensorRecord, raw: number): number {
  const { format } = record.units;
  const number = rawNumber(raw, format) ?? 0;
  return thresholdsByBit.reduce((bits, name, bit) => {
    if ((record.readingMask & (1 << bit)) === 0) return bits;
    const threshold = rawNumber(record.thresholds[name], format) ?? 0;
    const beyond = name.startsWith('lower') ? number <= threshold : number >= threshold;
    return beyond ? bits | ThresholdComparison[name] : bits;
  }, 0);
}

function thresholdsOf({ record }: ModelSensor): GetSensorThresholdsResponse | 'none' {
  if (record.kind !== 'full' || record.eventReadingType !== EventReadingType.threshold) return 'none';
  const access = (record.capabilities >> 2) & 3;
  if (access === ThresholdAccess.none || access === ThresholdAccess.fixed) return 'none';
  return { readable: record.readingMask & 0x3f, thresholds: record.thresholds };
}

function rawFor({ record, definition }: ModelSensor, value: number): number {
  return record.kind === 'full' ? rawReadingFor(value, record, definition.factors) : 0;
}
