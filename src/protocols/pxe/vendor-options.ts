import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { DecodeError } from '../../foundation/errors.ts';

/** Sub-options of option 43 under vendor class PXEClient. @see PXE 2.1 table 2-1 */
export const PXE_VENDOR_OPTION = {
  pad: 0,
  discoveryControl: 6,
  bootServers: 8,
  bootMenu: 9,
  menuPrompt: 10,
  bootItem: 71,
  end: 255,
} as const;

/** Bits of sub-option 6. @see PXE 2.1 table 2-1, PXE_DISCOVERY_CONTROL */
export const DISCOVERY_CONTROL = {
  noBroadcast: 1,
  noMulticast: 2,
  onlyBootServers: 4,
  /** No menu, no discovery: fetch the boot file this very offer names. */
  bootOfferedFile: 8,
} as const;

export type PxeVendorOptions = ReadonlyMap<number, Buffer>;

/**
 * Reads option 43 of a PXE client or server.
 *   code 1, length 1, value; 0 pads, 255 ends; an absent end is accepted
 * @param data views into it are kept
 * @throws DecodeError when a length runs past the value
 * @see PXE 2.1 §2.2.2
 */
export function decodePxeVendorOptions(data: Buffer): PxeVendorOptions {
  const options = new Map<number, Buffer>();
  const reader = new ByteReader(data);
  while (reader.left > 0) {
    const code = reader.u8('PXE vendor option code');
    if (code === PXE_VENDOR_OPTION.end) break;
    if (code === PXE_VENDOR_OPTION.pad) continue;
    options.set(code, reader.bytes(reader.u8(`length of PXE vendor option ${code}`), `PXE vendor option ${code}`));
  }
  return options;
}

/** Writes option 43, ended by 255: EDK2 reads on past a value without it. @throws DecodeError on a code or length that has no encoding */
export function encodePxeVendorOptions(options: PxeVendorOptions): Buffer {
  const parts: Buffer[] = [];
  for (const [code, data] of options) {
    if (code <= 0 || code >= 255 || data.length > 255) {
      throw new DecodeError(`PXE vendor option ${code} of ${data.length} bytes cannot be sent`);
    }
    parts.push(Buffer.from([code, data.length]), data);
  }
  return Buffer.concat([...parts, Buffer.from([PXE_VENDOR_OPTION.end])]);
}
