import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';

/** Which sensor a record is about. */
export type SensorKey = {
  /** Bit 0 clear: slave address of the owning controller, 20h for the BMC. Set: system software id in bits 7:1. */
  readonly owner: number;
  /** Channel behind which the owner is, 0 for the primary IPMB. */
  readonly channel: number;
  /** Logical unit of the owner, 0 to 3. */
  readonly lun: number;
  readonly number: number;
};

/**
 * Reads the key of a sensor record.
 *   0  owner
 *   1  bits 7:4 channel, bits 1:0 LUN
 *   2  sensor number
 * @throws DecodeError when shorter than 3 bytes
 * @see IPMI v2.0 rev. 1.1 §43.1 bytes 6 to 8
 */
export function decodeSensorKey(reader: ByteReader): SensorKey {
  const owner = reader.u8('sensor owner id');
  const lun = reader.u8('sensor owner LUN');
  return { owner, channel: lun >> 4, lun: lun & 3, number: reader.u8('sensor number') };
}

/** Writes the key of a sensor record. @see IPMI v2.0 rev. 1.1 §43.1 bytes 6 to 8 */
export function encodeSensorKey({ owner, channel, lun, number }: SensorKey, writer: ByteWriter): void {
  writer
    .u8(owner)
    .u8((channel << 4) | lun)
    .u8(number);
}
