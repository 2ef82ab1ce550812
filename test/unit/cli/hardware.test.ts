import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventBody } from '../../../src/api/schema/event.ts';
import { CliError } from '../../../src/cli/cli-error.ts';
import { overrideText } from '../../../src/cli/commands/boot-override.ts';
import { parseLight } from '../../../src/cli/commands/chassis.ts';
import { hexLines, rawOrder } from '../../../src/cli/commands/raw.ts';
import { colorOf, readingText } from '../../../src/cli/commands/sensors.ts';
import { describeEvent } from '../../../src/cli/describe-event.ts';
import { cell } from '../../../src/cli/terminal.ts';
import { eventWords } from '../../../src/web/words/event.ts';

describe('raw bytes', () => {
  it.each<[string[], number | undefined, object]>([
    [['0x06', '0x01'], undefined, { netFn: 6, command: 1, data: '' }],
    [['6', '1', '255', '0xFF', '0', '0x0'], undefined, { netFn: 6, command: 1, data: 'ffff0000' }],
    [['0x2c', '0X3', '0xa'], 3, { netFn: 44, command: 3, data: '0a', lun: 3 }],
  ])('%j on unit %s', (texts, lun, order) => expect(rawOrder(texts, lun)).toEqual(order));

  it.each(['256', '0x100', '010', '-1', '1.5', 'ff', '0x', '', ' 1', '1e1', '0b1'])('%j is none', (text) => {
    expect(() => rawOrder(['6', text])).toThrow(CliError);
  });

  it('are two at least', () => {
    expect(() => rawOrder(['6'])).toThrow(/network function and a command/);
    expect(() => rawOrder([])).toThrow(/network function and a command/);
  });

  it('come back as they went, in either way of writing', () => {
    const byte = fc.record({ value: fc.integer({ min: 0, max: 255 }), hex: fc.boolean() });
    fc.assert(
      fc.property(fc.array(byte, { minLength: 2, maxLength: 60 }), (bytes) => {
        const texts = bytes.map(({ value, hex }) => (hex ? `0x${value.toString(16)}` : String(value)));
        const { netFn, command, data = '' } = rawOrder(texts);
        const values = bytes.map(({ value }) => value);
        expect([netFn, command, ...Buffer.from(data, 'hex')]).toEqual(values);
        const shown = hexLines(data);
        expect(
          shown
            .join(' ')
            .split(' ')
            .filter(Boolean)
            .map((text) => Number.parseInt(text, 16)),
        ).toEqual(values.slice(2));
        expect(shown.every((line) => line.length <= 16 * 3 - 1)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('words', () => {
  it.each<[string, string | number]>([
    ['on', 'on'],
    ['off', 'off'],
    ['1', 1],
    ['255', 255],
  ])('light %j', (text, light) => expect(parseLight(text)).toBe(light));

  it.each(['0', '256', '-1', '1.5', 'blink', '', '1000'])('no light: %j', (text) => {
    expect(() => parseLight(text)).toThrow(/1 to 255 seconds/);
  });

  it.each<[number | null, string | null, string]>([
    [42, 'degrees C', '42 degrees C'],
    [12.180000000000001, 'V', '12.18 V'],
    [-0.5, 'A', '-0.5 A'],
    [13_200, 'RPM', '13200 RPM'],
    [1_234_567, 'Hz', '1234567 Hz'],
    [0, null, '0'],
    [null, 'V', '-'],
  ])('reading of %s %s', (value, unit, text) => expect(readingText({ value, unit })).toBe(text));

  it('colour what is bad', () => {
    expect((['non-recoverable', 'critical', 'warning', 'ok', 'unknown'] as const).map(colorOf)).toEqual([
      'red',
      'red',
      'yellow',
      undefined,
      'dim',
    ]);
  });

  it('tell an override', () => {
    const read = { device: 'pxe', valid: true, persistent: false, efi: false } as const;
    expect(overrideText(read)).toBe('pxe, next boot only');
    expect(overrideText({ ...read, persistent: true, efi: true })).toBe('pxe, every boot, UEFI');
    expect(overrideText({ ...read, valid: false })).toBe('none');
    expect(overrideText({ ...read, device: 'none' })).toBe('none');
  });

  it('of a machine stay in their cell, and run in their direction', () => {
    expect(cell('a\tb\nc\u001b[2J\u202ed\u2066e\u2028f é')).toBe('a\ufffdb\ufffdc\ufffd[2J\ufffdd\ufffde\ufffdf é');
  });
});

describe('events', () => {
  const event = (type: string, title: string, data: EventBody['data']): EventBody => ({
    machineId: 'm_1',
    seq: 1,
    at: '2026-01-31T12:00:00.000Z',
    type,
    title,
    source: 'api',
    runId: null,
    step: null,
    stage: null,
    data: { actor: 'ann', ...data },
  });
  const failed = { outcome: 'failed', code: 'bmc-refused', message: 'refused with C1h' };
  const silent = { outcome: 'unknown', code: 'unreachable', message: 'no answer' };
  const override = { device: 'pxe', persistent: true, efi: true, outcome: 'done' };
  const read = { device: 'pxe', valid: true, persistent: false, efi: false };

  it.each<[string, EventBody['data'], string, string]>([
    ['bmc.identified', { light: 'on', outcome: 'done' }, 'Identify light on', 'by ann'],
    [
      'bmc.identified',
      { light: 9, ...failed },
      'Not done: Identify light on for 9 s',
      'by ann · refused with C1h (bmc-refused)',
    ],
    [
      'bmc.identified',
      { light: 'off', ...silent },
      'Perhaps done: Identify light off',
      'by ann · the BMC fell silent · no answer (unreachable)',
    ],
    [
      'bmc.boot-override-set',
      { ...override, stuck: true, read },
      'Boot override pxe',
      'for every boot · UEFI · by ann',
    ],
    [
      'bmc.boot-override-set',
      { ...override, stuck: false, read },
      'Boot override pxe',
      'for every boot · UEFI · reads back as device pxe · valid yes · persistent no · efi no · by ann',
    ],
    ['bmc.power-policy-set', { policy: 'stay-off', outcome: 'done' }, 'When mains power returns: stay-off', 'by ann'],
    ['bmc.event-log-cleared', { entries: 3, outcome: 'done' }, 'BMC event log erased', '3 entries · by ann'],
    ['bmc.event-log-cleared', failed, 'Not done: BMC event log erased', 'by ann · refused with C1h (bmc-refused)'],
    ['bmc.clock-set', { setTo: '2026-01-31', outcome: 'done' }, 'BMC clock set', '2026-01-31 · by ann'],
    [
      'bmc.raw-sent',
      { netFn: 6, command: 0x47, bytes: 2, outcome: 'done', completionCode: 0xc1, meaning: 'C1h no' },
      'Raw BMC command 0x06 0x47',
      '2 data bytes · C1h no · by ann',
    ],
    [
      'bmc.raw-sent',
      { netFn: 44, command: 3, bytes: 0, outcome: 'unknown' },
      'Perhaps done: Raw BMC command 0x2c 0x03',
      '0 data bytes · by ann · the BMC fell silent',
    ],
  ])('%s %j in words of the page', (type, data, text, detail) => {
    expect(eventWords(event(type, 'x', data))).toMatchObject({ text, detail });
  });

  it('sound an alarm where something was not done', () => {
    const tone = (type: string, data: EventBody['data']) => eventWords(event(type, 'x', data)).tone;
    expect(tone('bmc.identified', { outcome: 'done' })).toBe('act');
    expect(tone('bmc.identified', failed)).toBe('bad');
    expect(tone('bmc.identified', silent)).toBe('warn');
    expect(tone('bmc.boot-override-set', { ...override, stuck: false })).toBe('warn');
    expect(tone('bmc.raw-sent', { outcome: 'done', completionCode: 0xc1 })).toBe('warn');
    expect(tone('bmc.raw-sent', { outcome: 'done', completionCode: 0 })).toBe('act');
  });

  it.each<[string, EventBody['data'], string]>([
    ['identify light ordered', { light: 15, outcome: 'done' }, 'outcome done, actor ann, light 15'],
    [
      'boot override ordered',
      { ...override, stuck: false, read },
      'outcome done, actor ann, device pxe, persistent true, efi true, stuck false',
    ],
    [
      'raw BMC command sent',
      { netFn: 6, lun: 0, command: 0x47, bytes: 8, outcome: 'unknown' },
      'outcome unknown, bytes 8, actor ann, netFn 0x06, command 0x47',
    ],
    [
      'power restore policy ordered',
      { policy: 'restore', ...failed },
      'outcome failed, message refused with C1h, actor ann, code bmc-refused, policy restore',
    ],
  ])('%s %j in a line of the command', (title, data, words) => {
    expect(describeEvent(event('bmc.x', title, data))).toBe(`          ${title}: ${words}`);
  });
});
