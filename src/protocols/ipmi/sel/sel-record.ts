import { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { selTimestampToEpochMs } from './sel-timestamp.ts';

/** Every record has this many bytes. @see IPMI v2.0 rev. 1.1 §32 */
export const SEL_RECORD_BYTES = 16;

/** @see IPMI v2.0 rev. 1.1 §32, Table 32-1 */
export const SelRecordType = { systemEvent: 0x02, firstOemTimestamped: 0xc0, firstOem: 0xe0 } as const;

/** Of the data behind the record type. @see §32.1, byte 10 */
const EVENT_MESSAGE_REVISION_AT = 6;

/** Who logged an event. @see §32.1, bytes 8 and 9 */
export type EventGenerator = {
  /** Bit 0 clear: slave address; set: software id in bits 7:1. As a sensor record names its sensor's owner. */
  readonly owner: number;
  /** 0 to 15. */
  readonly channel: number;
  /** 0 to 3. */
  readonly lun: number;
};

export type SystemEventRecord = {
  readonly kind: 'system-event';
  readonly recordId: number;
  /** @see §37 */
  readonly timestamp: number;
  readonly generator: EventGenerator;
  /** As on the wire: 04h for IPMI 1.5 and 2.0, 03h for 1.0. */
  readonly eventMessageRevision: number;
  readonly sensorType: number;
  readonly sensorNumber: number;
  readonly deasserted: boolean;
  /** Event/reading type code, 7 bits: 01h threshold, 6Fh sensor-specific. */
  readonly eventType: number;
  readonly eventData1: number;
  readonly eventData2: number;
  readonly eventData3: number;
};

export type OemTimestampedRecord = {
  readonly kind: 'oem-timestamped';
  readonly recordId: number;
  /** C0h to DFh. */
  readonly recordType: number;
  readonly timestamp: number;
  /** IANA enterprise number. */
  readonly manufacturerId: number;
  /** 6 bytes. */
  readonly data: Buffer;
};

/** An OEM record without time (E0h to FFh), or one of a type that the specification does not define. */
export type OtherSelRecord = {
  readonly kind: 'oem' | 'unknown';
  readonly recordId: number;
  readonly recordType: number;
  /** 13 bytes. */
  readonly data: Buffer;
};

export type SelRecord = SystemEventRecord | OemTimestampedRecord | OtherSelRecord;

/**
 * Reads a record of the event log.
 *   0-1  record id, 2 record type
 *   system event (02h)
 *   3-6  timestamp
 *   7    generator, 8 its channel (7:4) and LUN (1:0)
 *   9    event message revision, 10 sensor type, 11 sensor number
 *   12   bit 7 deasserted, bits 6:0 event type, 13-15 event data
 *   OEM timestamped (C0h-DFh)
 *   3-6  timestamp, 7-9 manufacturer id, 10-15 data
 *   OEM (E0h-FFh) and unknown
 *   3-15 data
 * @throws DecodeError when shorter than 16 bytes
 * @see IPMI v2.0 rev. 1.1 §32.1 to §32.3
 */
export function decodeSelRecord(reader: ByteReader): SelRecord {
  const recordId = reader.u16le('record id');
  const recordType = reader.u8('record type');
  if (recordType === SelRecordType.systemEvent) return decodeSystemEvent(recordId, reader);
  if (recordType >= SelRecordType.firstOemTimestamped && recordType < SelRecordType.firstOem) {
    return {
      kind: 'oem-timestamped',
      recordId,
      recordType,
      timestamp: reader.u32le('timestamp'),
      manufacturerId: reader.u24le('manufacturer id'),
      data: reader.bytes(6, 'OEM data'),
    };
  }
  const kind = recordType >= SelRecordType.firstOem ? 'oem' : 'unknown';
  return { kind, recordId, recordType, data: reader.bytes(13, 'record data') };
}

/** Writes a record of the event log. @see IPMI v2.0 rev. 1.1 §32.1 to §32.3 */
export function encodeSelRecord(record: SelRecord, writer: ByteWriter): void {
  writer.u16le(record.recordId);
  switch (record.kind) {
    case 'system-event':
      writer.u8(SelRecordType.systemEvent).u32le(record.timestamp);
      writer.u8(record.generator.owner).u8((record.generator.channel << 4) | record.generator.lun);
      writer.u8(record.eventMessageRevision).u8(record.sensorType).u8(record.sensorNumber);
      writer.u8((record.deasserted ? 0x80 : 0) | record.eventType);
      writer.u8(record.eventData1).u8(record.eventData2).u8(record.eventData3);
      return;
    case 'oem-timestamped':
      writer.u8(record.recordType).u32le(record.timestamp).u24le(record.manufacturerId).fixed(record.data, 6);
      return;
    case 'oem':
    case 'unknown':
      writer.u8(record.recordType).fixed(record.data, 13);
      return;
  }
}

/**
 * The event that a record tells: a system event, and a record of a type that the specification does not define but
 * with an event message's revision in its place. HP DL380 G5 and Intel S2600JF log events under illegal types
 * (FreeIPMI's list of defects); no other meaning of these types could be missed.
 */
export function selRecordEvent(record: SelRecord): SystemEventRecord | undefined {
  if (record.kind === 'system-event') return record;
  const revision = record.data[EVENT_MESSAGE_REVISION_AT];
  if (record.kind !== 'unknown' || (revision !== 0x03 && revision !== 0x04)) return undefined;
  return decodeSystemEvent(record.recordId, new ByteReader(record.data));
}

/** When it was logged, epoch milliseconds by the controller's clock; null where it has no time. @see §37 */
export function selRecordTime(record: SelRecord): number | null {
  const timed = record.kind === 'oem-timestamped' ? record : selRecordEvent(record);
  return timed === undefined ? null : selTimestampToEpochMs(timed.timestamp);
}

function decodeSystemEvent(recordId: number, reader: ByteReader): SystemEventRecord {
  const timestamp = reader.u32le('timestamp');
  const owner = reader.u8('generator');
  const place = reader.u8('generator channel and LUN');
  const eventMessageRevision = reader.u8('event message revision');
  const sensorType = reader.u8('sensor type');
  const sensorNumber = reader.u8('sensor number');
  const eventType = reader.u8('event type');
  return {
    kind: 'system-event',
    recordId,
    timestamp,
    generator: { owner, channel: place >> 4, lun: place & 3 },
    eventMessageRevision,
    sensorType,
    sensorNumber,
    deasserted: (eventType & 0x80) !== 0,
    eventType: eventType & 0x7f,
    eventData1: reader.u8('event data 1'),
    eventData2: reader.u8('event data 2'),
    eventData3: reader.u8('event data 3'),
  };
}
