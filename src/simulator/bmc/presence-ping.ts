import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { decodeRmcpHeader, encodeRmcpHeader, RMCP_NO_ACK, RmcpClass } from '../../protocols/ipmi/rmcp.ts';

/** The ASF's own enterprise number, most significant byte first. @see IPMI v2.0 rev. 1.1 §13.2.3 */
const ASF_IANA = 4542;
const PRESENCE_PING = 0x80;
const PRESENCE_PONG = 0x40;
const PONG_BYTES = 28;
const PONG_DATA_BYTES = 16;
/** Supported entities: bit 7 IPMI, bits 3:0 version 1. */
const IPMI_SUPPORTED = 0x81;

/** Whether a datagram is of the ASF message class; the rest of it may be anything. */
export function isAsfMessage(datagram: Buffer): boolean {
  return datagram.length >= 4 && ((datagram[3] ?? 0) & 0x1f) === RmcpClass.asf;
}

/**
 * Answers an RMCP/ASF Presence Ping with a Presence Pong that tells of IPMI.
 *   0-3   RMCP header, class 06h
 *   4-7   ASF enterprise number
 *   8     message type: 80h ping, 40h pong
 *   9     message tag, echoed
 *   11    data length: 0 for a ping, 16 for a pong
 *   12-   enterprise number and OEM data, then at 20 the supported entities
 * @throws DecodeError when it is no ping
 * @see IPMI v2.0 rev. 1.1 §13.2.3, §13.2.4
 */
export function answerPresencePing(datagram: Buffer): Buffer {
  const reader = new ByteReader(datagram);
  decodeRmcpHeader(reader);
  if (reader.u32be('ASF enterprise number') !== ASF_IANA) throw new DecodeError('ASF message of another enterprise');
  if (reader.u8('ASF message type') !== PRESENCE_PING) throw new DecodeError('ASF message is not a presence ping');
  const tag = reader.u8('ASF message tag');
  const writer = new ByteWriter(PONG_BYTES);
  encodeRmcpHeader({ sequence: RMCP_NO_ACK, acknowledge: false, messageClass: RmcpClass.asf }, writer);
  writer.u32be(ASF_IANA).u8(PRESENCE_PONG).u8(tag).zeros(1).u8(PONG_DATA_BYTES);
  writer.u32be(ASF_IANA).zeros(4).u8(IPMI_SUPPORTED).zeros(7);
  return writer.done();
}
