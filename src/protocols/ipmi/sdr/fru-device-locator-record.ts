import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import type { CodedText } from '../type-length.ts';
import { decodeIdString, encodeIdString } from './id-string.ts';

/** Where the inventory of a replaceable part is. */
export type FruDeviceLocatorRecord = {
  readonly kind: 'fru-device-locator';
  /** Slave address of the controller to ask, 20h for the BMC. */
  readonly accessAddress: number;
  /** Logical: the FRU device id for Read FRU Data. Not logical: slave address of the memory chip. */
  readonly deviceId: number;
  readonly logical: boolean;
  /** Logical unit of the controller, 0 to 3. */
  readonly lun: number;
  /** Private bus of the controller, 0 to 7; of chips. */
  readonly bus: number;
  readonly channel: number;
  readonly deviceType: number;
  readonly deviceTypeModifier: number;
  readonly entityId: number;
  readonly entityInstance: number;
  readonly oem: number;
  readonly name: CodedText;
};

/**
 * Reads a FRU device locator record behind its header.
 *   0     controller's address
 *   1     FRU device id or chip address
 *   2     bit 7 logical, bits 4:3 LUN, 2:0 private bus
 *   3     bits 7:4 channel
 *   5-6   device type, modifier
 *   7-8   entity id, instance
 *   9     OEM, 10 id string
 * @throws DecodeError when shorter than 10 bytes
 * @see IPMI v2.0 rev. 1.1 §43.8
 */
export function decodeFruDeviceLocatorRecord(reader: ByteReader): FruDeviceLocatorRecord {
  const accessAddress = reader.u8('device access address');
  const deviceId = reader.u8('FRU device id');
  const access = reader.u8('logical/physical, LUN, bus');
  const channel = reader.u8('channel number') >> 4;
  reader.bytes(1, 'reserved');
  return {
    kind: 'fru-device-locator',
    accessAddress,
    deviceId,
    logical: (access & 0x80) !== 0,
    lun: (access >> 3) & 3,
    bus: access & 7,
    channel,
    deviceType: reader.u8('device type'),
    deviceTypeModifier: reader.u8('device type modifier'),
    entityId: reader.u8('FRU entity id'),
    entityInstance: reader.u8('FRU entity instance'),
    oem: reader.u8('OEM'),
    name: decodeIdString(reader),
  };
}

/** Writes a FRU device locator record behind its header. @see IPMI v2.0 rev. 1.1 §43.8 */
export function encodeFruDeviceLocatorRecord(record: FruDeviceLocatorRecord, writer: ByteWriter): void {
  writer.u8(record.accessAddress).u8(record.deviceId);
  writer.u8((record.logical ? 0x80 : 0) | (record.lun << 3) | record.bus);
  writer.u8(record.channel << 4).zeros(1);
  writer.u8(record.deviceType).u8(record.deviceTypeModifier).u8(record.entityId).u8(record.entityInstance);
  writer.u8(record.oem);
  encodeIdString(record.name, writer);
}
