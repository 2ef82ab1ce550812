import type { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../foundation/errors.ts';
import { describeCompletionCode } from './completion-code.ts';

/** Network functions of requests; the answer's is one more. @see IPMI v2.0 rev. 1.1 §5.1, Table 5-1 */
export const NetFn = {
  chassis: 0x00,
  sensorEvent: 0x04,
  application: 0x06,
  storage: 0x0a,
  transport: 0x0c,
  /** The first data byte of request and response names the defining body, DCh for DCMI. */
  groupExtension: 0x2c,
} as const;

/** Address of the management controller. @see §13.8, Figure 13-4 */
export const BMC_ADDRESS = 0x20;
/** Address of remote console software. @see §5.5, Table 5-4 */
export const REMOTE_CONSOLE_ADDRESS = 0x81;

/** The requester's sequence number has 6 bits. @see §13.8 */
export const REQUEST_SEQUENCES = 64;

/** Most data bytes of a request or response that fit with their headers into one LAN message. */
export const MAXIMUM_DATA_BYTES = 255;

export type IpmiRequest = {
  readonly responderAddress: number;
  readonly netFn: number;
  readonly responderLun: number;
  readonly requesterAddress: number;
  /** 0 to 63; echoed by the answer. */
  readonly requesterSequence: number;
  readonly requesterLun: number;
  readonly command: number;
  readonly data: Buffer;
};

export type IpmiResponse = IpmiRequest & { readonly completionCode: number };

/**
 * Reads an IPMI request message over LAN.
 *   0  responder address       20h for the BMC
 *   1  netFn (7:2), LUN (1:0)
 *   2  checksum of the two
 *   3  requester address       81h for a remote console
 *   4  sequence (7:2), LUN (1:0)
 *   5  command, then data, then the checksum of all from the requester address on
 * @throws DecodeError when short or a checksum is wrong
 * @see IPMI v2.0 rev. 1.1 §13.8, Figure 13-4
 */
export function decodeIpmiRequest(reader: ByteReader): IpmiRequest {
  const { header, body } = decodeEnvelope(reader, 'check');
  return { ...header, data: body };
}

/**
 * Reads an IPMI response message over LAN: as the request, addresses swapped, the completion code before the data.
 * @param checksums `ignore` when a session's authentication code has already vouched for the bytes: some controllers
 *   send wrong inner checksums (Supermicro X9SCM-iiF and X9DRi-F, in FreeIPMI's list of defects)
 * @throws DecodeError when short or a checksum is wrong
 * @see IPMI v2.0 rev. 1.1 §13.8, Figure 13-4
 */
export function decodeIpmiResponse(reader: ByteReader, checksums: 'check' | 'ignore' = 'check'): IpmiResponse {
  const { header, body } = decodeEnvelope(reader, checksums);
  const completionCode = body[0];
  if (completionCode === undefined) throw new DecodeError('IPMI response: no completion code');
  return {
    responderAddress: header.requesterAddress,
    netFn: header.netFn,
    responderLun: header.requesterLun,
    requesterAddress: header.responderAddress,
    requesterSequence: header.requesterSequence,
    requesterLun: header.responderLun,
    command: header.command,
    completionCode,
    data: body.subarray(1),
  };
}

/** One IPMI request message. @see IPMI v2.0 rev. 1.1 §13.8 */
export function encodeIpmiRequest(request: IpmiRequest): Buffer {
  return encodeEnvelope(request, request.data);
}

/** One IPMI response message. @see IPMI v2.0 rev. 1.1 §13.8 */
export function encodeIpmiResponse(response: IpmiResponse): Buffer {
  const header = {
    responderAddress: response.requesterAddress,
    netFn: response.netFn,
    responderLun: response.requesterLun,
    requesterAddress: response.responderAddress,
    requesterSequence: response.requesterSequence,
    requesterLun: response.responderLun,
    command: response.command,
  };
  return encodeEnvelope(header, Buffer.concat([Buffer.of(response.completionCode), response.data]));
}

export function describeIpmiRequest(request: IpmiRequest): string {
  return `request ${commandText(request)} seq ${request.requesterSequence}, ${request.data.length} bytes`;
}

export function describeIpmiResponse(response: IpmiResponse): string {
  return `response ${commandText(response)} seq ${response.requesterSequence}: ${describeCompletionCode(response.completionCode)}, ${response.data.length} bytes`;
}

type Envelope = Omit<IpmiRequest, 'data'>;

function decodeEnvelope(reader: ByteReader, checksums: 'check' | 'ignore'): { header: Envelope; body: Buffer } {
  const start = reader.offset;
  const responderAddress = reader.u8('responder address');
  const target = reader.u8('network function');
  reader.u8('header checksum');
  const requesterAddress = reader.u8('requester address');
  const source = reader.u8('requester sequence');
  const command = reader.u8('command');
  if (reader.left < 1) throw new DecodeError('IPMI message: no data checksum');
  const body = reader.bytes(reader.left - 1, 'data');
  reader.u8('data checksum');
  if (checksums === 'check') {
    if (sum(reader.view(start, start + 3)) !== 0) throw new DecodeError('IPMI message: header checksum is wrong');
    if (sum(reader.view(start + 3, reader.offset)) !== 0) throw new DecodeError('IPMI message: data checksum is wrong');
  }
  return {
    header: {
      responderAddress,
      netFn: target >> 2,
      responderLun: target & 3,
      requesterAddress,
      requesterSequence: source >> 2,
      requesterLun: source & 3,
      command,
    },
    body,
  };
}

function encodeEnvelope(header: Envelope, body: Buffer): Buffer {
  const writer = new ByteWriter(7 + body.length);
  writer.u8(header.responderAddress).u8((header.netFn << 2) | header.responderLun);
  writer.u8(-sum(writer.view(0)) & 0xff);
  writer.u8(header.requesterAddress).u8((header.requesterSequence << 2) | header.requesterLun);
  writer.u8(header.command).bytes(body);
  writer.u8(-sum(writer.view(3)) & 0xff);
  return writer.done();
}

/** Sum modulo 256; a message with its two's-complement checksum sums up to 0. */
function sum(bytes: Buffer): number {
  let total = 0;
  for (const byte of bytes) total += byte;
  return total & 0xff;
}

function commandText(message: Envelope): string {
  return `${message.netFn.toString(16).padStart(2, '0')}h/${message.command.toString(16).padStart(2, '0')}h`;
}
