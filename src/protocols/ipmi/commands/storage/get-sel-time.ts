import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type GetSelTimeResponse = {
  /** Of the event log's clock. @see §37 */
  readonly timestamp: number;
};

/**
 * Reads a Get SEL Time response.
 *   0-3  present time of the event log's clock
 * @throws DecodeError when shorter than 4 bytes
 * @see IPMI v2.0 rev. 1.1 §31.10
 */
export function decodeGetSelTimeResponse(reader: ByteReader): GetSelTimeResponse {
  return { timestamp: reader.u32le('SEL time') };
}

/** Writes a Get SEL Time response. @see IPMI v2.0 rev. 1.1 §31.10 */
export function encodeGetSelTimeResponse(response: GetSelTimeResponse, writer: ByteWriter): void {
  writer.u32le(response.timestamp);
}

export function describeGetSelTimeResponse(response: GetSelTimeResponse): string {
  return `SEL time ${response.timestamp}`;
}

export const getSelTime: IpmiCommand<NoData, GetSelTimeResponse> = {
  name: 'Get SEL Time',
  netFn: NetFn.storage,
  command: 0x48,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetSelTimeResponse,
  decodeResponse: decodeGetSelTimeResponse,
};
