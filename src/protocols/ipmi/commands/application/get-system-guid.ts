import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { decodeGuidResponse, encodeGuidResponse, type GuidResponse } from './guid.ts';

/**
 * The GUID of the managed system, 16 bytes: by the book the one of RAKP message 2, and on most boards the UUID that the
 * machine finds in its DMI table, in that table's byte order. May be asked before a session. Repeatable: a read.
 * @see IPMI v2.0 rev. 1.1 §22.14
 */
export const getSystemGuid: IpmiCommand<NoData, GuidResponse> = {
  name: 'Get System GUID',
  netFn: NetFn.application,
  command: 0x37,
  repeatable: true,
  privilege: 'none',
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGuidResponse,
  decodeResponse: decodeGuidResponse,
};
