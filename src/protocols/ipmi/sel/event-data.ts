import { describeEventState, EventReadingType } from '../sdr/event-states.ts';
import {
  auxiliaryLogActions,
  auxiliaryLogs,
  filterActions,
  firmwareErrors,
  firmwareProgress,
  fruStateCauses,
  powerStates,
  restartCauses,
  sessionEnds,
  slotTypes,
  supplyConfigurationErrors,
  versionChanges,
  watchdogInterrupts,
  watchdogUses,
} from './event-data-tables.ts';
import type { SystemEventRecord } from './sel-record.ts';

/** What a byte of event data holds, by its two bits of event data 1. @see IPMI v2.0 rev. 1.1 §29.7, Table 29-6 */
export const EventDataUse = { unspecified: 0, common: 1, oem: 2, sensorSpecific: 3 } as const;

/** Use of event data 2, as event data 1 tells. */
export const eventData2Use = (event: SystemEventRecord): number => event.eventData1 >> 6;
/** Use of event data 3. */
export const eventData3Use = (event: SystemEventRecord): number => (event.eventData1 >> 4) & 3;
/** Event offset: the state, or the threshold crossing, that the event is about. */
export const eventOffset = (event: SystemEventRecord): number => event.eventData1 & 0x0f;

/** Bits of a 4-bit offset that say "none". */
const NO_OFFSET = 0x0f;
const SEVERITY_TYPE = 0x07;

/**
 * What event data 2 and 3 of a discrete event say beyond its state, in words: "previously Device Absent", "memory
 * module 3". Bytes whose use is unspecified say nothing; OEM codes, and codes that no table has, are shown as they are.
 * @see IPMI v2.0 rev. 1.1 §29.7, Table 29-6; §42.2, Table 42-3
 */
export function describeEventData(event: SystemEventRecord): readonly string[] {
  const use2 = eventData2Use(event);
  const use3 = eventData3Use(event);
  const own2 = use2 === EventDataUse.sensorSpecific ? event.eventData2 : undefined;
  const own3 = use3 === EventDataUse.sensorSpecific ? event.eventData3 : undefined;
  const specific = event.eventType === EventReadingType.sensorSpecific ? readers[event.sensorType] : undefined;
  const words = specific?.(eventOffset(event), own2, own3) ?? [];
  return [
    ...(use2 === EventDataUse.common ? describePrevious(event) : []),
    ...words,
    ...(words.length === 0 && own2 !== undefined ? [`event data 2 ${hex(own2)}`] : []),
    ...(words.length === 0 && own3 !== undefined ? [`event data 3 ${hex(own3)}`] : []),
    ...(use2 === EventDataUse.oem ? [`OEM code ${hex(event.eventData2)} in event data 2`] : []),
    ...(use3 === EventDataUse.oem ? [`OEM code ${hex(event.eventData3)} in event data 3`] : []),
  ];
}

/** Event data 2 as severity (7:4) and previous state (3:0), Fh for none. @see Table 29-6 */
function describePrevious({ eventType, sensorType, eventData2 }: SystemEventRecord): readonly string[] {
  const severity = eventData2 >> 4;
  const previous = eventData2 & 0x0f;
  return [
    ...(severity === NO_OFFSET ? [] : [`severity ${describeEventState(SEVERITY_TYPE, sensorType, severity)}`]),
    ...(previous === NO_OFFSET ? [] : [`previously ${describeEventState(eventType, sensorType, previous)}`]),
  ];
}

type EventDataReader = (offset: number, data2: number | undefined, data3: number | undefined) => readonly string[];

/** By sensor type, for sensor-specific events (6Fh). @see IPMI v2.0 rev. 1.1 §42.2, Table 42-3 */
const readers: Readonly<Record<number, EventDataReader>> = {
  5: (offset, data2) => when(offset === 4, data2, (value) => `network controller ${value}`),
  8: (offset, _data2, data3) => when(offset === 6, data3, (value) => named(supplyConfigurationErrors, value & 0x0f)),
  12: (_offset, _data2, data3) => when(true, data3, (value) => `memory module ${value}`),
  15: (offset, data2) =>
    when(offset <= 2, data2, (value) => named(offset === 0 ? firmwareErrors : firmwareProgress, value)),
  16: describeLoggingDisabled,
  18: describeSystemEvent,
  25: (offset, data2, data3) => [
    ...when(offset === 0, data2, (value) => `requested ${named(powerStates, value)}`),
    ...when(offset === 0, data3, (value) => `at the time ${named(powerStates, value)}`),
  ],
  29: (offset, data2, data3) => [
    ...when(offset === 7, data2, (value) => named(restartCauses, value & 0x0f)),
    ...when(offset === 7, data3, (value) => `channel ${value & 0x0f}`),
  ],
  33: (_offset, data2, data3) => [
    ...when(true, data2, (value) => named(slotTypes, value & 0x7f)),
    ...when(true, data3, (value) => `slot ${value}`),
  ],
  35: (_offset, data2) =>
    when(true, data2, (value) => {
      const interrupt = value >> 4;
      const code = value & 0x0f;
      const use = `timer use ${code === NO_OFFSET ? 'unspecified' : named(watchdogUses, code)}`;
      return interrupt === NO_OFFSET ? use : `${use}, interrupt ${named(watchdogInterrupts, interrupt)}`;
    }),
  40: (offset, data2, data3) => [
    ...when(offset === 0 || offset === 4, data2, (value) => `sensor ${hex(value)}`),
    ...when(offset === 5, data3, (value) => failedFru(value, data2)),
  ],
  42: (_offset, data2, data3) => [
    ...when(true, data2, (value) => ((value & 0x3f) === 0 ? 'user not told' : `user ${value & 0x3f}`)),
    ...when(true, data3, (value) => `channel ${value & 0x0f}, ${named(sessionEnds, (value >> 4) & 3)}`),
  ],
  43: (_offset, data2) => when(true, data2, (value) => named(versionChanges, value)),
  44: (_offset, data2) =>
    when(true, data2, (value) => {
      const cause = value >> 4;
      const previous = `previously ${describeEventState(EventReadingType.sensorSpecific, 44, value & 0x0f)}`;
      return cause === NO_OFFSET ? previous : `${named(fruStateCauses, cause)}, ${previous}`;
    }),
};

/** A logical FRU device by its id, others by their slave address on a private bus. @see Table 42-3, type 28h offset 05h */
function failedFru(data3: number, data2 = 0x80): string {
  return (data2 & 0x80) === 0 ? `FRU at address ${hex(data3)} of private bus ${data2 & 7}` : `FRU device ${data3}`;
}

/** Event logging disabled. @see Table 42-3, type 10h */
function describeLoggingDisabled(
  offset: number,
  data2: number | undefined,
  data3: number | undefined,
): readonly string[] {
  switch (offset) {
    case 0:
      return when(true, data2, (value) => `memory module ${value}`);
    case 1:
      return [
        ...when(true, data2, (value) => `event type ${hex(value)}`),
        ...when(true, data3, (value) =>
          (value & 0x20) !== 0
            ? 'all events of that type'
            : `offset ${value & 0x0f}, ${(value & 0x10) !== 0 ? 'assertions' : 'deassertions'}`,
        ),
      ];
    case 5:
      return when(true, data3, (value) => `${value} % full`);
    case 6:
      return when(true, data2, (value) => `processor ${value}`);
    default:
      return [];
  }
}

/** System event. @see Table 42-3, type 12h */
function describeSystemEvent(offset: number, data2: number | undefined): readonly string[] {
  switch (offset) {
    case 3:
      return when(
        true,
        data2,
        (value) => `${named(auxiliaryLogs, value & 0x0f)}: ${named(auxiliaryLogActions, value >> 4)}`,
      );
    case 4:
      return when(true, data2, (value) => {
        const actions = filterActions.filter((_action, bit) => (value & (1 << bit)) !== 0);
        return actions.length === 0 ? 'no action' : actions.join(' and ');
      });
    case 5:
      return when(true, data2, (value) => {
        const clock = (value & 0x0f) === 0 ? 'event log' : (value & 0x0f) === 1 ? 'SDR repository' : 'other';
        return `${clock} clock, ${(value & 0x80) === 0 ? 'before' : 'after'} the change`;
      });
    default:
      return [];
  }
}

function when(applies: boolean, data: number | undefined, text: (value: number) => string): readonly string[] {
  return applies && data !== undefined ? [text(data)] : [];
}

function named(table: readonly string[], code: number): string {
  return table[code] ?? `code ${hex(code)}`;
}

function hex(code: number): string {
  return `${code.toString(16).toUpperCase().padStart(2, '0')}h`;
}
