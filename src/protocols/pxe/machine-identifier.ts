import { DecodeError } from '../../foundation/errors.ts';

/**
 * Reads option 97: type 0 and a 16-byte UUID whose first three fields are little-endian, as SMBIOS has them.
 * @returns lower-case text as `dmidecode` prints it
 * @throws DecodeError on another type or length
 * @see RFC 4578 §2.3; SMBIOS 3.6 §7.2.1
 */
export function parseMachineIdentifier(data: Buffer): string {
  if (data.length !== 17 || data.readUInt8(0) !== 0) {
    throw new DecodeError(
      `client machine identifier: type ${data[0] ?? 'none'} of ${data.length} bytes, expected type 0 of 17`,
    );
  }
  return swapUuid(data.subarray(1))
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Writes option 97 from `4c4c4544-0033-…`. @throws DecodeError when it is not a UUID */
export function formatMachineIdentifier(uuid: string): Buffer {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid))
    throw new DecodeError(`not a UUID: ${JSON.stringify(uuid.slice(0, 40))}`);
  return Buffer.concat([Buffer.from([0]), swapUuid(Buffer.from(uuid.replaceAll('-', ''), 'hex'))]);
}

function swapUuid(bytes: Buffer): Buffer {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((from) => bytes.readUInt8(from)));
}
