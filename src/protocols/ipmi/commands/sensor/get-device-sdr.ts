import type { IpmiCommand } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import {
  decodeGetSdrRequest,
  decodeGetSdrResponse,
  encodeGetSdrRequest,
  encodeGetSdrResponse,
  type GetSdrRequest,
  type GetSdrResponse,
} from '../storage/get-sdr.ts';

/** As Get SDR, of the records that a controller keeps for its own sensors. @see IPMI v2.0 rev. 1.1 §35.3 */
export const getDeviceSdr: IpmiCommand<GetSdrRequest, GetSdrResponse> = {
  name: 'Get Device SDR',
  netFn: NetFn.sensorEvent,
  command: 0x21,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: { 128: 'record changed' },
  encodeRequest: encodeGetSdrRequest,
  decodeRequest: decodeGetSdrRequest,
  encodeResponse: encodeGetSdrResponse,
  decodeResponse: decodeGetSdrResponse,
};

/** "Record changed": its contents are new since the reservation. @see §35.3 */
export const RECORD_CHANGED = 0x80;
