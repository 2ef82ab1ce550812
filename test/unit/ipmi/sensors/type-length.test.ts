import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeText,
  encodeText,
  readableText,
  TextCoding,
  textCodingOf,
} from '../../../../src/protocols/ipmi/type-length.ts';

const text = (coding: TextCoding, hex: string): string => decodeText({ coding, bytes: Buffer.from(hex, 'hex') });

describe('coded texts', () => {
  test('the example of the specification: "IPMI" in 6-bit ASCII (§43.15)', () => {
    expect(text(TextCoding.sixBit, '29dca6')).toBe('IPMI');
    expect(encodeText('IPMI', TextCoding.sixBit).bytes.toString('hex')).toBe('29dca6');
  });

  test('6-bit ASCII: lengths that are no multiple of three bytes', () => {
    expect(text(TextCoding.sixBit, '29')).toBe('I');
    expect(text(TextCoding.sixBit, '29dc')).toBe('IP');
    for (const each of ['A', 'AB', 'ABC', 'ABCD', 'PSU 1 STATUS']) {
      expect(readableText(decodeText(encodeText(each, TextCoding.sixBit)))).toBe(each);
    }
  });

  test('6-bit ASCII has no lower case and no tilde', () => {
    expect(decodeText(encodeText('fan~', TextCoding.sixBit))).toBe('FAN?');
  });

  test('BCD plus: the first digit is in the high half', () => {
    expect(text(TextCoding.bcdPlus, '12abcdef')).toBe('12 -.:,_');
    expect(encodeText('12-3', TextCoding.bcdPlus).bytes.toString('hex')).toBe('12b3');
    expect(encodeText('123', TextCoding.bcdPlus).bytes.toString('hex')).toBe('123a');
  });

  test('8-bit is Latin-1, Unicode is UTF-16 with the low byte first', () => {
    expect(text(TextCoding.eightBit, 'b0432046fc')).toBe('°C Fü');
    expect(text(TextCoding.unicode, '46006100ac20')).toBe('Fa€');
    expect(text(TextCoding.unicode, '460061')).toBe('F');
    expect(encodeText('€5', TextCoding.eightBit).bytes.toString('latin1')).toBe('?5');
  });

  test('the coding is in the two highest bits', () => {
    expect([0x00, 0x44, 0x83, 0xc1].map(textCodingOf)).toEqual([0, 1, 2, 3]);
  });

  test('what is shown ends at the first NUL and has no control characters', () => {
    expect(readableText(' FAN 1  \0garbage')).toBe('FAN 1');
    expect(readableText('a\u001b[2Jb\tc')).toBe('a?[2Jb c');
    expect(readableText('\u0000')).toBe('');
    expect(readableText('x\u202ey')).toBe('x?y');
  });

  test('what a coding can hold comes back', () => {
    const latin = fc.string({ unit: fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)) });
    fc.assert(fc.property(latin, (each) => decodeText(encodeText(each, TextCoding.eightBit)) === each));
    fc.assert(fc.property(fc.string(), (each) => decodeText(encodeText(each, TextCoding.unicode)) === each));
    const sixBit = fc.string({ unit: fc.integer({ min: 0x20, max: 0x5f }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(sixBit, (each) => decodeText(encodeText(each, TextCoding.sixBit)).trimEnd() === each.trimEnd()),
    );
  });

  test('any bytes in any coding are a text', () => {
    const coding = fc.constantFrom(...Object.values(TextCoding));
    fc.assert(
      fc.property(coding, fc.uint8Array({ maxLength: 63 }), (code, bytes) => {
        expect(readableText(decodeText({ coding: code, bytes: Buffer.from(bytes) }))).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
