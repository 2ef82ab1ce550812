import type { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';

/** What an RMCP message carries. @see ASF v2.0 (DSP0136) §3.2.2.2, IPMI v2.0 rev. 1.1 §13.1.3 */
export const RmcpClass = { asf: 0x06, ipmi: 0x07, oem: 0x08 } as const;

/** The RMCP port of a management controller. @see IPMI v2.0 rev. 1.1 §13.1.2 */
export const RMCP_PORT = 623;

/** Sequence number of messages that want no RMCP acknowledge; IPMI always uses it. @see §13.1.3 */
export const RMCP_NO_ACK = 0xff;

const VERSION_ASF_2 = 0x06;
const ACK_BIT = 0x80;

export type RmcpHeader = {
  /** FFh for IPMI, which has its own sequence numbers. */
  readonly sequence: number;
  /** A receipt for an earlier message, without contents. */
  readonly acknowledge: boolean;
  /** Class of message, see {@link RmcpClass}. */
  readonly messageClass: number;
};

/** The header in front of every IPMI message over LAN. */
export const IPMI_RMCP_HEADER: RmcpHeader = {
  sequence: RMCP_NO_ACK,
  acknowledge: false,
  messageClass: RmcpClass.ipmi,
};

/**
 * Reads the RMCP header; the message follows.
 *   0  version         06h
 *   1  reserved        00h
 *   2  sequence        FFh: no acknowledge wanted
 *   3  class           bit 7 acknowledge, bits 4:0 class of message
 * The reserved byte must be zero: nothing signs this header, so that it admits exactly one form.
 * @throws DecodeError for another version or reserved bits set
 * @see IPMI v2.0 rev. 1.1 §13.1.3
 */
export function decodeRmcpHeader(reader: ByteReader): RmcpHeader {
  const version = reader.u8('RMCP version');
  if (version !== VERSION_ASF_2) throw new DecodeError(`RMCP version is ${version}, expected ${VERSION_ASF_2}`);
  if (reader.u8('RMCP reserved') !== 0) throw new DecodeError('RMCP reserved byte is not zero');
  const sequence = reader.u8('RMCP sequence');
  const kind = reader.u8('RMCP class of message');
  if ((kind & 0x60) !== 0) throw new DecodeError('RMCP class of message has reserved bits set');
  return { sequence, acknowledge: (kind & ACK_BIT) !== 0, messageClass: kind & 0x1f };
}

/** Writes the 4-byte RMCP header. @see IPMI v2.0 rev. 1.1 §13.1.3 */
export function encodeRmcpHeader(header: RmcpHeader, writer: ByteWriter): void {
  writer
    .u8(VERSION_ASF_2)
    .u8(0)
    .u8(header.sequence)
    .u8((header.acknowledge ? ACK_BIT : 0) | header.messageClass);
}

export function describeRmcpHeader(header: RmcpHeader): string {
  return `RMCP class ${header.messageClass} sequence ${header.sequence}${header.acknowledge ? ' ACK' : ''}`;
}
