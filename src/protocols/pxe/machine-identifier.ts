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
  return uuidText(swapUuid(data.subarray(1)));
}

/**
 * Reads option 97 as it is found in the field, to tell machines apart.
 *
 * Some firmware sends the UUID in network byte order, though RFC 4578 has SMBIOS's, and nothing in the option says which; so both
 * spellings are given, the one by the specification first. A type byte may be absent. Values that many boards share say nothing.
 * @returns lower-case text; empty when the option identifies no machine
 * @see RFC 4578 §2.3; SMBIOS 3.6 §7.2.1 (all zeros: not present; all ones: not set)
 */
export function machineIdentifiersOf(data: Buffer): readonly string[] {
  const bytes = data.length === 17 && data[0] === 0 ? data.subarray(1) : data;
  if (bytes.length !== 16) return [];
  const spellings = [uuidText(swapUuid(bytes)), uuidText(bytes)];
  return spellings.some((uuid) => FAKE_UUIDS.includes(uuid)) ? [] : [...new Set(spellings)];
}

const FAKE_UUIDS = [
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  // Boards of several makers whose vendor never wrote one: the bytes count up.
  '03000200-0400-0500-0006-000700080009',
  '12345678-1234-5678-90ab-cddeefaabbcc',
];

/** Writes option 97 from `4c4c4544-0033-…`. @throws DecodeError when it is not a UUID */
export function formatMachineIdentifier(uuid: string): Buffer {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid))
    throw new DecodeError(`not a UUID: ${JSON.stringify(uuid.slice(0, 40))}`);
  return Buffer.concat([Buffer.from([0]), swapUuid(Buffer.from(uuid.replaceAll('-', ''), 'hex'))]);
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function swapUuid(bytes: Buffer): Buffer {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((from) => bytes.readUInt8(from)));
}
