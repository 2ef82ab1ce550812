import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import type { CodedText } from '../type-length.ts';
import { decodeIdString, encodeIdString } from './id-string.ts';
import { decodeReadingFactors, encodeReadingFactors, type ReadingFactors } from './reading-factors.ts';
import { decodeSensorCommon, encodeSensorCommon, type SensorCommon } from './sensor-common.ts';
import type { RawThresholds } from './sensor-thresholds.ts';

/** A sensor with an analog reading, or one that shares its record with no other. */
export type FullSensorRecord = SensorCommon & {
  readonly kind: 'full';
  /** See Linearization. */
  readonly linearization: number;
  readonly factors: ReadingFactors;
  /** 0 unspecified, 1 input, 2 output. */
  readonly direction: number;
  /** Bit mask: normal minimum (2), normal maximum (1), nominal reading (0) are given. */
  readonly analogFlags: number;
  /** Raw, as all that follow. */
  readonly nominalReading: number;
  readonly normalMaximum: number;
  readonly normalMinimum: number;
  readonly sensorMaximum: number;
  readonly sensorMinimum: number;
  readonly thresholds: RawThresholds;
  readonly positiveHysteresis: number;
  readonly negativeHysteresis: number;
  readonly oem: number;
  readonly name: CodedText;
};

/**
 * Reads a full sensor record behind its header.
 *   0-17   common part
 *   18     linearization
 *   19-24  factors, direction
 *   25     which of the next three are given: nominal, normal maximum, normal minimum
 *   29-30  sensor maximum, minimum
 *   31-36  thresholds: upper non-recoverable, critical, non-critical, lower non-recoverable, critical, non-critical
 *   37-38  hysteresis up, down
 *   41     OEM, 42 id string
 * @throws DecodeError when shorter than 42 bytes
 * @see IPMI v2.0 rev. 1.1 §43.1
 */
export function decodeFullSensorRecord(reader: ByteReader): FullSensorRecord {
  const common = decodeSensorCommon(reader);
  const linearization = reader.u8('linearization') & 0x7f;
  const { factors, direction } = decodeReadingFactors(reader);
  const analog = {
    analogFlags: reader.u8('analog characteristic flags'),
    nominalReading: reader.u8('nominal reading'),
    normalMaximum: reader.u8('normal maximum'),
    normalMinimum: reader.u8('normal minimum'),
    sensorMaximum: reader.u8('sensor maximum'),
    sensorMinimum: reader.u8('sensor minimum'),
  };
  const upperNonRecoverable = reader.u8('upper non-recoverable threshold');
  const upperCritical = reader.u8('upper critical threshold');
  const upperNonCritical = reader.u8('upper non-critical threshold');
  const lowerNonRecoverable = reader.u8('lower non-recoverable threshold');
  const lowerCritical = reader.u8('lower critical threshold');
  const lowerNonCritical = reader.u8('lower non-critical threshold');
  const positiveHysteresis = reader.u8('positive hysteresis');
  const negativeHysteresis = reader.u8('negative hysteresis');
  reader.bytes(2, 'reserved');
  return {
    kind: 'full',
    ...common,
    linearization,
    factors,
    direction,
    ...analog,
    thresholds: {
      lowerNonCritical,
      lowerCritical,
      lowerNonRecoverable,
      upperNonCritical,
      upperCritical,
      upperNonRecoverable,
    },
    positiveHysteresis,
    negativeHysteresis,
    oem: reader.u8('OEM'),
    name: decodeIdString(reader),
  };
}

/** Writes a full sensor record behind its header. @see IPMI v2.0 rev. 1.1 §43.1 */
export function encodeFullSensorRecord(record: FullSensorRecord, writer: ByteWriter): void {
  const { thresholds } = record;
  encodeSensorCommon(record, writer);
  writer.u8(record.linearization);
  encodeReadingFactors(record.factors, record.direction, writer);
  writer.u8(record.analogFlags).u8(record.nominalReading).u8(record.normalMaximum).u8(record.normalMinimum);
  writer.u8(record.sensorMaximum).u8(record.sensorMinimum);
  writer.u8(thresholds.upperNonRecoverable).u8(thresholds.upperCritical).u8(thresholds.upperNonCritical);
  writer.u8(thresholds.lowerNonRecoverable).u8(thresholds.lowerCritical).u8(thresholds.lowerNonCritical);
  writer.u8(record.positiveHysteresis).u8(record.negativeHysteresis).zeros(2).u8(record.oem);
  encodeIdString(record.name, writer);
}
