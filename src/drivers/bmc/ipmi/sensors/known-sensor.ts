import type { SensorThresholds } from '../../../../domain/hardware.ts';
import type { CompactSensorRecord } from '../../../../protocols/ipmi/sdr/compact-sensor-record.ts';
import { describeEntity } from '../../../../protocols/ipmi/sdr/entities.ts';
import type { FullSensorRecord } from '../../../../protocols/ipmi/sdr/full-sensor-record.ts';
import type { ReadingFactors } from '../../../../protocols/ipmi/sdr/reading-factors.ts';
import { sharedSensors } from '../../../../protocols/ipmi/sdr/record-sharing.ts';
import type { SdrRecord } from '../../../../protocols/ipmi/sdr/sdr-record.ts';

/** One sensor that can be read, and what was learnt about it besides its record. */
export type KnownSensor = {
  readonly record: FullSensorRecord | CompactSensorRecord;
  readonly number: number;
  readonly name: string;
  /** "processor 1". */
  readonly entity: string;
  /** Asked for once, and again when the controller's comparison with them comes out differently. */
  thresholds?: { readonly values: SensorThresholds; readonly comparison: number };
  /** Factors of a non-linear sensor by raw reading. */
  factors?: Map<number, ReadingFactors>;
};

/** Owner id with this bit: system software, which nobody can ask over the LAN. @see IPMI v2.0 rev. 1.1 §43.1 byte 6 */
const SYSTEM_SOFTWARE = 0x01;

/** More than a controller can number: 255 on each of 4 LUNs, and as many of other controllers. */
const MAXIMUM_SENSORS = 2_040;

/** The sensors of the records, in their order: shared records as each of their sensors, event-only ones left out. */
export function knownSensors(records: readonly SdrRecord[]): readonly KnownSensor[] {
  const sensors = records.flatMap(({ body }) => {
    if (body.kind !== 'full' && body.kind !== 'compact') return [];
    if ((body.key.owner & SYSTEM_SOFTWARE) !== 0) return [];
    return sharedSensors(body).map(({ number, entityInstance, name }) => ({
      record: body,
      number,
      name: name === '' ? `sensor ${number.toString(16).toUpperCase().padStart(2, '0')}h` : name,
      entity: describeEntity(body.entityId, entityInstance),
    }));
  });
  return sensors.slice(0, MAXIMUM_SENSORS);
}
