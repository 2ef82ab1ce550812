import { describe, expect, test } from 'vitest';
import { formatManufacturingTime, fruFieldText, infoAreaTexts } from '../../../../src/protocols/ipmi/fru/area-texts.ts';
import { decodeFruImage, encodeFruImage } from '../../../../src/protocols/ipmi/fru/fru-image.ts';
import { decodeInfoArea, ENGLISH, encodeInfoArea } from '../../../../src/protocols/ipmi/fru/info-area.ts';
import { decodeMultirecords } from '../../../../src/protocols/ipmi/fru/multirecord.ts';
import { type CodedText, encodeText, TextCoding } from '../../../../src/protocols/ipmi/type-length.ts';
import { encodeFru } from '../../../lab/rig/fru.ts';

const eight = (text: string): CodedText => encodeText(text, TextCoding.eightBit);
/** The bytes, and the one that makes them add up to 0. */
const summed = (...bytes: readonly number[]): Buffer =>
  Buffer.from([...bytes, -bytes.reduce((total, byte) => total + byte, 0) & 0xff]);

/** A board area by hand, from the tables of the specification. */
const board = summed(
  ...[0x01, 0x04, 0x19, 0x25, 0xae, 0xdf], // version, 32 bytes, English, 14659109 minutes
  ...[0xc3, 0x41, 0x42, 0x43], // "ABC"
  ...[0x83, 0x29, 0xdc, 0xa6], // "IPMI" in 6 bits a character
  ...[0x42, 0x12, 0x3b], // "123-" as BCD plus
  ...[0x02, 0xbe, 0xef], // binary
  0x00, // no FRU file id
  ...[0xc2, 0x68, 0x69], // custom
  0xc1,
  ...[0, 0, 0, 0, 0, 0],
);

describe('areas', () => {
  test('a board area with each coding, and its custom field', () => {
    expect(board).toHaveLength(32);
    const { area, problems } = decodeInfoArea('board', board);
    expect(problems).toEqual([]);
    expect(area && infoAreaTexts(area)).toEqual({
      'Manufacturing Date': '2023-11-14T22:29Z',
      Manufacturer: 'ABC',
      'Product Name': 'IPMI',
      'Serial Number': '123-',
      'Part Number': 'beef',
      'Custom 1': 'hi',
    });
  });

  test('a chassis area with its type', () => {
    const bytes = encodeInfoArea({
      kind: 'chassis',
      chassisType: 0x17,
      fields: [eight('P'), eight('S'), eight('own')],
    });
    const { area } = decodeInfoArea('chassis', bytes);
    expect(area && infoAreaTexts(area)).toEqual({
      Type: 'Rack Mount Chassis',
      'Part Number': 'P',
      'Serial Number': 'S',
      'Custom 1': 'own',
    });
  });

  test('a wrong checksum is told, and the fields are read', () => {
    const bytes = Buffer.from(board);
    bytes[7] = 0x5a;
    const { area, problems } = decodeInfoArea('board', bytes);
    expect(problems).toEqual(['board area: checksum is wrong']);
    expect(area && infoAreaTexts(area)).toMatchObject({ Manufacturer: 'ZBC', 'Part Number': 'beef' });
  });

  test('an area cut short keeps the fields that are whole', () => {
    const { area, problems } = decodeInfoArea('board', board.subarray(0, 16));
    expect(problems).toEqual(['board area: ends after 16 of its 32 bytes']);
    expect(area && infoAreaTexts(area)).toEqual({
      'Manufacturing Date': '2023-11-14T22:29Z',
      Manufacturer: 'ABC',
      'Product Name': 'IPMI',
    });
  });

  test('no end mark, and a field that goes past the end', () => {
    const unended = summed(0x01, 0x01, 0x19, 0xc3, 0x41, 0x42, 0x43);
    expect(decodeInfoArea('product', unended).problems).toEqual(['product area: no end mark after the last field']);
    const past = summed(0x01, 0x01, 0x19, 0xc1 + 1, 0x41, 0x42, 0xc9);
    const reading = decodeInfoArea('product', past);
    expect(reading.problems).toEqual(['product area: field 2 goes past the end']);
    expect(reading.area && infoAreaTexts(reading.area)).toEqual({ 'Manufacturer Name': 'AB' });
  });

  test.each([
    ['another version', summed(0x02, 0x01, 0x19, 0xc1, 0, 0, 0), 'product area: format version 2 is not known'],
    ['no length', Buffer.alloc(16), 'product area: nothing there'],
    ['nothing', Buffer.alloc(0), 'product area: nothing there'],
  ])('%s: no area, and the reason', (_name, bytes, problem) => {
    expect(decodeInfoArea('product', bytes)).toEqual({ area: null, problems: [problem] });
  });

  test('a lone character is written with a space, not as the end mark', () => {
    const bytes = encodeInfoArea({ kind: 'product', languageCode: ENGLISH, fields: [eight('X'), eight('next')] });
    const { area } = decodeInfoArea('product', bytes);
    expect(area && infoAreaTexts(area)).toEqual({ 'Manufacturer Name': 'X', 'Product Name': 'next' });
  });
});

describe('texts', () => {
  const field = (coding: TextCoding, hex: string): CodedText => ({ coding, bytes: Buffer.from(hex, 'hex') });

  test.each([
    ['Latin-1 in English', field(TextCoding.eightBit, '4dfc6c6c6572'), ENGLISH, 'Müller'],
    ['the other English', field(TextCoding.eightBit, '4dfc6c6c6572'), 0, 'Müller'],
    ['UTF-16 in another language', field(TextCoding.eightBit, '2d4e8765'), 48, '中文'],
    ['ASCII labelled as another language', field(TextCoding.eightBit, '4c616231'), 48, 'Lab1'],
    ['padding', field(TextCoding.eightBit, '4c6162000000'), ENGLISH, 'Lab'],
    ['an escape sequence', field(TextCoding.eightBit, '1b5b324a'), ENGLISH, '?[2J'],
  ])('%s', (_name, text, language, expected) => {
    expect(fruFieldText(text, language)).toBe(expected);
  });

  test('manufacturing time: minutes since 1996, 0 is unspecified', () => {
    expect(formatManufacturingTime(0)).toBeUndefined();
    expect(formatManufacturingTime(1)).toBe('1996-01-01T00:01Z');
    expect(formatManufacturingTime(0xff_ffff)).toBe('2027-11-24T20:15Z');
  });
});

describe('images', () => {
  test('the inventory of the lab machines, written by another hand', () => {
    const { fru, problems } = decodeFruImage(encodeFru('lab-07'));
    expect(problems).toEqual([]);
    expect(fru.board && infoAreaTexts(fru.board)).toEqual({
      Manufacturer: 'Lab',
      'Product Name': 'Lab Board',
      'Serial Number': 'lab-07',
      'Part Number': 'LB-1',
    });
    expect(fru.product && infoAreaTexts(fru.product)).toMatchObject({ 'Part/Model Number': 'LM-1', Version: '1.0' });
    expect(fru.chassis).toBeNull();
  });

  test('a header that does not add up is told, and followed', () => {
    const image = Buffer.from(encodeFru('lab-07'));
    image[7] = 0;
    const { fru, problems } = decodeFruImage(image);
    expect(problems).toEqual(['common header: checksum is wrong']);
    expect(fru.product).not.toBeNull();
  });

  test.each([0x00, 0xff])('an empty device, all %i', (fill) => {
    const { fru, problems } = decodeFruImage(Buffer.alloc(64, fill));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^no inventory: format version/);
    expect(fru.board).toBeNull();
  });

  test('an area that begins behind the end', () => {
    const image = encodeFruImage({ internalUse: null, chassis: null, board: null, product: null, multirecords: [] });
    const bent = summed(...image.subarray(0, 3), 9, 0, 0, 0);
    expect(decodeFruImage(bent).problems).toEqual(['board area: nothing there']);
  });
});

describe('multirecord areas', () => {
  const record = (flags: number, data: readonly number[]): Buffer => {
    const checksum = summed(...data).at(-1) ?? 0;
    return Buffer.concat([summed(0xc0, flags, data.length, checksum), Buffer.from(data)]);
  };

  test('records up to the one that says it is the last', () => {
    const bytes = Buffer.concat([record(0x02, [1, 2]), record(0x82, [3]), Buffer.alloc(20, 0xff)]);
    const { records, problems } = decodeMultirecords(bytes);
    expect(problems).toEqual([]);
    expect(records.map(({ data }) => [...data])).toEqual([[1, 2], [3]]);
  });

  test('a wrong record checksum is told; a wrong header, or one past the end, ends the walk', () => {
    const wrong = record(0x02, [1, 2]);
    wrong[5] = 9;
    expect(decodeMultirecords(Buffer.concat([wrong, record(0x82, [3])]))).toMatchObject({
      records: [{}, {}],
      problems: ['multirecord 1: checksum is wrong'],
    });
    const header = record(0x02, [1, 2]);
    header[4] = 0;
    expect(decodeMultirecords(header).problems).toEqual(['multirecord 1: header checksum is wrong']);
    expect(decodeMultirecords(record(0x02, [1, 2]).subarray(0, 6)).problems).toEqual([
      'multirecord 1: goes past the end',
    ]);
    expect(decodeMultirecords(record(0x02, [1, 2])).problems).toEqual(['multirecord 2: header is cut']);
  });
});
