/** The inventory that a machine's BMC reports: an IPMI FRU image with a board and a product area. */

/**
 * @param serial the machine's serial number
 * @returns the image, padded as a small EEPROM would be
 * @see Platform Management FRU Information Storage Definition v1.0 rev. 1.3 §8, §11, §12
 */
export function encodeFru(serial: string): Buffer {
  const board = area(['Lab', 'Lab Board', serial, 'LB-1', ''], Buffer.alloc(3)); // manufactured: not stated
  const product = area(['Lab', 'Lab Machine', 'LM-1', '1.0', serial, '', '']);
  const header = summed(Buffer.from([1, 0, 0, 1, 1 + board.length / 8, 0, 0]));
  return Buffer.concat([header, board, product, Buffer.alloc(256)]);
}

/** One area in English: version, length in units of 8 bytes, language, fields as 8-bit text, end mark, checksum. */
function area(fields: readonly string[], extra: Buffer = Buffer.alloc(0)): Buffer {
  const text = fields.map((field) => Buffer.concat([Buffer.from([0xc0 | field.length]), Buffer.from(field, 'latin1')]));
  const body = Buffer.concat([Buffer.from([1, 0, 25]), extra, ...text, Buffer.from([0xc1])]);
  const units = Math.ceil((body.length + 1) / 8);
  const padded = Buffer.concat([body, Buffer.alloc(units * 8 - 1 - body.length)]);
  padded[1] = units;
  return summed(padded);
}

/** Appends the byte that makes all bytes add up to zero. */
function summed(bytes: Buffer): Buffer {
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  return Buffer.concat([bytes, Buffer.from([-sum & 0xff])]);
}
