import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';

export const GUID_BYTES = 16;

/** A GUID as it stands on the wire. */
export type GuidResponse = { readonly guid: Buffer };

/**
 * How a UUID was laid into the 16 bytes:
 * - `ipmi`: the whole of it backwards, node first, as the IPMI specification has it;
 * - `smbios`: its first three fields least significant byte first, the rest forwards, as DMI tables have it and most
 *   boards send it, since their BMC copies the system UUID;
 * - `rfc4122`: forwards.
 */
export type GuidOrder = 'ipmi' | 'smbios' | 'rfc4122';

/** Which byte of the wire stands where in the text of the UUID. @see Table 20-10; SMBIOS 3.0 (DSP0134) §7.2.1 */
const positions: Readonly<Record<GuidOrder, readonly number[]>> = {
  ipmi: [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
  smbios: [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15],
  rfc4122: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
};

/** The UUID that a controller most likely means, and how sure that is. */
export type GuidReading = {
  /** "4c4c4544-0058-5410-8033-b5c04f475131", lower case. */
  readonly uuid: string;
  readonly order: GuidOrder;
  /** All orders in which the bytes are a well-formed UUID; none, one, or two of which {@link readGuid} has chosen. */
  readonly plausible: readonly GuidOrder[];
};

/**
 * Reads a response that is a GUID.
 *   0-15  GUID
 * @throws DecodeError when shorter than 16 bytes
 */
export function decodeGuidResponse(reader: ByteReader): GuidResponse {
  return { guid: reader.bytes(GUID_BYTES, 'GUID') };
}

/** Writes a response that is a GUID. */
export function encodeGuidResponse(response: GuidResponse, writer: ByteWriter): void {
  writer.fixed(response.guid, GUID_BYTES);
}

/** The text of a GUID whose order is known. @param guid 16 bytes */
export function formatGuid(guid: Buffer, order: GuidOrder): string {
  const text = inOrder(guid, order).toString('hex');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}

/**
 * Finds the order by the two places that a UUID cannot have at will: the version digit, 1 to 7, and the variant, bits
 * 10b. Version 8 is left out: boards have none, and without it `smbios`, whose version digit stands where `ipmi` has the
 * variant, and `ipmi` are never well-formed both. `rfc4122` can be beside either by accident, and is chosen last. Bytes
 * that are no UUID in any order (all zeros, a serial number) are told as `smbios`.
 * @param guid 16 bytes
 * @see RFC 9562 §4
 */
export function readGuid(guid: Buffer): GuidReading {
  const orders: readonly GuidOrder[] = ['smbios', 'ipmi', 'rfc4122'];
  const plausible = orders.filter((order) => wellFormed(inOrder(guid, order)));
  const order = plausible[0] ?? 'smbios';
  return { uuid: formatGuid(guid, order), order, plausible };
}

export function describeGuidResponse(response: GuidResponse): string {
  const { uuid, order, plausible } = readGuid(response.guid);
  return `${uuid} (${plausible.length === 0 ? 'not a UUID in any byte order' : `${order} byte order`})`;
}

function inOrder(guid: Buffer, order: GuidOrder): Buffer {
  return Buffer.from(positions[order].map((at) => guid[at] ?? 0));
}

function wellFormed(uuid: Buffer): boolean {
  const version = (uuid[6] ?? 0) >> 4;
  return version >= 1 && version <= 7 && (uuid[8] ?? 0) >> 6 === 0b10;
}
