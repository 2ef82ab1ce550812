import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/bytes/byte-writer.ts';
import {
  decodeSupportedCapabilities,
  encodeSupportedCapabilities,
  getDcmiCapabilitiesInfo,
} from '../../../src/protocols/ipmi/commands/dcmi/get-dcmi-capabilities-info.ts';
import { getPowerReading } from '../../../src/protocols/ipmi/commands/dcmi/get-power-reading.ts';
import { addSelEntry } from '../../../src/protocols/ipmi/commands/storage/add-sel-entry.ts';
import { clearSel, getSelErasureStatus } from '../../../src/protocols/ipmi/commands/storage/clear-sel.ts';
import { getFruInventoryAreaInfo } from '../../../src/protocols/ipmi/commands/storage/get-fru-inventory-area-info.ts';
import { getSelAllocationInfo } from '../../../src/protocols/ipmi/commands/storage/get-sel-allocation-info.ts';
import { getSelEntry } from '../../../src/protocols/ipmi/commands/storage/get-sel-entry.ts';
import { getSelInfo } from '../../../src/protocols/ipmi/commands/storage/get-sel-info.ts';
import { getSelTime } from '../../../src/protocols/ipmi/commands/storage/get-sel-time.ts';
import { readFruData } from '../../../src/protocols/ipmi/commands/storage/read-fru-data.ts';
import { reserveSel } from '../../../src/protocols/ipmi/commands/storage/reserve-sel.ts';
import { setSelTime } from '../../../src/protocols/ipmi/commands/storage/set-sel-time.ts';
import { infoAreaTexts } from '../../../src/protocols/ipmi/fru/area-texts.ts';
import { decodeFruImage, encodeFruImage, type FruImage } from '../../../src/protocols/ipmi/fru/fru-image.ts';
import { decodeInfoArea } from '../../../src/protocols/ipmi/fru/info-area.ts';
import { decodeMultirecords } from '../../../src/protocols/ipmi/fru/multirecord.ts';
import { describeSelRecord, noSensors } from '../../../src/protocols/ipmi/sel/describe-sel-record.ts';
import { decodeSelRecord, encodeSelRecord, type SelRecord } from '../../../src/protocols/ipmi/sel/sel-record.ts';
import { type CodedText, TextCoding } from '../../../src/protocols/ipmi/type-length.ts';
import { bits, buffer, type Codec, codec, command, flag, nothing, tryDecode, u8, u16, u24, u32 } from './codec.ts';

fc.configureGlobal({ numRuns: 300, seed: 623 });

const generator = fc.record({ owner: u8, channel: bits(4), lun: bits(2) });
const selRecords: fc.Arbitrary<SelRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('system-event' as const),
    recordId: u16,
    timestamp: u32,
    generator,
    eventMessageRevision: u8,
    sensorType: u8,
    sensorNumber: u8,
    deasserted: flag,
    eventType: bits(7),
    eventData1: u8,
    eventData2: u8,
    eventData3: u8,
  }),
  fc.record({
    kind: fc.constant('oem-timestamped' as const),
    recordId: u16,
    recordType: fc.integer({ min: 0xc0, max: 0xdf }),
    timestamp: u32,
    manufacturerId: u24,
    data: buffer(6),
  }),
  fc.record({
    kind: fc.constant('oem' as const),
    recordId: u16,
    recordType: fc.integer({ min: 0xe0, max: 0xff }),
    data: buffer(13),
  }),
  fc.record({
    kind: fc.constant('unknown' as const),
    recordId: u16,
    recordType: fc.integer({ min: 0x03, max: 0xbf }),
    data: buffer(13),
  }),
);

const codecs: readonly Codec[] = [
  codec('SEL record', selRecords, decodeSelRecord, encodeSelRecord),
  codec(
    'supported capabilities',
    fc.record({ powerManagement: flag, manageabilityAccess: u8 }),
    decodeSupportedCapabilities,
    encodeSupportedCapabilities,
  ),
  ...command(
    getSelInfo,
    nothing,
    fc.record({
      selVersion: u8,
      entries: u16,
      freeSpace: u16,
      mostRecentAdditionTimestamp: u32,
      mostRecentEraseTimestamp: u32,
      overflow: flag,
      supportsDelete: flag,
      supportsPartialAdd: flag,
      supportsReserve: flag,
      supportsAllocationInfo: flag,
    }),
  ),
  ...command(
    getSelAllocationInfo,
    nothing,
    fc.record({ units: u16, unitSize: u16, freeUnits: u16, largestFreeBlockUnits: u16, maximumRecordUnits: u8 }),
  ),
  ...command(reserveSel, nothing, fc.record({ reservationId: u16 })),
  ...command(
    getSelEntry,
    fc.record({ reservationId: u16, recordId: u16, offset: u8, bytesToRead: u8 }),
    fc.record({ nextRecordId: u16, recordData: buffer(0, 32) }),
  ),
  ...command(addSelEntry, fc.record({ record: buffer(16) }), fc.record({ recordId: u16 })),
  ...command(clearSel, fc.record({ reservationId: u16, action: u8 }), fc.record({ progress: bits(4) })),
  ...command(getSelTime, nothing, fc.record({ timestamp: u32 })),
  ...command(setSelTime, fc.record({ timestamp: u32 }), nothing),
  ...command(getFruInventoryAreaInfo, fc.record({ fruDeviceId: u8 }), fc.record({ size: u16, accessedByWords: flag })),
  ...command(
    readFruData,
    fc.record({ fruDeviceId: u8, offset: u16, count: u8 }),
    fc.record({ count: u8, data: buffer(0, 200) }),
  ),
  ...command(
    getDcmiCapabilitiesInfo,
    fc.record({ parameter: u8 }),
    fc.record({ majorVersion: u8, minorVersion: u8, parameterRevision: u8, parameterData: buffer(0, 20) }),
  ),
  ...command(
    getPowerReading,
    fc.record({ mode: u8, modeAttributes: u8 }),
    fc.record({
      current: u16,
      minimum: u16,
      maximum: u16,
      average: u16,
      timestamp: u32,
      reportingPeriod: u32,
      measurementActive: flag,
    }),
  ),
];

describe.each(codecs)('$name', ({ values, decode, encode }) => {
  test('a value, encoded and decoded, is the same value', () => {
    fc.assert(fc.property(values, (value) => void expect(decode(encode(value))).toEqual(value)));
  });

  test('any bytes are a value that is written back and read the same, or a DecodeError', () => {
    fc.assert(
      fc.property(buffer(0, 48), (bytes) => {
        const decoded = tryDecode(decode, bytes);
        if (decoded !== undefined) expect(decode(encode(decoded.value))).toEqual(decoded.value);
      }),
    );
  });
});

test('Clear SEL asked for its status is the same command with another action', () => {
  const writer = new ByteWriter(16);
  getSelErasureStatus.encodeRequest({ reservationId: 0x1234 }, writer);
  expect(writer.done().toString('hex')).toBe('3412434c5200');
  expect(getSelErasureStatus.repeatable).toBe(true);
  expect(clearSel.repeatable).toBe(false);
});

test('any SEL record is put into words, without raw control characters', () => {
  const sensors = { name: () => 'A sensor', convert: () => ({ value: 1 / 3, unit: 'V' }) };
  fc.assert(
    fc.property(buffer(16), u8, fc.constantFrom(0x02, 0xc5, 0xe5, 0x10), (bytes, type, recordType) => {
      bytes[2] = recordType;
      bytes[10] = type % 0x30;
      for (const known of [noSensors, sensors]) {
        const { source, text, severity } = describeSelRecord(decodeSelRecord(new ByteReader(bytes)), known);
        expect(`${source}: ${text}`).toMatch(/^[\x20-\x7e]+$/);
        expect(['ok', 'warning', 'critical', 'non-recoverable', 'unknown']).toContain(severity);
      }
    }),
    { numRuns: 2_000 },
  );
});

/** What the wire can hold: no lone 8-bit character, since its length byte is the end mark. */
const field: fc.Arbitrary<CodedText> = fc
  .record({ coding: fc.constantFrom(...Object.values(TextCoding)), bytes: buffer(0, 63) })
  .filter(({ coding, bytes }) => coding !== TextCoding.eightBit || bytes.length !== 1);
const fields = fc.array(field, { maxLength: 9 });
const images: fc.Arbitrary<FruImage> = fc.record({
  internalUse: fc.option(
    // With its version it fills whole units of 8 bytes, since its end is where the next area begins.
    fc.nat(5).chain((units) => buffer(7 + 8 * units)),
  ),
  chassis: fc.option(fc.record({ kind: fc.constant('chassis' as const), chassisType: u8, fields })),
  board: fc.option(
    fc.record({ kind: fc.constant('board' as const), languageCode: u8, manufacturingTime: u24, fields }),
  ),
  product: fc.option(fc.record({ kind: fc.constant('product' as const), languageCode: u8, fields })),
  multirecords: fc.array(fc.record({ typeId: u8, data: buffer(0, 60) }), { maxLength: 5 }),
});

describe('inventories', () => {
  test('an image, encoded and decoded, is the same image, and nothing is wrong with it', () => {
    fc.assert(
      fc.property(images, (image) => {
        expect(decodeFruImage(encodeFruImage(image))).toEqual({ fru: image, problems: [] });
      }),
    );
  });

  test('any bytes are a value, or a DecodeError', () => {
    fc.assert(fc.property(buffer(0, 300), (bytes) => void tryDecode(decodeFruImage, bytes)));
    fc.assert(fc.property(buffer(0, 300), (bytes) => void decodeMultirecords(bytes)));
  });

  test('any bytes behind a good header are areas that can be shown, or problems', () => {
    fc.assert(
      fc.property(buffer(3, 300), fc.constantFrom('chassis', 'board', 'product'), (bytes, kind) => {
        bytes[0] = 1;
        bytes[1] = (bytes[1] ?? 0) % 40;
        const { area, problems } = decodeInfoArea(kind, bytes);
        if (area === null) expect(problems).not.toEqual([]);
        else for (const text of Object.values(infoAreaTexts(area))) expect(text).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 2_000 },
    );
  });

  test('one byte changed in an area is a problem, and the other areas are still read', () => {
    fc.assert(
      fc.property(images, fc.nat(), fc.integer({ min: 1, max: 255 }), (image, at, change) => {
        fc.pre(image.chassis !== null && image.product !== null && image.board === null);
        const bytes = encodeFruImage({ ...image, internalUse: null, multirecords: [] });
        const productAt = (bytes[4] ?? 0) * 8;
        // Not the version or the length: then nothing tells what the rest is.
        const index = 10 + (at % (productAt - 10));
        bytes[index] = (bytes[index] ?? 0) ^ change;
        const { fru, problems } = decodeFruImage(bytes);
        expect(problems).toContain('chassis area: checksum is wrong');
        expect(fru.product).toEqual(image.product);
      }),
    );
  });
});
