import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';

/** Boot device selectors, bits 5:2 of the second byte. @see IPMI v2.0 rev. 1.1 §28.13, Table 28-14 parameter 5 */
export const BootDeviceSelector = {
  noOverride: 0,
  pxe: 1,
  hardDrive: 2,
  hardDriveSafeMode: 3,
  diagnosticPartition: 4,
  cdOrDvd: 5,
  biosSetup: 6,
  remoteFloppy: 7,
  remoteCdOrDvd: 8,
  remoteMedia: 9,
  remoteHardDrive: 11,
  floppy: 15,
} as const;

/** Boot option parameter 5. */
export type BootFlags = {
  /** The flags apply; the controller clears it after the boot, or after a time-out. */
  readonly valid: boolean;
  /** For every boot from now on. */
  readonly persistent: boolean;
  /** EFI boot; otherwise the firmware's legacy boot. */
  readonly efi: boolean;
  /** See {@link BootDeviceSelector}. */
  readonly device: number;
};

export const BOOT_FLAGS_BYTES = 5;

/**
 * Reads boot option parameter 5.
 *   0    bit 7 valid, bit 6 persistent, bit 5 EFI
 *   1    bits 5:2 device selector; the other bits clear CMOS and lock keyboard, screen or buttons
 *   2-4  console redirection, BIOS verbosity, device instance: kept 0
 * Only the first two bytes are needed: some controllers send fewer than five, some more.
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §28.13, Table 28-14
 */
export function decodeBootFlags(reader: ByteReader): BootFlags {
  const flags = reader.u8('boot flags');
  const device = reader.u8('boot device');
  return {
    valid: (flags & 0x80) !== 0,
    persistent: (flags & 0x40) !== 0,
    efi: (flags & 0x20) !== 0,
    device: (device >> 2) & 0x0f,
  };
}

/** Writes the 5 bytes of boot option parameter 5. @see IPMI v2.0 rev. 1.1 §28.13, Table 28-14 */
export function encodeBootFlags(flags: BootFlags, writer: ByteWriter): void {
  writer.u8((flags.valid ? 0x80 : 0) | (flags.persistent ? 0x40 : 0) | (flags.efi ? 0x20 : 0));
  writer.u8(flags.device << 2).zeros(3);
}

export function describeBootFlags(flags: BootFlags): string {
  const name = Object.entries(BootDeviceSelector).find(([, selector]) => selector === flags.device)?.[0];
  const scope = flags.persistent ? 'every boot' : 'next boot';
  return `${name ?? `device ${flags.device}`}, ${scope}, ${flags.efi ? 'EFI' : 'legacy'}${flags.valid ? '' : ', not valid'}`;
}
