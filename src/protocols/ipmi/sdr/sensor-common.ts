import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';
import { decodeSensorKey, encodeSensorKey, type SensorKey } from './sensor-key.ts';
import { decodeSensorUnits, encodeSensorUnits, type SensorUnits } from './sensor-units.ts';

/** What full and compact sensor records begin with. */
export type SensorCommon = {
  readonly key: SensorKey;
  readonly entityId: number;
  /** Bit 7: logical container. */
  readonly entityInstance: number;
  /** Bit mask: settable, init scanning, events, thresholds, hysteresis, type; default events (1) and scanning (0). */
  readonly initialization: number;
  /** Bit mask: ignore if entity absent (7), rearm (6), hysteresis (5:4), thresholds (3:2), event control (1:0). */
  readonly capabilities: number;
  readonly sensorType: number;
  readonly eventReadingType: number;
  /** Assertion events, or with bits 14:12 the lower thresholds that readings are compared with. */
  readonly assertionMask: number;
  /** Deassertion events, or with bits 14:12 the upper thresholds that readings are compared with. */
  readonly deassertionMask: number;
  /** Discrete: states that can be read. Threshold: bits 13:8 settable, bits 5:0 readable thresholds. */
  readonly readingMask: number;
  readonly units: SensorUnits;
};

/** Values of bits 3:2 of `capabilities`. @see IPMI v2.0 rev. 1.1 §43.1 byte 12 */
export const ThresholdAccess = { none: 0, readable: 1, readableAndSettable: 2, fixed: 3 } as const;

/**
 * Reads what full and compact sensor records have in common.
 *   0-2    key
 *   3-4    entity id, instance
 *   5-6    initialization, capabilities
 *   7-8    sensor type, event/reading type
 *   9-14   three masks
 *   15-17  units
 * @throws DecodeError when shorter than 18 bytes
 * @see IPMI v2.0 rev. 1.1 §43.1 and §43.2 bytes 6 to 23
 */
export function decodeSensorCommon(reader: ByteReader): SensorCommon {
  return {
    key: decodeSensorKey(reader),
    entityId: reader.u8('entity id'),
    entityInstance: reader.u8('entity instance'),
    initialization: reader.u8('sensor initialization'),
    capabilities: reader.u8('sensor capabilities'),
    sensorType: reader.u8('sensor type'),
    eventReadingType: reader.u8('event/reading type'),
    assertionMask: reader.u16le('assertion event mask'),
    deassertionMask: reader.u16le('deassertion event mask'),
    readingMask: reader.u16le('reading mask'),
    units: decodeSensorUnits(reader),
  };
}

/** Writes what full and compact sensor records have in common. @see IPMI v2.0 rev. 1.1 §43.1, §43.2 */
export function encodeSensorCommon(common: SensorCommon, writer: ByteWriter): void {
  encodeSensorKey(common.key, writer);
  writer.u8(common.entityId).u8(common.entityInstance).u8(common.initialization).u8(common.capabilities);
  writer.u8(common.sensorType).u8(common.eventReadingType);
  writer.u16le(common.assertionMask).u16le(common.deassertionMask).u16le(common.readingMask);
  encodeSensorUnits(common.units, writer);
}
