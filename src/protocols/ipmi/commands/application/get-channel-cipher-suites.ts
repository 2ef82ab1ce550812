import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../../../foundation/errors.ts';
import type { SessionAlgorithms } from '../../cipher-suites.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';

/** Data bytes of a full answer; a shorter one is the last. @see IPMI v2.0 rev. 1.1 §22.15 */
export const CIPHER_SUITE_CHUNK_BYTES = 16;

export type GetChannelCipherSuitesRequest = {
  readonly channel: number;
  /** Payload type the suites are for; 0 for IPMI. */
  readonly payloadType: number;
  /** Lists suites; otherwise the algorithms. */
  readonly listSuites: boolean;
  /** Which 16 bytes of the whole list, 0 to 63. */
  readonly listIndex: number;
};

export type GetChannelCipherSuitesResponse = {
  readonly channel: number;
  /** At most 16 bytes of the record list. */
  readonly records: Buffer;
};

/** One suite of the assembled list; a record may offer several algorithms of a kind. */
export type CipherSuiteRecord = {
  readonly id: number;
  /** There for OEM suites. */
  readonly oemIana?: number;
  readonly authentication: readonly number[];
  readonly integrity: readonly number[];
  readonly confidentiality: readonly number[];
};

/**
 * Reads a Get Channel Cipher Suites request.
 *   0  bits 3:0 channel
 *   1  bits 5:0 payload type
 *   2  bit 7 list by suite, bits 5:0 list index
 * @see IPMI v2.0 rev. 1.1 §22.15
 */
export function decodeGetChannelCipherSuitesRequest(reader: ByteReader): GetChannelCipherSuitesRequest {
  const channel = reader.u8('channel number') & 0x0f;
  const payloadType = reader.u8('payload type') & 0x3f;
  const index = reader.u8('list index');
  return { channel, payloadType, listSuites: (index & 0x80) !== 0, listIndex: index & 0x3f };
}

/** Writes a Get Channel Cipher Suites request. @see IPMI v2.0 rev. 1.1 §22.15 */
export function encodeGetChannelCipherSuitesRequest(request: GetChannelCipherSuitesRequest, writer: ByteWriter): void {
  writer.u8(request.channel).u8(request.payloadType);
  writer.u8((request.listSuites ? 0x80 : 0) | request.listIndex);
}

/** Reads a Get Channel Cipher Suites response: the channel, then up to 16 bytes of the list. @see §22.15 */
export function decodeGetChannelCipherSuitesResponse(reader: ByteReader): GetChannelCipherSuitesResponse {
  const channel = reader.u8('channel number') & 0x0f;
  return { channel, records: reader.bytes(Math.min(reader.left, CIPHER_SUITE_CHUNK_BYTES), 'cipher suite records') };
}

/** Writes a Get Channel Cipher Suites response. @see IPMI v2.0 rev. 1.1 §22.15 */
export function encodeGetChannelCipherSuitesResponse(
  response: GetChannelCipherSuitesResponse,
  writer: ByteWriter,
): void {
  writer.u8(response.channel).bytes(response.records);
}

const STANDARD_RECORD = 0xc0;
const OEM_RECORD = 0xc1;

/**
 * Reads the assembled record list: each record starts with C0h and an id, or C1h, an id and an OEM IANA; then one byte
 * an algorithm, bits 7:6 telling its kind (00 authentication, 01 integrity, 10 confidentiality).
 * @throws DecodeError when an algorithm stands before any record
 * @see IPMI v2.0 rev. 1.1 §22.15.1, Table 22-19
 */
export function decodeCipherSuiteRecords(list: Buffer): readonly CipherSuiteRecord[] {
  const reader = new ByteReader(list);
  const records: { id: number; oemIana?: number; kinds: number[][] }[] = [];
  while (reader.left > 0) {
    const byte = reader.u8('record');
    if (byte === STANDARD_RECORD) records.push({ id: reader.u8('cipher suite id'), kinds: [[], [], []] });
    else if (byte === OEM_RECORD) {
      const id = reader.u8('cipher suite id');
      records.push({ id, oemIana: reader.u24le('OEM IANA'), kinds: [[], [], []] });
    } else {
      const kind = records.at(-1)?.kinds[byte >> 6];
      if (kind === undefined) throw new DecodeError(`cipher suite list: byte ${byte} belongs to no record`);
      kind.push(byte & 0x3f);
    }
  }
  return records.map(({ kinds: [authentication = [], integrity = [], confidentiality = []], ...head }) => ({
    ...head,
    authentication,
    integrity,
    confidentiality,
  }));
}

/** Writes the record of one standard suite. @see IPMI v2.0 rev. 1.1 §22.15.1 */
export function encodeCipherSuiteRecord(suite: SessionAlgorithms & { readonly id: number }, writer: ByteWriter): void {
  writer.u8(STANDARD_RECORD).u8(suite.id).u8(suite.authentication);
  writer.u8(0x40 | suite.integrity).u8(0x80 | suite.confidentiality);
}

export function describeCipherSuiteRecord(record: CipherSuiteRecord): string {
  return `suite ${record.id}: ${record.authentication}/${record.integrity}/${record.confidentiality}`;
}

export const getChannelCipherSuites: IpmiCommand<GetChannelCipherSuitesRequest, GetChannelCipherSuitesResponse> = {
  name: 'Get Channel Cipher Suites',
  netFn: NetFn.application,
  command: 0x54,
  repeatable: true,
  privilege: 'none',
  completionCodes: {},
  encodeRequest: encodeGetChannelCipherSuitesRequest,
  decodeRequest: decodeGetChannelCipherSuitesRequest,
  encodeResponse: encodeGetChannelCipherSuitesResponse,
  decodeResponse: decodeGetChannelCipherSuitesResponse,
};
