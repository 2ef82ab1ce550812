import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../../src/foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../../../src/foundation/errors.ts';
import { sharedSensors } from '../../../../src/protocols/ipmi/sdr/record-sharing.ts';
import {
  decodeSdrRecord,
  describeSdrRecord,
  encodeSdrRecord,
  type SdrRecord,
} from '../../../../src/protocols/ipmi/sdr/sdr-record.ts';
import { decodeText } from '../../../../src/protocols/ipmi/type-length.ts';

// Made by OpenIPMI's sdrcomp 2.0.33 from a description of the same contents, so that the offsets are not only ours.
const full =
  '0100510135201231030270480101000000301810800100' +
  '00fec52c4619d203283c007f80005f550000000203000077ca43505520322074656d70';
const compact = '020051021e2000401d0100000408000000000000c00000939a010200000009' + '8466e802';
const eventOnly = '03005103142000500701236f41000000c85761746368646f67';
const association = '040051080b0701a0030103040000' + '0000';
const fruLocator = '06005111142003880000' + '10010a0200c95053552032206672' + '75';
const controllerLocator = '0700511212200000' + '8f0000000701' + '00c74c616220424d43';

const decode = (hex: string): SdrRecord => decodeSdrRecord(new ByteReader(Buffer.from(hex, 'hex')));
function encode(record: SdrRecord): string {
  const writer = new ByteWriter(260);
  encodeSdrRecord(record, writer);
  return writer.done().toString('hex');
}
const nameOf = ({ body }: SdrRecord): string => ('name' in body ? decodeText(body.name) : '');

describe('records made by another program', () => {
  test('full sensor record (§43.1)', () => {
    const record = decode(full);
    expect(nameOf(record)).toBe('CPU 2 temp');
    expect(record).toMatchObject({
      id: 1,
      version: 0x51,
      body: {
        kind: 'full',
        key: { owner: 0x20, channel: 1, lun: 2, number: 0x31 },
        entityId: 3,
        entityInstance: 2,
        initialization: 0x70,
        capabilities: 0x48,
        sensorType: 1,
        eventReadingType: 1,
        assertionMask: 0,
        deassertionMask: 0x3000,
        readingMask: 0x1018,
        units: { format: 2, rate: 0, modifierUse: 0, percentage: false, base: 1, modifier: 0 },
        linearization: 0,
        factors: { m: -2, b: 300, bExponent: 2, resultExponent: -3, tolerance: 5, accuracy: 70, accuracyExponent: 2 },
        direction: 1,
        analogFlags: 3,
        nominalReading: 40,
        normalMaximum: 60,
        normalMinimum: 0,
        sensorMaximum: 127,
        sensorMinimum: 128,
        thresholds: { upperCritical: 95, upperNonCritical: 85, upperNonRecoverable: 0, lowerCritical: 0 },
        positiveHysteresis: 2,
        negativeHysteresis: 3,
        oem: 0x77,
      },
    });
    expect(encode(record)).toBe(full);
    expect(describeSdrRecord(record)).toBe('record 1: full "CPU 2 temp"');
  });

  test('compact sensor record (§43.2), its name in 6-bit ASCII and its length in characters', () => {
    const record = decode(compact);
    expect(record.body).toMatchObject({
      kind: 'compact',
      key: { number: 0x40 },
      entityId: 29,
      sensorType: 4,
      eventReadingType: 8,
      units: { format: 3 },
      sharing: { direction: 2, nameModifier: 1, count: 3, instanceIncrements: true, nameModifierOffset: 26 },
      positiveHysteresis: 1,
      negativeHysteresis: 2,
      oem: 9,
    });
    expect(record.body.kind === 'compact' && sharedSensors(record.body)).toEqual([
      { number: 0x40, entityInstance: 1, name: 'FAN AA' },
      { number: 0x41, entityInstance: 2, name: 'FAN AB' },
      { number: 0x42, entityInstance: 3, name: 'FAN AC' },
    ]);
    expect(encode(record)).toBe(compact);
  });

  test('event-only record (§43.3)', () => {
    const record = decode(eventOnly);
    expect(nameOf(record)).toBe('Watchdog');
    expect(record.body).toMatchObject({
      kind: 'event-only',
      key: { number: 0x50 },
      entityId: 7,
      sensorType: 0x23,
      eventReadingType: 0x6f,
      sharing: { direction: 1, count: 1 },
    });
    expect(encode(record)).toBe(eventOnly);
  });

  test('entity association record (§43.4)', () => {
    const record = decode(association);
    expect(record.body).toEqual({
      kind: 'entity-association',
      container: { id: 7, instance: 1 },
      flags: 0xa0,
      contained: [
        { id: 3, instance: 1 },
        { id: 3, instance: 4 },
        { id: 0, instance: 0 },
        { id: 0, instance: 0 },
      ],
    });
    expect(encode(record)).toBe(association);
  });

  test('FRU device locator record (§43.8)', () => {
    const record = decode(fruLocator);
    expect(nameOf(record)).toBe('PSU 2 fru');
    expect(record.body).toMatchObject({
      kind: 'fru-device-locator',
      accessAddress: 0x20,
      deviceId: 3,
      logical: true,
      lun: 1,
      bus: 0,
      deviceType: 0x10,
      deviceTypeModifier: 1,
      entityId: 10,
      entityInstance: 2,
    });
    expect(encode(record)).toBe(fruLocator);
  });

  test('management controller device locator record (§43.9)', () => {
    const record = decode(controllerLocator);
    expect(nameOf(record)).toBe('Lab BMC');
    expect(record.body).toMatchObject({ slaveAddress: 0x20, channel: 0, capabilities: 0x8f, entityId: 7 });
    expect(encode(record)).toBe(controllerLocator);
  });
});

describe('records by the book', () => {
  test('device-relative entity association record (§43.5)', () => {
    const hex = `0800510920${'0761'}${'2030'}40${'24200362'}${'00000000'.repeat(3)}${'00'.repeat(11)}`;
    expect(decode(hex).body).toEqual({
      kind: 'device-relative-entity-association',
      container: { deviceAddress: 0x20, channel: 3, entity: { id: 7, instance: 0x61 } },
      flags: 0x40,
      contained: [
        { deviceAddress: 0x24, channel: 2, entity: { id: 3, instance: 0x62 } },
        ...Array.from({ length: 3 }, () => ({ deviceAddress: 0, channel: 0, entity: { id: 0, instance: 0 } })),
      ],
    });
  });

  test('OEM record (§43.12) and one of a type that is not known', () => {
    expect(decode('0a0051c005570100beef').body).toEqual({
      kind: 'oem',
      manufacturerId: 0x157,
      data: Buffer.from('beef', 'hex'),
    });
    expect(decode('0b0051140201ff').body).toEqual({ kind: 'other', type: 0x14, data: Buffer.from('01ff', 'hex') });
    expect(encode(decode('0b0051140201ff'))).toBe('0b0051140201ff');
  });

  test.each([
    // coding and count, text, what it is
    ['8429dca6', 'IPMI', '6-bit, 4 characters'],
    ['8329dca6', 'IPMI', '6-bit, 3 bytes'],
    ['0246006100', 'Fa', 'Unicode, 2 characters'],
    ['0446006100', 'Fa', 'Unicode, 4 bytes'],
    ['4312a0', '12 0', 'BCD plus, 3 characters'],
    ['4212a0', '12 0', 'BCD plus, 2 bytes'],
    ['c346414e', 'FAN', '8-bit'],
    ['c3464100', 'FA\0', '8-bit, padded'],
    ['c546414e', 'FAN', 'cut short'],
    ['c0', '', 'none'],
    ['', '', 'missing'],
  ])('name %s is "%s": %s', (hex, text) => {
    const body = Buffer.from(eventOnly, 'hex').subarray(5, 16);
    const name = Buffer.from(hex, 'hex');
    const header = Buffer.of(1, 0, 0x51, 0x03, body.length + name.length);
    expect(nameOf(decode(Buffer.concat([header, body, name]).toString('hex')))).toBe(text);
  });

  test('the name ends where the record does', () => {
    const cut = Buffer.from(full, 'hex');
    cut.writeUInt8(cut.readUInt8(4) - 5, 4);
    expect(nameOf(decode(cut.toString('hex')))).toBe('CPU 2');
  });

  test('a record whose fixed part is cut short is refused', () => {
    expect(() => decode(full.slice(0, 60))).toThrow(DecodeError);
    expect(() => decode('01005101')).toThrow(/record length: needs 1 bytes/);
  });
});
