import { encodeFruImage } from '../../protocols/ipmi/fru/fru-image.ts';
import { ENGLISH } from '../../protocols/ipmi/fru/info-area.ts';
import { type CodedText, encodeText, TextCoding } from '../../protocols/ipmi/type-length.ts';

/** One FRU device of a simulated BMC. */
export type SimulatedFru = {
  /** What the device holds, filled up to its size. */
  readonly image: Buffer;
  /** Offsets and counts in words. Default: in bytes. */
  readonly accessedByWords?: boolean;
};

/** By FRU device id. */
export type FruDevices = ReadonlyMap<number, SimulatedFru>;

/** Size of the device with the default inventory: a small EEPROM. */
const EEPROM_BYTES = 512;
/** 2023-11-14 22:13, in minutes since 1996. */
const MADE_AT = 14_659_093;
const RACK_MOUNT = 0x17;
const MULTIRECORD_MANAGEMENT_ACCESS = 0x03;

const text = (value: string): CodedText => encodeText(value, TextCoding.eightBit);

/**
 * What a machine's BMC has without further orders: device 0 with a chassis, a board and a product area in the codings
 * that boards use, and a multirecord area.
 * @param serial of chassis, board and product
 * @see Platform Management FRU Information Storage Definition v1.0 rev. 1.3
 */
export function createDefaultFruDevices(serial: string): FruDevices {
  const areas = encodeFruImage({
    internalUse: null,
    chassis: {
      kind: 'chassis',
      chassisType: RACK_MOUNT,
      fields: [encodeText('CH-1U-0042', TextCoding.sixBit), text(`C${serial}`), text('Rack 4')],
    },
    board: {
      kind: 'board',
      languageCode: ENGLISH,
      manufacturingTime: MADE_AT,
      fields: [text('Bootwright'), text('Simulated Board'), text(`B${serial}`), text('1234-5678'), text('board.fru')],
    },
    product: {
      kind: 'product',
      languageCode: ENGLISH,
      fields: [
        text('Bootwright'),
        text('Simulated Machine'),
        text('SM-1'),
        text('1.0'),
        text(`P${serial}`),
        text('Asset 7'),
        text(''),
        text('Made of code'),
      ],
    },
    multirecords: [{ typeId: MULTIRECORD_MANAGEMENT_ACCESS, data: Buffer.from('\x01http://192.0.2.7/', 'latin1') }],
  });
  const image = Buffer.alloc(EEPROM_BYTES, 0xff);
  areas.copy(image);
  return new Map([[0, { image }]]);
}
