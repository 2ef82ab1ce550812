import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { SEL_RECORD_BYTES } from '../../sel/sel-record.ts';
import { selCompletionCodes } from './get-sel-info.ts';

/** Own code: entries of this record type cannot be added. @see IPMI v2.0 rev. 1.1 §31.6 */
export const ADD_SEL_TYPE_NOT_SUPPORTED = 0x80;

export type AddSelEntryRequest = {
  /** 16 bytes; the controller writes the record id, and the time of record types that have one. */
  readonly record: Buffer;
};

export type AddSelEntryResponse = { readonly recordId: number };

/**
 * Reads an Add SEL Entry request.
 *   0-15  the record
 * @throws DecodeError when shorter than 16 bytes
 * @see IPMI v2.0 rev. 1.1 §31.6
 */
export function decodeAddSelEntryRequest(reader: ByteReader): AddSelEntryRequest {
  return { record: reader.bytes(SEL_RECORD_BYTES, 'record') };
}

/** Writes an Add SEL Entry request. @see IPMI v2.0 rev. 1.1 §31.6 */
export function encodeAddSelEntryRequest(request: AddSelEntryRequest, writer: ByteWriter): void {
  writer.fixed(request.record, SEL_RECORD_BYTES);
}

/**
 * Reads an Add SEL Entry response.
 *   0-1  id of the added record
 * @throws DecodeError when shorter than 2 bytes
 * @see IPMI v2.0 rev. 1.1 §31.6
 */
export function decodeAddSelEntryResponse(reader: ByteReader): AddSelEntryResponse {
  return { recordId: reader.u16le('record id') };
}

/** Writes an Add SEL Entry response. @see IPMI v2.0 rev. 1.1 §31.6 */
export function encodeAddSelEntryResponse(response: AddSelEntryResponse, writer: ByteWriter): void {
  writer.u16le(response.recordId);
}

export function describeAddSelEntryRequest(request: AddSelEntryRequest): string {
  return `record ${request.record.toString('hex')}`;
}

/** Not repeated: each copy makes an entry. */
export const addSelEntry: IpmiCommand<AddSelEntryRequest, AddSelEntryResponse> = {
  name: 'Add SEL Entry',
  netFn: NetFn.storage,
  command: 0x44,
  repeatable: false,
  privilege: PrivilegeLevel.operator,
  completionCodes: { ...selCompletionCodes, [ADD_SEL_TYPE_NOT_SUPPORTED]: 'not supported for this record type' },
  encodeRequest: encodeAddSelEntryRequest,
  decodeRequest: decodeAddSelEntryRequest,
  encodeResponse: encodeAddSelEntryResponse,
  decodeResponse: decodeAddSelEntryResponse,
};
