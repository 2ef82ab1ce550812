import { type CodedText, decodeText, readableText, TextCoding } from '../type-length.ts';
import { chassisTypeName } from './chassis-types.ts';
import { ENGLISH, type InfoArea, type InfoAreaKind } from './info-area.ts';

/** Names of the fields that each kind of area begins with. @see FRU v1.0 rev. 1.3 §10, §11, §12 */
const fieldNames: Readonly<Record<InfoAreaKind, readonly string[]>> = {
  chassis: ['Part Number', 'Serial Number'],
  board: ['Manufacturer', 'Product Name', 'Serial Number', 'Part Number', 'FRU File ID'],
  product: [
    'Manufacturer Name',
    'Product Name',
    'Part/Model Number',
    'Version',
    'Serial Number',
    'Asset Tag',
    'FRU File ID',
  ],
};

/** 1996-01-01 00:00 UTC. @see §11 */
const MANUFACTURING_EPOCH_MS = Date.UTC(1996, 0, 1);
const MINUTE_MS = 60_000;

/**
 * An area as names and texts, in its order; empty fields are left out. Custom fields are "Custom 1", "Custom 2".
 * @see FRU v1.0 rev. 1.3 §10, §11, §12
 */
export function infoAreaTexts(area: InfoArea): Readonly<Record<string, string>> {
  const names = fieldNames[area.kind];
  const language = area.kind === 'chassis' ? ENGLISH : area.languageCode;
  const fields = area.fields.map((field, index): [string, string] => [
    names[index] ?? `Custom ${index - names.length + 1}`,
    fruFieldText(field, language),
  ]);
  return Object.fromEntries([...headTexts(area), ...fields.filter(([, text]) => text !== '')]);
}

/**
 * The text of one field, fit to be shown. Binary is hexadecimal. 8-bit text is Latin-1 in English and UTF-16 in other
 * languages; plain ASCII under another language's code is taken for what it is, since boards are labelled so.
 * @see FRU v1.0 rev. 1.3 §13
 */
export function fruFieldText(field: CodedText, languageCode: number): string {
  if (field.coding === TextCoding.unicode) return field.bytes.toString('hex');
  const english = languageCode === 0 || languageCode === ENGLISH;
  const wide = field.coding === TextCoding.eightBit && !english && !isPlainAscii(field.bytes);
  return readableText(decodeText(wide ? { ...field, coding: TextCoding.unicode } : field));
}

/** "2023-11-14T22:13Z"; undefined for 0, "unspecified". @param minutes since 1996-01-01 @see FRU v1.0 rev. 1.3 §11 */
export function formatManufacturingTime(minutes: number): string | undefined {
  if (minutes === 0) return undefined;
  return new Date(MANUFACTURING_EPOCH_MS + minutes * MINUTE_MS).toISOString().replace(':00.000Z', 'Z');
}

function headTexts(area: InfoArea): readonly [string, string][] {
  if (area.kind === 'chassis') return [['Type', chassisTypeName(area.chassisType)]];
  const made = area.kind === 'board' ? formatManufacturingTime(area.manufacturingTime) : undefined;
  return made === undefined ? [] : [['Manufacturing Date', made]];
}

const isPlainAscii = (bytes: Buffer): boolean => bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
