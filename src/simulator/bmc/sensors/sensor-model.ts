import { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { BugError } from '../../../foundation/errors.ts';
import { SdrRecordId } from '../../../protocols/ipmi/commands/storage/get-sdr.ts';
import type { CompactSensorRecord } from '../../../protocols/ipmi/sdr/compact-sensor-record.ts';
import { convertReading } from '../../../protocols/ipmi/sdr/conversion.ts';
import type { FullSensorRecord } from '../../../protocols/ipmi/sdr/full-sensor-record.ts';
import type { ReadingFactors } from '../../../protocols/ipmi/sdr/reading-factors.ts';
import { sharedSensors } from '../../../protocols/ipmi/sdr/record-sharing.ts';
import {
  encodeSdrRecord,
  MAXIMUM_SDR_BYTES,
  SDR_VERSION,
  type SdrBody,
} from '../../../protocols/ipmi/sdr/sdr-record.ts';

/** Factors by raw reading, and the reading from which others apply; of non-linear sensors. */
export type FactorsByReading = (raw: number) => { readonly factors: ReadingFactors; readonly nextReading: number };

/** One record of a simulated board, and what its sensors read at first. */
export type SensorDefinition = {
  readonly body: SdrBody;
  /** In the sensor's unit; of sensors with values. */
  readonly value?: number;
  /** Offsets that are asserted; of discrete sensors. */
  readonly states?: readonly number[];
  /** Of non-linear sensors. */
  readonly factors?: FactorsByReading;
};

/** One sensor that can be read. */
export type ModelSensor = {
  readonly name: string;
  readonly record: FullSensorRecord | CompactSensorRecord;
  readonly definition: SensorDefinition;
};

/** The sensors of a board, ready to be read: the same for every controller of its kind. */
export type SensorModel = {
  /** Encoded records by id, in order. */
  readonly records: ReadonlyMap<number, { readonly bytes: Buffer; readonly next: number }>;
  /** By LUN and number, see `sensorKey`. */
  readonly sensors: ReadonlyMap<number, ModelSensor>;
  readonly byName: ReadonlyMap<string, number>;
};

export const sensorKey = (lun: number, number: number): number => (lun << 8) | number;

/** Records get the ids 1, 2, 3, … @throws BugError when two sensors share a name or a number */
export function createSensorModel(definitions: readonly SensorDefinition[]): SensorModel {
  const records = new Map<number, { readonly bytes: Buffer; readonly next: number }>();
  const sensors = new Map<number, ModelSensor>();
  const byName = new Map<string, number>();
  for (const [index, definition] of definitions.entries()) {
    const id = index + 1;
    const writer = new ByteWriter(MAXIMUM_SDR_BYTES);
    encodeSdrRecord({ id, version: SDR_VERSION, body: definition.body }, writer);
    records.set(id, { bytes: writer.done(), next: id === definitions.length ? SdrRecordId.last : id + 1 });
    const record = definition.body;
    if (record.kind !== 'full' && record.kind !== 'compact') continue;
    for (const { number, name } of sharedSensors(record)) {
      const key = sensorKey(record.key.lun, number);
      if (sensors.has(key) || byName.has(name)) throw new BugError(`two sensors ${number} or "${name}"`);
      sensors.set(key, { name, record, definition });
      byName.set(name, key);
    }
  }
  return { records, sensors, byName };
}

/** The raw reading that comes closest to a value. @param factors of a non-linear sensor */
export function rawReadingFor(
  value: number,
  record: Pick<FullSensorRecord, 'linearization' | 'factors'> & { readonly units: { readonly format: number } },
  factors?: FactorsByReading,
): number {
  let best = { raw: 0, distance: Number.POSITIVE_INFINITY };
  for (let raw = 0; raw <= 0xff; raw++) {
    const own = factors?.(raw).factors ?? record.factors;
    const converted = convertReading(raw, record.units.format, record.linearization, own);
    const distance = converted === undefined ? Number.POSITIVE_INFINITY : Math.abs(converted - value);
    if (distance < best.distance) best = { raw, distance };
  }
  return best.raw;
}
