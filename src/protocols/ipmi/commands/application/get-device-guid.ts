import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import { decodeGuidResponse, encodeGuidResponse, type GuidResponse } from './guid.ts';

/**
 * The GUID of the controller itself, 16 bytes; many boards have none, or give the system's. Repeatable: a read.
 * @see IPMI v2.0 rev. 1.1 §20.8
 */
export const getDeviceGuid: IpmiCommand<NoData, GuidResponse> = {
  name: 'Get Device GUID',
  netFn: NetFn.application,
  command: 0x08,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGuidResponse,
  decodeResponse: decodeGuidResponse,
};
