import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import { DecodeError } from '../../../../foundation/errors.ts';

/** First data byte of every DCMI request and response. @see DCMI v1.5 rev. 1.0 §6; IPMI v2.0 rev. 1.1 Table 5-1 */
export const DCMI_GROUP_EXTENSION = 0xdc;

/** @throws DecodeError when the data belongs to another body's group extension */
export function decodeDcmiGroup(reader: ByteReader): void {
  const group = reader.u8('group extension');
  if (group !== DCMI_GROUP_EXTENSION) {
    throw new DecodeError(`DCMI: group extension is ${group.toString(16).padStart(2, '0')}h, not DCh`);
  }
}
