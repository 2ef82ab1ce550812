import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../../src/foundation/bytes/byte-reader.ts';
import {
  describeSelRecord,
  type EventSensors,
  noSensors,
} from '../../../../src/protocols/ipmi/sel/describe-sel-record.ts';
import { decodeSelRecord, selRecordTime } from '../../../../src/protocols/ipmi/sel/sel-record.ts';

/** A record from its parts after the time: sensor type, number, direction and type, event data. */
const event = (...bytes: readonly number[]): Buffer =>
  Buffer.from([0x2a, 0x00, 0x02, 0x80, 0xf0, 0x53, 0x65, 0x20, 0x00, 0x04, ...bytes]);

const words = (record: Buffer, sensors: EventSensors = noSensors) =>
  describeSelRecord(decodeSelRecord(new ByteReader(record)), sensors);

const cpuTemperature: EventSensors = {
  name: ({ owner, lun, number }) => (owner === 0x20 && lun === 0 && number === 0x30 ? 'CPU Temp' : undefined),
  convert: ({ number }, raw) => (number === 0x30 ? { value: raw, unit: 'degrees C' } : undefined),
};

describe('threshold events', () => {
  test('with the sensor known: its name, reading and threshold in its unit', () => {
    expect(words(event(0x01, 0x30, 0x01, 0x59, 0x5c, 0x5a), cpuTemperature)).toEqual({
      source: 'CPU Temp',
      text: 'Upper Critical going high asserted, reading 92 degrees C, threshold 90 degrees C',
      severity: 'critical',
    });
  });

  test('with no sensor data record: the type and number, and raw numbers said to be so', () => {
    expect(words(event(0x01, 0x30, 0x01, 0x59, 0x5c, 0x5a))).toEqual({
      source: 'Temperature 30h',
      text: 'Upper Critical going high asserted, reading 5Ch (raw), threshold 5Ah (raw)',
      severity: 'critical',
    });
  });

  test('event data that event data 1 calls unspecified is not shown, OEM data is called so', () => {
    expect(words(event(0x01, 0x30, 0x01, 0x09, 0x5c, 0x5a), cpuTemperature).text).toBe(
      'Upper Critical going high asserted',
    );
    expect(words(event(0x01, 0x30, 0x01, 0xa9, 0x5c, 0x5a), cpuTemperature).text).toBe(
      'Upper Critical going high asserted, OEM code 5Ch, OEM code 5Ah',
    );
  });

  test('long fractions of a sensor formula are cut', () => {
    const volts = { name: () => '12V', convert: () => ({ value: 11.904000000000002, unit: 'V' }) };
    expect(words(event(0x02, 0x31, 0x01, 0x52, 0xc0, 0xc1), volts).text).toBe(
      'Lower Critical going low asserted, reading 11.904 V, threshold 11.904 V',
    );
  });

  test.each([
    ['out over the threshold', 0x01, 0x09, 'critical'],
    ['back from over it', 0x81, 0x09, 'ok'],
    ['said as going low, asserted', 0x01, 0x08, 'ok'],
    ['said as going low, deasserted', 0x81, 0x08, 'critical'],
    ['below a lower one', 0x01, 0x04, 'non-recoverable'],
    ['back up from there', 0x01, 0x05, 'ok'],
    ['a non-critical one', 0x01, 0x07, 'warning'],
    ['an offset that is not a threshold', 0x01, 0x0d, 'unknown'],
  ])('health of %s', (_name, type, data1, severity) => {
    expect(words(event(0x01, 0x30, type, data1, 0xff, 0xff)).severity).toBe(severity);
  });
});

describe('discrete events', () => {
  test.each<[string, readonly number[], string]>([
    [
      'power supply',
      [0x08, 0x62, 0x6f, 0xf6, 0xff, 0x03],
      'Configuration Error asserted, power supply rating mismatch',
    ],
    ['memory module', [0x0c, 0x00, 0x6f, 0x30, 0xff, 0x07], 'Correctable ECC asserted, memory module 7'],
    ['firmware error', [0x0f, 0x06, 0x6f, 0xc0, 0x02, 0xff], 'no usable system memory'],
    ['firmware progress', [0x0f, 0x06, 0x6f, 0xc2, 0x13, 0xff], 'starting operating system boot process'],
    ['event log nearly full', [0x10, 0x09, 0x6f, 0x35, 0xff, 0x5a], '90 % full'],
    ['logging of a type off', [0x10, 0x09, 0x6f, 0xf1, 0x01, 0x19], 'event type 01h, offset 9, assertions'],
    ['filter action', [0x12, 0x09, 0x6f, 0xc4, 0x05, 0xff], 'alert and reset'],
    ['auxiliary log', [0x12, 0x09, 0x6f, 0xc3, 0x31, 0xff], 'OEM log 1: log cleared'],
    ['clock change', [0x12, 0x09, 0x6f, 0xc5, 0x80, 0xff], 'event log clock, after the change'],
    ['soft power control', [0x19, 0x09, 0x6f, 0xf0, 0x05, 0x00], 'requested S5/G2 soft off, at the time S0/G0 working'],
    ['restart cause', [0x1d, 0x81, 0x6f, 0xf7, 0x01, 0x02], 'chassis control command, channel 2'],
    ['slot', [0x21, 0x90, 0x6f, 0xf0, 0x09, 0x03], 'PCI Express, slot 3'],
    ['watchdog', [0x23, 0x03, 0x6f, 0xc1, 0x13, 0xff], 'Hard Reset asserted, timer use OS load, interrupt SMI'],
    ['watchdog, use not told', [0x23, 0x03, 0x6f, 0xc8, 0x2f, 0xff], 'timer use unspecified, interrupt NMI'],
    ['sensor out of reach', [0x28, 0x01, 0x6f, 0xc0, 0x30, 0xff], 'sensor 30h'],
    ['failed sensor', [0x28, 0x01, 0x6f, 0xc4, 0x30, 0xff], 'sensor 30h'],
    ['failed FRU', [0x28, 0x01, 0x6f, 0xf5, 0x80, 0x03], 'FRU device 3'],
    ['failed FRU on a bus', [0x28, 0x01, 0x6f, 0xf5, 0x02, 0xa4], 'FRU at address A4h of private bus 2'],
    ['session audit', [0x2a, 0x01, 0x6f, 0xf1, 0x03, 0x21], 'user 3, channel 1, timed out'],
    ['version change', [0x2b, 0x01, 0x6f, 0xc1, 0x09, 0xff], 'system firmware (EFI/BIOS)'],
    ['FRU state', [0x2c, 0x01, 0x6f, 0xc4, 0x31, 0xff], 'hot swap button pressed by operator, previously'],
    ['FRU without an address', [0x2c, 0x01, 0x6f, 0xc7, 0x94, 0xff], 'IPMB address cannot be computed, previously'],
    ['FRU pulled', [0x2c, 0x01, 0x6f, 0xc7, 0x74, 0xff], 'unexpected extraction, previously'],
    ['previous state', [0x25, 0x01, 0x08, 0x41, 0xf0, 0xff], 'Device Present asserted, previously Device Absent'],
    ['severity', [0x25, 0x01, 0x08, 0x41, 0x2f, 0xff], 'severity Transition to Critical from less severe'],
    ['OEM code', [0x08, 0x62, 0x6f, 0xa0, 0x11, 0x22], 'OEM code 11h in event data 2, OEM code 22h in event data 3'],
    ['specific code without a table', [0x25, 0x01, 0x6f, 0xf0, 0x11, 0x22], 'event data 2 11h, event data 3 22h'],
    ['specific code past the table', [0x0f, 0x06, 0x6f, 0xc0, 0xee, 0xff], 'code EEh'],
    ['OEM event type', [0xc8, 0x01, 0x72, 0x03, 0xff, 0xff], 'OEM event type 72h, state 3 asserted'],
  ])('%s', (_name, bytes, text) => {
    expect(words(event(...bytes)).text).toContain(text);
  });

  test.each([
    ['a failure', 0x6f, 0x01, 'critical'],
    ['its end', 0xef, 0x01, 'ok'],
    ['presence', 0x6f, 0x00, 'ok'],
    ['its end, which may be good or bad', 0xef, 0x00, 'unknown'],
    ['a state that no table has', 0x6f, 0x0e, 'unknown'],
  ])('health of %s', (_name, type, data1, severity) => {
    expect(words(event(0x08, 0x62, type, data1, 0xff, 0xff)).severity).toBe(severity);
  });
});

test('records of makers keep their bytes', () => {
  const timestamped = Buffer.from('0100c080f053657c2a00010203040506', 'hex');
  expect(words(timestamped)).toEqual({
    source: 'OEM record',
    text: 'record type C0h of manufacturer 10876: 01 02 03 04 05 06',
    severity: 'unknown',
  });
  const plain = Buffer.from('0100e00102030405060708090a0b0c0d', 'hex');
  expect(words(plain).text).toBe('record type E0h: 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d');
  const strange = Buffer.from('0100050102030405060708090a0b0c0d', 'hex');
  expect(words(strange).source).toBe('Unknown record');
});

test.each([
  ['set', 0x6553f100, 1_700_000_000_000],
  ['since the start', 0x1fffffff, null],
  ['the last since the start', 0x20000000, null],
  ['the first time of day', 0x20000001, 536_870_913_000],
  ['unspecified', 0xffffffff, null],
])('time of a record: %s', (_name, timestamp, at) => {
  const record = event(0x01, 0x30, 0x01, 0x59, 0x5c, 0x5a);
  record.writeUInt32LE(timestamp, 3);
  expect(selRecordTime(decodeSelRecord(new ByteReader(record)))).toBe(at);
});

test("a maker's record without a time has none", () => {
  expect(selRecordTime(decodeSelRecord(new ByteReader(Buffer.alloc(16, 0xe0))))).toBeNull();
});

test('an event under a type that is not defined is read as one, and said to be so', () => {
  const record = event(0x01, 0x30, 0x01, 0x59, 0x5c, 0x5a);
  record[2] = 0x05;
  expect(words(record, cpuTemperature)).toEqual({
    source: 'CPU Temp',
    text: 'Upper Critical going high asserted, reading 92 degrees C, threshold 90 degrees C (record type 05h)',
    severity: 'critical',
  });
  expect(selRecordTime(decodeSelRecord(new ByteReader(record)))).toBe(1_700_000_000_000 - 128_000);
});
