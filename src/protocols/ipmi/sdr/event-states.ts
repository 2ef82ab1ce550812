import { sensorTypes } from './sensor-types.ts';
import { critical, type EventState, fatal, ok, type StateSeverity, unclear, warning } from './state-severity.ts';

/** Event/reading type codes that code branches on. @see IPMI v2.0 rev. 1.1 §42.1, Table 42-1 */
export const EventReadingType = { unspecified: 0x00, threshold: 0x01, sensorSpecific: 0x6f } as const;

/** One way over a threshold. */
export type ThresholdCrossing = {
  /** "Upper Critical going high". */
  readonly text: string;
  readonly threshold:
    | 'lowerNonCritical'
    | 'lowerCritical'
    | 'lowerNonRecoverable'
    | 'upperNonCritical'
    | 'upperCritical'
    | 'upperNonRecoverable';
  readonly direction: 'low' | 'high';
  /** How bad it is to be beyond this threshold. */
  readonly severity: Exclude<StateSeverity, 'ok' | 'unknown'>;
};

/** By half the event offset. @see IPMI v2.0 rev. 1.1 §42.1, Table 42-2, type 01h */
const thresholds = [
  { name: 'Lower Non-critical', threshold: 'lowerNonCritical', severity: 'warning' },
  { name: 'Lower Critical', threshold: 'lowerCritical', severity: 'critical' },
  { name: 'Lower Non-recoverable', threshold: 'lowerNonRecoverable', severity: 'non-recoverable' },
  { name: 'Upper Non-critical', threshold: 'upperNonCritical', severity: 'warning' },
  { name: 'Upper Critical', threshold: 'upperCritical', severity: 'critical' },
  { name: 'Upper Non-recoverable', threshold: 'upperNonRecoverable', severity: 'non-recoverable' },
] as const;

/** By event/reading type code, by offset. @see IPMI v2.0 rev. 1.1 §42.1, Table 42-2 */
const genericStates: Readonly<Record<number, readonly EventState[]>> = {
  1: thresholds.flatMap(({ name, severity }) => [
    { text: `${name} going low`, severity },
    { text: `${name} going high`, severity },
  ]),
  2: [ok('Transition to Idle'), ok('Transition to Active'), ok('Transition to Busy')],
  3: [ok('State Deasserted'), unclear('State Asserted')],
  4: [ok('Predictive Failure Deasserted'), warning('Predictive Failure Asserted')],
  5: [ok('Limit Not Exceeded'), critical('Limit Exceeded')],
  6: [ok('Performance Met'), warning('Performance Lags')],
  7: [
    ok('Transition to OK'),
    warning('Transition to Non-critical from OK'),
    critical('Transition to Critical from less severe'),
    fatal('Transition to Non-recoverable from less severe'),
    warning('Transition to Non-critical from more severe'),
    critical('Transition to Critical from Non-recoverable'),
    fatal('Transition to Non-recoverable'),
    ok('Monitor'),
    ok('Informational'),
  ],
  8: [ok('Device Absent'), ok('Device Present')],
  9: [ok('Device Disabled'), ok('Device Enabled')],
  10: [
    ok('Transition to Running'),
    ok('Transition to In Test'),
    ok('Transition to Power Off'),
    ok('Transition to On Line'),
    ok('Transition to Off Line'),
    ok('Transition to Off Duty'),
    warning('Transition to Degraded'),
    ok('Transition to Power Save'),
    critical('Install Error'),
  ],
  11: [
    ok('Fully Redundant'),
    warning('Redundancy Lost'),
    warning('Redundancy Degraded'),
    warning('Non-redundant: Sufficient Resources from Redundant'),
    warning('Non-redundant: Sufficient Resources from Insufficient Resources'),
    critical('Non-redundant: Insufficient Resources'),
    warning('Redundancy Degraded from Fully Redundant'),
    warning('Redundancy Degraded from Non-redundant'),
  ],
  12: [ok('D0 Power State'), ok('D1 Power State'), ok('D2 Power State'), ok('D3 Power State')],
};

/**
 * "Temperature"; "OEM C0h" and "type 2Dh" for codes without a name.
 * @see IPMI v2.0 rev. 1.1 §42.2, Table 42-3
 */
export function sensorTypeName(type: number): string {
  return sensorTypes[type]?.name ?? (type >= 0xc0 ? `OEM ${hex(type)}` : `type ${hex(type)}`);
}

/**
 * What one offset of a sensor or an event means: "Power Supply Failure Detected", "Upper Critical going high"; "state
 * 5" where the tables name none (OEM codes, and offsets that boards make up: Supermicro H8SGL-F sets all fifteen).
 * @param eventReadingType bits 6:0
 * @param offset 0 to 14
 * @see IPMI v2.0 rev. 1.1 §42.1, §42.2
 */
export function describeEventState(eventReadingType: number, sensorType: number, offset: number): string {
  return findState(eventReadingType, sensorType, offset)?.text ?? `state ${offset}`;
}

/** How bad that state is while it is asserted; `unknown` where the tables do not name it. */
export function eventStateSeverity(eventReadingType: number, sensorType: number, offset: number): StateSeverity {
  return findState(eventReadingType, sensorType, offset)?.severity ?? 'unknown';
}

/** Whether the tables name this state. */
export function isKnownEventState(eventReadingType: number, sensorType: number, offset: number): boolean {
  return findState(eventReadingType, sensorType, offset) !== undefined;
}

/**
 * The crossing that an event offset of a threshold sensor stands for.
 * @param offset 0 to 11; undefined for others
 * @see IPMI v2.0 rev. 1.1 §42.1, Table 42-2
 */
export function thresholdCrossing(offset: number): ThresholdCrossing | undefined {
  const row = thresholds[offset >> 1];
  if (row === undefined || offset < 0) return undefined;
  const direction = (offset & 1) === 0 ? 'low' : 'high';
  const { name, threshold, severity } = row;
  return { text: `${name} going ${direction}`, threshold, direction, severity };
}

function findState(eventReadingType: number, sensorType: number, offset: number): EventState | undefined {
  if (eventReadingType === EventReadingType.sensorSpecific) return sensorTypes[sensorType]?.states[offset];
  return genericStates[eventReadingType]?.[offset];
}

function hex(code: number): string {
  return `${code.toString(16).toUpperCase().padStart(2, '0')}h`;
}
