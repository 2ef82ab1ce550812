import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import type { CodedText } from '../type-length.ts';
import { decodeIdString, encodeIdString } from './id-string.ts';

/** A management controller of the machine. */
export type ManagementControllerDeviceLocatorRecord = {
  readonly kind: 'management-controller-device-locator';
  readonly slaveAddress: number;
  /** 0 to 15. */
  readonly channel: number;
  /** Bit mask: ACPI notifications (7:6), static (5), log initialization errors (3:2), event messages (1:0). */
  readonly powerStateAndInitialization: number;
  /** Bit mask, as of Get Device ID: chassis (7), bridge, event generator, event receiver, FRU, SEL, SDR, sensor (0). */
  readonly capabilities: number;
  readonly entityId: number;
  readonly entityInstance: number;
  readonly oem: number;
  readonly name: CodedText;
};

/**
 * Reads a management controller device locator record behind its header.
 *   0-1   slave address, bits 3:0 of the next byte channel
 *   2-3   power state notification and initialization, capabilities
 *   7-8   entity id, instance
 *   9     OEM, 10 id string
 * @throws DecodeError when shorter than 10 bytes
 * @see IPMI v2.0 rev. 1.1 §43.9
 */
export function decodeManagementControllerDeviceLocatorRecord(
  reader: ByteReader,
): ManagementControllerDeviceLocatorRecord {
  const slaveAddress = reader.u8('device slave address');
  const channel = reader.u8('channel number') & 0x0f;
  const powerStateAndInitialization = reader.u8('power state notification');
  const capabilities = reader.u8('device capabilities');
  reader.bytes(3, 'reserved');
  return {
    kind: 'management-controller-device-locator',
    slaveAddress,
    channel,
    powerStateAndInitialization,
    capabilities,
    entityId: reader.u8('entity id'),
    entityInstance: reader.u8('entity instance'),
    oem: reader.u8('OEM'),
    name: decodeIdString(reader),
  };
}

/** Writes a management controller device locator record behind its header. @see IPMI v2.0 rev. 1.1 §43.9 */
export function encodeManagementControllerDeviceLocatorRecord(
  record: ManagementControllerDeviceLocatorRecord,
  writer: ByteWriter,
): void {
  writer.u8(record.slaveAddress).u8(record.channel);
  writer.u8(record.powerStateAndInitialization).u8(record.capabilities).zeros(3);
  writer.u8(record.entityId).u8(record.entityInstance).u8(record.oem);
  encodeIdString(record.name, writer);
}
