import {
  describeEventState,
  EventReadingType,
  eventStateSeverity,
  sensorTypeName,
  thresholdCrossing,
} from '../sdr/event-states.ts';
import type { StateSeverity } from '../sdr/state-severity.ts';
import { describeEventData, EventDataUse, eventData2Use, eventData3Use, eventOffset } from './event-data.ts';
import { type OtherSelRecord, type SelRecord, type SystemEventRecord, selRecordEvent } from './sel-record.ts';

/** The sensor that an event names. */
export type EventSensor = {
  /** As in {@link SystemEventRecord.generator}. */
  readonly owner: number;
  readonly lun: number;
  readonly number: number;
  readonly sensorType: number;
};

export type Measurement = { readonly value: number; readonly unit: string };

/** What is known of the sensors from their data records; undefined for a sensor that has none. */
export type EventSensors = {
  name(sensor: EventSensor): string | undefined;
  /** A raw reading of a threshold sensor in its unit. */
  convert(sensor: EventSensor, raw: number): Measurement | undefined;
};

/** A record in words. */
export type SelRecordDescription = {
  /** Name of the sensor, else "Temperature 30h"; "OEM record" for what no sensor has logged. */
  readonly source: string;
  /** "Upper Critical going high asserted, reading 92 degrees C, threshold 90 degrees C". */
  readonly text: string;
  readonly severity: StateSeverity;
};

/** For controllers whose sensor records could not be read. */
export const noSensors: EventSensors = { name: () => undefined, convert: () => undefined };

/** Puts a record of the event log into words. @see IPMI v2.0 rev. 1.1 §32, §29.7, §42 */
export function describeSelRecord(record: SelRecord, sensors: EventSensors): SelRecordDescription {
  switch (record.kind) {
    case 'system-event':
      return describeEvent(record, sensors);
    case 'oem-timestamped': {
      const text = `record type ${hex(record.recordType)} of manufacturer ${record.manufacturerId}: ${spaced(record.data)}`;
      return { source: 'OEM record', text, severity: 'unknown' };
    }
    case 'oem':
      return { source: 'OEM record', text: bytesOf(record), severity: 'unknown' };
    case 'unknown': {
      const event = selRecordEvent(record);
      if (event === undefined) return { source: 'Unknown record', text: bytesOf(record), severity: 'unknown' };
      const described = describeEvent(event, sensors);
      return { ...described, text: `${described.text} (record type ${hex(record.recordType)})` };
    }
  }
}

function describeEvent(event: SystemEventRecord, sensors: EventSensors): SelRecordDescription {
  const { generator, sensorNumber, sensorType } = event;
  const sensor = { owner: generator.owner, lun: generator.lun, number: sensorNumber, sensorType };
  const threshold = event.eventType === EventReadingType.threshold;
  const details = threshold ? describeReadings(event, sensor, sensors) : describeEventData(event);
  const state = `${describeState(event)} ${event.deasserted ? 'deasserted' : 'asserted'}`;
  return {
    source: sensors.name(sensor) ?? `${sensorTypeName(sensorType)} ${hex(sensorNumber)}`,
    text: [state, ...details].join(', '),
    severity: threshold ? crossingSeverity(event) : stateSeverity(event),
  };
}

function bytesOf({ recordType, data }: OtherSelRecord): string {
  return `record type ${hex(recordType)}: ${spaced(data)}`;
}

function describeState(event: SystemEventRecord): string {
  const state = describeEventState(event.eventType, event.sensorType, eventOffset(event));
  return isOemEventType(event.eventType) ? `OEM event type ${hex(event.eventType)}, ${state}` : state;
}

/** @see IPMI v2.0 rev. 1.1 §42.1, Table 42-1 */
const isOemEventType = (eventType: number): boolean => eventType >= 0x70;

/** Event data 2 is the reading, event data 3 the threshold, where event data 1 says so. @see §29.7, Table 29-6 */
function describeReadings(event: SystemEventRecord, sensor: EventSensor, sensors: EventSensors): readonly string[] {
  const text = (what: string, use: number, raw: number): readonly string[] => {
    if (use === EventDataUse.unspecified) return [];
    if (use !== EventDataUse.common) return [`${use === EventDataUse.oem ? 'OEM code' : what} ${hex(raw)}`];
    const measured = sensors.convert(sensor, raw);
    return [`${what} ${measured ? `${rounded(measured.value)} ${measured.unit}` : `${hex(raw)} (raw)`}`];
  };
  return [
    ...text('reading', eventData2Use(event), event.eventData2),
    ...text('threshold', eventData3Use(event), event.eventData3),
  ];
}

/**
 * As bad as it is to be beyond the threshold, for an event that says that the reading went there: "upper going high"
 * and "lower going low" asserted, or the opposite direction deasserted. Otherwise it came back, which is fine.
 */
function crossingSeverity(event: SystemEventRecord): StateSeverity {
  const crossing = thresholdCrossing(eventOffset(event));
  if (crossing === undefined) return 'unknown';
  const outward = crossing.threshold.startsWith('upper') === (crossing.direction === 'high');
  return outward === event.deasserted ? 'ok' : crossing.severity;
}

/** A bad state that ends is fine; what the end of a good one ("Device Present") means is not known. */
function stateSeverity(event: SystemEventRecord): StateSeverity {
  const severity = eventStateSeverity(event.eventType, event.sensorType, eventOffset(event));
  if (!event.deasserted) return severity;
  return severity === 'ok' || severity === 'unknown' ? 'unknown' : 'ok';
}

/** Sensor formulas give long fractions; a raw reading has 8 bits. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function spaced(data: Buffer): string {
  return data.toString('hex').replace(/(..)(?=.)/g, '$1 ');
}

function hex(code: number): string {
  return `${code.toString(16).toUpperCase().padStart(2, '0')}h`;
}
