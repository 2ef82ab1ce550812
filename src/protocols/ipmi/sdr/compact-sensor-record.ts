import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import type { CodedText } from '../type-length.ts';
import { decodeIdString, encodeIdString } from './id-string.ts';
import { decodeRecordSharing, encodeRecordSharing, type RecordSharing } from './record-sharing.ts';
import { decodeSensorCommon, encodeSensorCommon, type SensorCommon } from './sensor-common.ts';

/** One or several sensors without an analog reading. */
export type CompactSensorRecord = SensorCommon & {
  readonly kind: 'compact';
  readonly sharing: RecordSharing;
  /** Raw. */
  readonly positiveHysteresis: number;
  /** Raw. */
  readonly negativeHysteresis: number;
  readonly oem: number;
  readonly name: CodedText;
};

/**
 * Reads a compact sensor record behind its header.
 *   0-17   common part
 *   18-19  sharing
 *   20-21  hysteresis up, down
 *   25     OEM, 26 id string
 * @throws DecodeError when shorter than 26 bytes
 * @see IPMI v2.0 rev. 1.1 §43.2
 */
export function decodeCompactSensorRecord(reader: ByteReader): CompactSensorRecord {
  const common = decodeSensorCommon(reader);
  const sharing = decodeRecordSharing(reader);
  const positiveHysteresis = reader.u8('positive hysteresis');
  const negativeHysteresis = reader.u8('negative hysteresis');
  reader.bytes(3, 'reserved');
  const oem = reader.u8('OEM');
  const name = decodeIdString(reader);
  return { kind: 'compact', ...common, sharing, positiveHysteresis, negativeHysteresis, oem, name };
}

/** Writes a compact sensor record behind its header. @see IPMI v2.0 rev. 1.1 §43.2 */
export function encodeCompactSensorRecord(record: CompactSensorRecord, writer: ByteWriter): void {
  encodeSensorCommon(record, writer);
  encodeRecordSharing(record.sharing, writer);
  writer.u8(record.positiveHysteresis).u8(record.negativeHysteresis).zeros(3).u8(record.oem);
  encodeIdString(record.name, writer);
}
