import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError, ServiceError } from '../../../src/foundation/errors.ts';
import { getDeviceSdr } from '../../../src/protocols/ipmi/commands/sensor/get-device-sdr.ts';
import { getDeviceSdrInfo } from '../../../src/protocols/ipmi/commands/sensor/get-device-sdr-info.ts';
import { getSensorReading } from '../../../src/protocols/ipmi/commands/sensor/get-sensor-reading.ts';
import { getSensorReadingFactors } from '../../../src/protocols/ipmi/commands/sensor/get-sensor-reading-factors.ts';
import { getSensorThresholds } from '../../../src/protocols/ipmi/commands/sensor/get-sensor-thresholds.ts';
import { reserveDeviceSdrRepository } from '../../../src/protocols/ipmi/commands/sensor/reserve-device-sdr-repository.ts';
import { getSdr } from '../../../src/protocols/ipmi/commands/storage/get-sdr.ts';
import { getSdrRepositoryInfo } from '../../../src/protocols/ipmi/commands/storage/get-sdr-repository-info.ts';
import { reserveSdrRepository } from '../../../src/protocols/ipmi/commands/storage/reserve-sdr-repository.ts';
import { closestRawReading, convertReading } from '../../../src/protocols/ipmi/sdr/conversion.ts';
import { maximumIdStringBytes } from '../../../src/protocols/ipmi/sdr/id-string.ts';
import { sharedSensors } from '../../../src/protocols/ipmi/sdr/record-sharing.ts';
import {
  decodeSdrRecord,
  describeSdrRecord,
  encodeSdrRecord,
  type SdrBody,
} from '../../../src/protocols/ipmi/sdr/sdr-record.ts';

import { TextCoding } from '../../../src/protocols/ipmi/type-length.ts';
import { answered, type DirectAnswer, refused } from '../../support/direct-requester.ts';
import { createSensorRig } from '../../unit/ipmi/sensors/rig.ts';
import { bits, buffer, type Codec, codec, command, flag, nothing, u8, u16, u24, u32 } from './codec.ts';

fc.configureGlobal({ numRuns: 300, seed: 623 });

const name = fc
  .constantFrom(...Object.values(TextCoding))
  .chain((coding) => buffer(0, maximumIdStringBytes[coding]).map((bytes) => ({ coding, bytes })))
  .map(({ coding, bytes }) => ({
    coding,
    bytes: coding === TextCoding.unicode ? bytes.subarray(0, bytes.length & ~1) : bytes,
  }));
const key = fc.record({ owner: u8, channel: bits(4), lun: bits(2), number: u8 });
const units = fc.record({
  format: bits(2),
  rate: bits(3),
  modifierUse: bits(2),
  percentage: flag,
  base: u8,
  modifier: u8,
});
const factors = fc.record({
  m: fc.integer({ min: -512, max: 511 }),
  b: fc.integer({ min: -512, max: 511 }),
  bExponent: fc.integer({ min: -8, max: 7 }),
  resultExponent: fc.integer({ min: -8, max: 7 }),
  tolerance: bits(6),
  accuracy: bits(10),
  accuracyExponent: bits(2),
});
const thresholds = fc.record({
  lowerNonCritical: u8,
  lowerCritical: u8,
  lowerNonRecoverable: u8,
  upperNonCritical: u8,
  upperCritical: u8,
  upperNonRecoverable: u8,
});
const sharing = fc.record({
  direction: bits(2),
  nameModifier: bits(2),
  count: bits(4),
  instanceIncrements: flag,
  nameModifierOffset: bits(7),
});
const common = {
  key,
  entityId: u8,
  entityInstance: u8,
  initialization: u8,
  capabilities: u8,
  sensorType: u8,
  eventReadingType: u8,
  assertionMask: u16,
  deassertionMask: u16,
  readingMask: u16,
  units,
};
const entity = fc.record({ id: u8, instance: u8 });
const deviceEntity = fc.record({ deviceAddress: u8, channel: bits(4), entity });
const locator = { entityId: u8, entityInstance: u8, oem: u8, name };
const compact = fc.record({
  kind: fc.constant('compact' as const),
  ...common,
  sharing,
  positiveHysteresis: u8,
  negativeHysteresis: u8,
  oem: u8,
  name,
});

const bodies: fc.Arbitrary<SdrBody> = fc.oneof(
  fc.record({
    kind: fc.constant('full' as const),
    ...common,
    linearization: bits(7),
    factors,
    direction: bits(2),
    analogFlags: u8,
    nominalReading: u8,
    normalMaximum: u8,
    normalMinimum: u8,
    sensorMaximum: u8,
    sensorMinimum: u8,
    thresholds,
    positiveHysteresis: u8,
    negativeHysteresis: u8,
    oem: u8,
    name,
  }),
  compact,
  fc.record({
    kind: fc.constant('event-only' as const),
    key,
    entityId: u8,
    entityInstance: u8,
    sensorType: u8,
    eventReadingType: u8,
    sharing,
    oem: u8,
    name,
  }),
  fc.record({
    kind: fc.constant('entity-association' as const),
    container: entity,
    flags: u8,
    contained: fc.array(entity, { minLength: 4, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('device-relative-entity-association' as const),
    container: deviceEntity,
    flags: u8,
    contained: fc.array(deviceEntity, { minLength: 4, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('fru-device-locator' as const),
    accessAddress: u8,
    deviceId: u8,
    logical: flag,
    lun: bits(2),
    bus: bits(3),
    channel: bits(4),
    deviceType: u8,
    deviceTypeModifier: u8,
    ...locator,
  }),
  fc.record({
    kind: fc.constant('management-controller-device-locator' as const),
    slaveAddress: u8,
    channel: bits(4),
    powerStateAndInitialization: u8,
    capabilities: u8,
    ...locator,
  }),
  fc.record({ kind: fc.constant('oem' as const), manufacturerId: u24, data: buffer(0, 60) }),
  fc.record({
    kind: fc.constant('other' as const),
    type: fc.constantFrom(0x0a, 0x10, 0x13, 0xc1),
    data: buffer(0, 60),
  }),
);
const records = fc.record({ id: u16, version: u8, body: bodies });

const sensor = fc.record({ sensorNumber: u8 });
const getRequest = fc.record({ reservationId: u16, recordId: u16, offset: u8, bytesToRead: u8 });
const getResponse = fc.record({ nextRecordId: u16, data: buffer(0, 200) });
const reservation = fc.record({ reservationId: u16 });
const flags = { reading: u8, eventMessagesEnabled: flag, scanningEnabled: flag, readingUnavailable: flag };

const codecs: readonly Codec[] = [
  codec('sensor data record', records, decodeSdrRecord, encodeSdrRecord),
  ...command(
    getSdrRepositoryInfo,
    nothing,
    fc.record({
      sdrVersion: u8,
      recordCount: u16,
      freeSpace: u16,
      mostRecentAddition: u32,
      mostRecentErase: u32,
      operationSupport: u8,
    }),
  ),
  ...command(reserveSdrRepository, nothing, reservation),
  ...command(getSdr, getRequest, getResponse),
  ...command(
    getDeviceSdrInfo,
    fc.record({ count: fc.constantFrom('sensors' as const, 'records' as const) }),
    fc.record(
      { count: u8, dynamic: flag, lunsWithSensors: bits(4), populationChange: u32 },
      { requiredKeys: ['count', 'dynamic', 'lunsWithSensors'] },
    ),
  ),
  ...command(reserveDeviceSdrRepository, nothing, reservation),
  ...command(getDeviceSdr, getRequest, getResponse),
  ...command(
    getSensorReading,
    sensor,
    fc.oneof(
      fc.record(flags),
      fc.record({ ...flags, states: u8 }),
      fc.record({ ...flags, states: u8, moreStates: bits(7) }),
    ),
  ),
  ...command(getSensorThresholds, sensor, fc.record({ readable: bits(6), thresholds })),
  ...command(
    getSensorReadingFactors,
    fc.record({ sensorNumber: u8, reading: u8 }),
    fc.record({ nextReading: u8, factors }),
  ),
];

describe.each(codecs)('$name', ({ values, decode, encode }) => {
  test('decode(encode(v)) is v', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  test('what decodes, encodes and decodes to the same', () => {
    fc.assert(
      fc.property(fc.oneof(buffer(0, 80), values.map(encode)), (bytes) => {
        let value: unknown;
        try {
          value = decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
          return;
        }
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  test('a part of a message is a value or DecodeError', () => {
    fc.assert(
      fc.property(values.map(encode), fc.nat(300), (bytes, length) => {
        try {
          decode(bytes.subarray(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});

test('any record has a one-line description', () => {
  fc.assert(
    fc.property(records, (record) => {
      expect(describeSdrRecord(record)).toMatch(/^record \d+: .+$/);
    }),
  );
});

test('the sensors of a shared record have numbers below FFh, each its own, and a name in one line', () => {
  fc.assert(
    fc.property(compact, (record) => {
      const sensors = sharedSensors(record);
      expect(new Set(sensors.map(({ number }) => number)).size).toBe(sensors.length);
      if (record.key.number < 0xff) expect(Math.max(...sensors.map(({ number }) => number))).toBeLessThan(0xff);
      for (const each of sensors) expect(each.name).not.toMatch(/\p{Cc}/u);
    }),
  );
});

test('any raw reading of any sensor is a finite value or none', () => {
  fc.assert(
    fc.property(u8, bits(2), bits(7), factors, (raw, format, linearization, each) => {
      const value = convertReading(raw, format, linearization, each);
      expect(value === undefined || Number.isFinite(value)).toBe(true);
    }),
  );
});

test('the raw reading closest to a value that a linear sensor can have gives that value', () => {
  fc.assert(
    fc.property(u8, fc.constantFrom(0, 1, 2), factors, (raw, format, each) => {
      const value = convertReading(raw, format, 0, each);
      if (value === undefined) return;
      const found = closestRawReading(value, format, 0, each);
      expect(found === undefined ? undefined : convertReading(found, format, 0, each)).toBe(value);
    }),
  );
});

test('whatever a controller answers, a listing ends, with readings or an error of ours', async () => {
  type Fault = {
    readonly kind: 'refuse' | 'cut' | 'flip' | 'extend' | 'noise';
    readonly at: number;
    readonly byte: number;
  };
  const fault: fc.Arbitrary<Fault> = fc.record({
    kind: fc.constantFrom('refuse', 'cut', 'flip', 'extend', 'noise'),
    at: fc.nat(70),
    byte: u8,
  });
  const spoil = ({ data }: DirectAnswer, { kind, at, byte }: Fault): DirectAnswer => {
    switch (kind) {
      case 'refuse':
        return refused(byte === 0 ? 0xff : byte);
      case 'cut':
        return answered(data.subarray(0, at));
      case 'flip':
        return answered([...data].map((each, index) => (index === at ? each ^ byte : each)));
      case 'extend':
        return answered(Buffer.concat([data, Buffer.alloc(at, byte)]));
      case 'noise':
        return answered(Buffer.alloc(at, byte));
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(fault, { freq: 3 }), { minLength: 1, maxLength: 40 }), async (faults) => {
      const rig = createSensorRig();
      rig.requester.intercept((_request, pass) => {
        const now = faults[rig.requester.requests.length % faults.length];
        return now ? spoil(pass(), now) : pass();
      });
      try {
        for (const { health } of await rig.read())
          expect(health).toMatch(/^(non-recoverable|critical|warning|ok|unknown)$/);
      } catch (error) {
        expect(error).toBeInstanceOf(ServiceError);
      }
      expect(rig.requester.requests.length).toBeLessThan(20_000);
    }),
  );
});
