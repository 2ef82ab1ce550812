import type { ByteReader } from '../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../foundation/bytes/byte-writer.ts';

/** An entity and its instance; all zero where a list has fewer than four. */
export type EntityReference = { readonly id: number; readonly instance: number };

/** Which entities another one contains. */
export type EntityAssociationRecord = {
  readonly kind: 'entity-association';
  readonly container: EntityReference;
  /** Bit mask: ranges instead of a list (7), more records of this container (6), presence always readable (5). */
  readonly flags: number;
  /** Four of them: a list, or two ranges. */
  readonly contained: readonly EntityReference[];
};

const CONTAINED = 4;

/**
 * Reads an entity association record behind its header.
 *   0-1   container entity id, instance
 *   2     flags
 *   3-10  four contained entities, id and instance
 * @throws DecodeError when shorter than 11 bytes
 * @see IPMI v2.0 rev. 1.1 §43.4
 */
export function decodeEntityAssociationRecord(reader: ByteReader): EntityAssociationRecord {
  const container = decodeEntityReference(reader);
  const flags = reader.u8('flags');
  const contained = Array.from({ length: CONTAINED }, () => decodeEntityReference(reader));
  return { kind: 'entity-association', container, flags, contained };
}

/** Writes an entity association record behind its header. @see IPMI v2.0 rev. 1.1 §43.4 */
export function encodeEntityAssociationRecord(record: EntityAssociationRecord, writer: ByteWriter): void {
  encodeEntityReference(record.container, writer);
  writer.u8(record.flags);
  for (const entity of record.contained) encodeEntityReference(entity, writer);
}

/** Two bytes: entity id, instance. */
export function decodeEntityReference(reader: ByteReader): EntityReference {
  return { id: reader.u8('entity id'), instance: reader.u8('entity instance') };
}

export function encodeEntityReference({ id, instance }: EntityReference, writer: ByteWriter): void {
  writer.u8(id).u8(instance);
}
