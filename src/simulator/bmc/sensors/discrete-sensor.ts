import type { CompactSensorRecord } from '../../../protocols/ipmi/sdr/compact-sensor-record.ts';
import type { EventOnlyRecord } from '../../../protocols/ipmi/sdr/event-only-record.ts';
import { EventReadingType } from '../../../protocols/ipmi/sdr/event-states.ts';
import type { RecordSharing } from '../../../protocols/ipmi/sdr/record-sharing.ts';
import { AnalogDataFormat } from '../../../protocols/ipmi/sdr/sensor-units.ts';
import { encodeText, TextCoding } from '../../../protocols/ipmi/type-length.ts';
import type { SensorDefinition } from './sensor-model.ts';

/** What makes one discrete sensor differ from the next. */
export type DiscreteSensor = {
  readonly name: string;
  readonly number: number;
  readonly lun?: number;
  readonly owner?: number;
  readonly type: number;
  /** Default: sensor-specific. */
  readonly eventReadingType?: number;
  /** Entity id and instance. */
  readonly entity: readonly [id: number, instance: number];
  /** Sensors that share the record, their names ending with 1, 2, … Default: 1. */
  readonly count?: number;
  /** Offsets that are asserted at first; default none. */
  readonly states?: readonly number[];
  readonly coding?: TextCoding;
};

/** Initialization: scanning and events on; states 14:0 can be had. @see IPMI v2.0 rev. 1.1 §43.2 */
const INITIALIZATION = 0x67;
/** Re-arms itself. */
const CAPABILITIES = 0x40;
const ALL_STATES = 0x7fff;

/** One or several discrete sensors with a compact record. @see IPMI v2.0 rev. 1.1 §43.2 */
export function discreteSensor(sensor: DiscreteSensor): SensorDefinition & { readonly body: CompactSensorRecord } {
  const body: CompactSensorRecord = {
    kind: 'compact',
    key: { owner: sensor.owner ?? 0x20, channel: 0, lun: sensor.lun ?? 0, number: sensor.number },
    entityId: sensor.entity[0],
    entityInstance: sensor.entity[1],
    initialization: INITIALIZATION,
    capabilities: CAPABILITIES,
    sensorType: sensor.type,
    eventReadingType: sensor.eventReadingType ?? EventReadingType.sensorSpecific,
    assertionMask: ALL_STATES,
    deassertionMask: ALL_STATES,
    readingMask: ALL_STATES,
    units: { format: AnalogDataFormat.none, rate: 0, modifierUse: 0, percentage: false, base: 0, modifier: 0 },
    sharing: sharingOf(sensor),
    positiveHysteresis: 0,
    negativeHysteresis: 0,
    oem: 0,
    name: encodeText(sensor.name, sensor.coding ?? TextCoding.eightBit),
  };
  return { body, states: sensor.states ?? [] };
}

/** A sensor that only makes events. @see IPMI v2.0 rev. 1.1 §43.3 */
export function eventOnlySensor(sensor: Omit<DiscreteSensor, 'states'>): SensorDefinition {
  const body: EventOnlyRecord = {
    kind: 'event-only',
    key: { owner: sensor.owner ?? 0x20, channel: 0, lun: sensor.lun ?? 0, number: sensor.number },
    entityId: sensor.entity[0],
    entityInstance: sensor.entity[1],
    sensorType: sensor.type,
    eventReadingType: sensor.eventReadingType ?? EventReadingType.sensorSpecific,
    sharing: sharingOf(sensor),
    oem: 0,
    name: encodeText(sensor.name, sensor.coding ?? TextCoding.eightBit),
  };
  return { body };
}

function sharingOf({ count = 1 }: Pick<DiscreteSensor, 'count'>): RecordSharing {
  return { direction: 1, nameModifier: 0, count, instanceIncrements: count > 1, nameModifierOffset: 1 };
}
