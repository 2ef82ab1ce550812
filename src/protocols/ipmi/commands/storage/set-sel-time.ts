import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

export type SetSelTimeRequest = {
  /** For the event log's clock. @see §37 */
  readonly timestamp: number;
};

/**
 * Reads a Set SEL Time request.
 *   0-3  time to set the event log's clock to
 * @throws DecodeError when shorter than 4 bytes
 * @see IPMI v2.0 rev. 1.1 §31.11
 */
export function decodeSetSelTimeRequest(reader: ByteReader): SetSelTimeRequest {
  return { timestamp: reader.u32le('SEL time') };
}

/** Writes a Set SEL Time request. @see IPMI v2.0 rev. 1.1 §31.11 */
export function encodeSetSelTimeRequest(request: SetSelTimeRequest, writer: ByteWriter): void {
  writer.u32le(request.timestamp);
}

export function describeSetSelTimeRequest(request: SetSelTimeRequest): string {
  return `SEL time ${request.timestamp}`;
}

/** Not repeated: a second copy would set the clock back by the time between the two. */
export const setSelTime: IpmiCommand<SetSelTimeRequest, NoData> = {
  name: 'Set SEL Time',
  netFn: NetFn.storage,
  command: 0x49,
  repeatable: false,
  privilege: PrivilegeLevel.operator,
  completionCodes: {},
  encodeRequest: encodeSetSelTimeRequest,
  decodeRequest: decodeSetSelTimeRequest,
  encodeResponse: encodeNoData,
  decodeResponse: decodeNoData,
};
