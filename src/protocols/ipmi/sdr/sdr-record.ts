import { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { unreachableCase } from '../../../foundation/errors.ts';
import { decodeText, readableText } from '../type-length.ts';
import {
  type CompactSensorRecord,
  decodeCompactSensorRecord,
  encodeCompactSensorRecord,
} from './compact-sensor-record.ts';
import {
  type DeviceRelativeEntityAssociationRecord,
  decodeDeviceRelativeEntityAssociationRecord,
  encodeDeviceRelativeEntityAssociationRecord,
} from './device-relative-entity-association-record.ts';
import {
  decodeEntityAssociationRecord,
  type EntityAssociationRecord,
  encodeEntityAssociationRecord,
} from './entity-association-record.ts';
import { decodeEventOnlyRecord, type EventOnlyRecord, encodeEventOnlyRecord } from './event-only-record.ts';
import {
  decodeFruDeviceLocatorRecord,
  encodeFruDeviceLocatorRecord,
  type FruDeviceLocatorRecord,
} from './fru-device-locator-record.ts';
import { decodeFullSensorRecord, encodeFullSensorRecord, type FullSensorRecord } from './full-sensor-record.ts';
import {
  decodeManagementControllerDeviceLocatorRecord,
  encodeManagementControllerDeviceLocatorRecord,
  type ManagementControllerDeviceLocatorRecord,
} from './management-controller-device-locator-record.ts';

/** Record types. @see IPMI v2.0 rev. 1.1 §43.1 to §43.12 */
export const SdrRecordType = {
  fullSensor: 0x01,
  compactSensor: 0x02,
  eventOnly: 0x03,
  entityAssociation: 0x08,
  deviceRelativeEntityAssociation: 0x09,
  genericDeviceLocator: 0x10,
  fruDeviceLocator: 0x11,
  managementControllerDeviceLocator: 0x12,
  oem: 0xc0,
} as const;

/** Of an organization of its own. @see IPMI v2.0 rev. 1.1 §43.12 */
export type OemRecord = {
  readonly kind: 'oem';
  /** IANA enterprise number. */
  readonly manufacturerId: number;
  /** View of the record's bytes. */
  readonly data: Buffer;
};

/** A record of a type that is not read here. */
export type OtherRecord = {
  readonly kind: 'other';
  readonly type: number;
  /** View of the record's bytes. */
  readonly data: Buffer;
};

export type SdrBody =
  | FullSensorRecord
  | CompactSensorRecord
  | EventOnlyRecord
  | EntityAssociationRecord
  | DeviceRelativeEntityAssociationRecord
  | FruDeviceLocatorRecord
  | ManagementControllerDeviceLocatorRecord
  | OemRecord
  | OtherRecord;

/** One sensor data record: its header, and what it tells. */
export type SdrRecord = {
  readonly id: number;
  /** BCD, least significant digit first: 51h. */
  readonly version: number;
  readonly body: SdrBody;
};

export const SDR_HEADER_BYTES = 5;
/** Header and the most that its length byte can tell. */
export const MAXIMUM_SDR_BYTES = SDR_HEADER_BYTES + 0xff;
/** IPMI 1.5 and 2.0. */
export const SDR_VERSION = 0x51;

/** The header that every record has. */
export type SdrHeader = {
  readonly id: number;
  readonly version: number;
  readonly type: number;
  /** Bytes behind the header. */
  readonly length: number;
};

/**
 * Reads the header of a record.
 *   0-1  record id
 *   2    SDR version
 *   3    record type
 *   4    bytes that follow
 * @throws DecodeError when shorter than 5 bytes
 * @see IPMI v2.0 rev. 1.1 §43
 */
export function decodeSdrHeader(reader: ByteReader): SdrHeader {
  return {
    id: reader.u16le('record id'),
    version: reader.u8('SDR version'),
    type: reader.u8('record type'),
    length: reader.u8('record length'),
  };
}

/**
 * Reads a whole record. Bytes after its stated length are left out, and a record that states more than there is is
 * read as far as it goes (HP ProLiant DL585 G7 does the one, and states 20 bytes of 15).
 * @throws DecodeError when a fixed field is missing
 * @see IPMI v2.0 rev. 1.1 §43
 */
export function decodeSdrRecord(reader: ByteReader): SdrRecord {
  const { id, version, type, length } = decodeSdrHeader(reader);
  const body = new ByteReader(reader.bytes(Math.min(length, reader.left), 'record body'));
  return { id, version, body: decodeBody(type, body) };
}

/** Writes a whole record. @see IPMI v2.0 rev. 1.1 §43 */
export function encodeSdrRecord(record: SdrRecord, writer: ByteWriter): void {
  const body = new ByteWriter(0xff);
  const type = encodeBody(record.body, body);
  writer.u16le(record.id).u8(record.version).u8(type).u8(body.length).bytes(body.done());
}

/** "full sensor "CPU 1 Temp"", "record of type 14h". */
export function describeSdrRecord({ id, body }: SdrRecord): string {
  const name = 'name' in body ? ` "${readableText(decodeText(body.name))}"` : '';
  const kind = body.kind === 'other' ? `type ${body.type.toString(16).padStart(2, '0')}h` : body.kind;
  return `record ${id}: ${kind}${name}`;
}

function decodeBody(type: number, reader: ByteReader): SdrBody {
  switch (type) {
    case SdrRecordType.fullSensor:
      return decodeFullSensorRecord(reader);
    case SdrRecordType.compactSensor:
      return decodeCompactSensorRecord(reader);
    case SdrRecordType.eventOnly:
      return decodeEventOnlyRecord(reader);
    case SdrRecordType.entityAssociation:
      return decodeEntityAssociationRecord(reader);
    case SdrRecordType.deviceRelativeEntityAssociation:
      return decodeDeviceRelativeEntityAssociationRecord(reader);
    case SdrRecordType.fruDeviceLocator:
      return decodeFruDeviceLocatorRecord(reader);
    case SdrRecordType.managementControllerDeviceLocator:
      return decodeManagementControllerDeviceLocatorRecord(reader);
    case SdrRecordType.oem:
      return { kind: 'oem', manufacturerId: reader.u24le('manufacturer id'), data: reader.rest() };
    default:
      return { kind: 'other', type, data: reader.rest() };
  }
}

/** @returns the record type */
function encodeBody(body: SdrBody, writer: ByteWriter): number {
  switch (body.kind) {
    case 'full':
      encodeFullSensorRecord(body, writer);
      return SdrRecordType.fullSensor;
    case 'compact':
      encodeCompactSensorRecord(body, writer);
      return SdrRecordType.compactSensor;
    case 'event-only':
      encodeEventOnlyRecord(body, writer);
      return SdrRecordType.eventOnly;
    case 'entity-association':
      encodeEntityAssociationRecord(body, writer);
      return SdrRecordType.entityAssociation;
    case 'device-relative-entity-association':
      encodeDeviceRelativeEntityAssociationRecord(body, writer);
      return SdrRecordType.deviceRelativeEntityAssociation;
    case 'fru-device-locator':
      encodeFruDeviceLocatorRecord(body, writer);
      return SdrRecordType.fruDeviceLocator;
    case 'management-controller-device-locator':
      encodeManagementControllerDeviceLocatorRecord(body, writer);
      return SdrRecordType.managementControllerDeviceLocator;
    case 'oem':
      writer.u24le(body.manufacturerId).bytes(body.data);
      return SdrRecordType.oem;
    case 'other':
      writer.bytes(body.data);
      return body.type;
    default:
      return unreachableCase(body, 'SDR record');
  }
}
