import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import type { CodedText } from '../type-length.ts';
import { decodeIdString, encodeIdString } from './id-string.ts';
import { decodeRecordSharing, encodeRecordSharing, type RecordSharing } from './record-sharing.ts';
import { decodeSensorKey, encodeSensorKey, type SensorKey } from './sensor-key.ts';

/** One or several sensors that only make events and cannot be read. */
export type EventOnlyRecord = {
  readonly kind: 'event-only';
  readonly key: SensorKey;
  readonly entityId: number;
  readonly entityInstance: number;
  readonly sensorType: number;
  readonly eventReadingType: number;
  readonly sharing: RecordSharing;
  readonly oem: number;
  readonly name: CodedText;
};

/**
 * Reads an event-only record behind its header.
 *   0-2   key
 *   3-4   entity id, instance
 *   5-6   sensor type, event/reading type
 *   7-8   sharing
 *   10    OEM, 11 id string
 * @throws DecodeError when shorter than 11 bytes
 * @see IPMI v2.0 rev. 1.1 §43.3
 */
export function decodeEventOnlyRecord(reader: ByteReader): EventOnlyRecord {
  const key = decodeSensorKey(reader);
  const entityId = reader.u8('entity id');
  const entityInstance = reader.u8('entity instance');
  const sensorType = reader.u8('sensor type');
  const eventReadingType = reader.u8('event/reading type');
  const sharing = decodeRecordSharing(reader);
  reader.bytes(1, 'reserved');
  const oem = reader.u8('OEM');
  const name = decodeIdString(reader);
  return { kind: 'event-only', key, entityId, entityInstance, sensorType, eventReadingType, sharing, oem, name };
}

/** Writes an event-only record behind its header. @see IPMI v2.0 rev. 1.1 §43.3 */
export function encodeEventOnlyRecord(record: EventOnlyRecord, writer: ByteWriter): void {
  encodeSensorKey(record.key, writer);
  writer.u8(record.entityId).u8(record.entityInstance).u8(record.sensorType).u8(record.eventReadingType);
  encodeRecordSharing(record.sharing, writer);
  writer.zeros(1).u8(record.oem);
  encodeIdString(record.name, writer);
}
