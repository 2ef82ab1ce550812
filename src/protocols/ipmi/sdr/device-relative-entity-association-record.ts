import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { decodeEntityReference, type EntityReference, encodeEntityReference } from './entity-association-record.ts';

/** An entity as one controller counts it; the address is 0 where the instance is not device-relative. */
export type DeviceRelativeEntity = {
  readonly deviceAddress: number;
  readonly channel: number;
  readonly entity: EntityReference;
};

/** Which entities another one contains, counted by the controllers that tell of them. */
export type DeviceRelativeEntityAssociationRecord = {
  readonly kind: 'device-relative-entity-association';
  readonly container: DeviceRelativeEntity;
  /** Bit mask, as in an entity association record. */
  readonly flags: number;
  /** Four of them: a list, or two ranges. */
  readonly contained: readonly DeviceRelativeEntity[];
};

const CONTAINED = 4;

/**
 * Reads a device-relative entity association record behind its header.
 *   0-1    container entity id, instance
 *   2-3    its controller's address, bits 7:4 of the next byte its channel
 *   4      flags
 *   5-20   four contained entities: address, channel, id, instance
 *   21-26  reserved
 * @throws DecodeError when shorter than 21 bytes
 * @see IPMI v2.0 rev. 1.1 §43.5
 */
export function decodeDeviceRelativeEntityAssociationRecord(reader: ByteReader): DeviceRelativeEntityAssociationRecord {
  const entity = decodeEntityReference(reader);
  const container = { ...decodeDevice(reader), entity };
  const flags = reader.u8('flags');
  const contained = Array.from({ length: CONTAINED }, () => ({
    ...decodeDevice(reader),
    entity: decodeEntityReference(reader),
  }));
  return { kind: 'device-relative-entity-association', container, flags, contained };
}

/** Writes a device-relative entity association record behind its header. @see IPMI v2.0 rev. 1.1 §43.5 */
export function encodeDeviceRelativeEntityAssociationRecord(
  record: DeviceRelativeEntityAssociationRecord,
  writer: ByteWriter,
): void {
  encodeEntityReference(record.container.entity, writer);
  encodeDevice(record.container, writer);
  writer.u8(record.flags);
  for (const each of record.contained) {
    encodeDevice(each, writer);
    encodeEntityReference(each.entity, writer);
  }
  writer.zeros(6);
}

function decodeDevice(reader: ByteReader): Omit<DeviceRelativeEntity, 'entity'> {
  return { deviceAddress: reader.u8('device address'), channel: reader.u8('device channel') >> 4 };
}

function encodeDevice({ deviceAddress, channel }: DeviceRelativeEntity, writer: ByteWriter): void {
  writer.u8(deviceAddress).u8(channel << 4);
}
