import { describe, expect, test } from 'vitest';
import { describeEntity } from '../../../../src/protocols/ipmi/sdr/entities.ts';
import {
  describeEventState,
  eventStateSeverity,
  isKnownEventState,
  sensorTypeName,
  thresholdCrossing,
} from '../../../../src/protocols/ipmi/sdr/event-states.ts';

describe('states of sensors and events (§42)', () => {
  test.each([
    [0x01, 'Temperature'],
    [0x04, 'Fan'],
    [0x13, 'Critical Interrupt'],
    [0x20, 'OS Critical Stop'],
    [0x23, 'Watchdog 2'],
    [0x2c, 'FRU State'],
    [0x2d, 'type 2Dh'],
    [0xc0, 'OEM C0h'],
    [0xff, 'OEM FFh'],
  ])('sensor type %i is %s', (type, name) => expect(sensorTypeName(type)).toBe(name));

  test.each([
    // event/reading type, sensor type, offset, text, severity
    [0x01, 0x01, 9, 'Upper Critical going high', 'critical'],
    [0x01, 0x04, 4, 'Lower Non-recoverable going low', 'non-recoverable'],
    [0x03, 0x01, 1, 'State Asserted', 'unknown'],
    [0x07, 0x02, 0, 'Transition to OK', 'ok'],
    [0x08, 0x0d, 1, 'Device Present', 'ok'],
    [0x0a, 0x04, 6, 'Transition to Degraded', 'warning'],
    [0x0b, 0x08, 5, 'Non-redundant: Insufficient Resources', 'critical'],
    [0x0c, 0x21, 3, 'D3 Power State', 'ok'],
    [0x6f, 0x07, 1, 'Thermal Trip', 'non-recoverable'],
    [0x6f, 0x08, 1, 'Power Supply Failure Detected', 'critical'],
    [0x6f, 0x0d, 7, 'Rebuild/Remap in Progress', 'warning'],
    [0x6f, 0x10, 4, 'SEL Full', 'warning'],
    [0x6f, 0x22, 14, 'Unknown', 'unknown'],
    [0x6f, 0x23, 8, 'Timer Interrupt', 'warning'],
    [0x6f, 0x29, 2, 'Battery Presence Detected', 'ok'],
    [0x6f, 0x2a, 2, 'Invalid User Name or Password', 'warning'],
    [0x6f, 0x2b, 7, 'Software or Firmware Change Successful', 'ok'],
    [0x6f, 0x2c, 7, 'FRU Communication Lost', 'critical'],
  ])('%i of sensor type %i, offset %i is %s, %s', (event, type, offset, text, severity) => {
    expect(describeEventState(event, type, offset)).toBe(text);
    expect(eventStateSeverity(event, type, offset)).toBe(severity);
  });

  test('what the tables do not name has its number', () => {
    expect(describeEventState(0x6f, 0x08, 8)).toBe('state 8');
    expect(describeEventState(0x70, 0x08, 1)).toBe('state 1');
    expect(describeEventState(0x6f, 0xc1, 0)).toBe('state 0');
    expect(isKnownEventState(0x6f, 0x08, 8)).toBe(false);
    expect(isKnownEventState(0x6f, 0x08, 7)).toBe(true);
  });

  test('threshold crossings alternate going low and going high', () => {
    expect(thresholdCrossing(0)).toEqual({
      text: 'Lower Non-critical going low',
      threshold: 'lowerNonCritical',
      direction: 'low',
      severity: 'warning',
    });
    expect(thresholdCrossing(11)).toMatchObject({ threshold: 'upperNonRecoverable', direction: 'high' });
    expect([thresholdCrossing(12), thresholdCrossing(-1)]).toEqual([undefined, undefined]);
    for (let offset = 0; offset < 12; offset++) {
      expect(thresholdCrossing(offset)?.text).toBe(describeEventState(0x01, 0x01, offset));
    }
  });
});

describe('entities (§43.14)', () => {
  test.each([
    [3, 1, 'processor 1'],
    [10, 2, 'power supply 2'],
    [7, 0x81, 'system board 1'],
    [29, 0x62, 'fan 2 of this controller'],
    [64, 0, 'air inlet'],
    [60, 1, 'entity 3Ch 1'],
    [0x90, 1, 'chassis specific entity 90h 1'],
    [0xb1, 1, 'board-set specific entity B1h 1'],
    [0xd2, 4, 'OEM entity D2h 4'],
  ])('entity %i, instance %i is %s', (id, instance, text) => expect(describeEntity(id, instance)).toBe(text));
});
