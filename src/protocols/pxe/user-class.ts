/**
 * Reads option 77. RFC 3004 §4 frames each class with a length byte; iPXE sends the bare text `iPXE` (its first byte,
 * 0x69, would promise 105 bytes), and some of its builds the framed form. A value that frames exactly is read as framed.
 * @param data the option's value; not kept
 */
export function parseUserClasses(data: Buffer): readonly string[] {
  return framed(data) ?? [data.toString('latin1').replace(/\0+$/, '')];
}

/** The framed form of RFC 3004 §4. @throws RangeError when a class exceeds 255 bytes */
export function formatUserClasses(classes: readonly string[]): Buffer {
  return Buffer.concat(
    classes.map((name) => {
      const text = Buffer.from(name, 'latin1');
      if (text.length === 0 || text.length > 255) throw new RangeError(`user class of ${text.length} bytes`);
      return Buffer.concat([Buffer.from([text.length]), text]);
    }),
  );
}

function framed(data: Buffer): readonly string[] | undefined {
  const classes: string[] = [];
  let offset = 0;
  while (offset < data.length) {
    const length = data.readUInt8(offset);
    const end = offset + 1 + length;
    if (length === 0 || end > data.length) return undefined;
    classes.push(data.toString('latin1', offset + 1, end));
    offset = end;
  }
  return classes.length === 0 ? undefined : classes;
}
