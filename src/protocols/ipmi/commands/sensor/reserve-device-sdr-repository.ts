import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';
import {
  decodeReserveSdrRepositoryResponse,
  encodeReserveSdrRepositoryResponse,
  type ReserveSdrRepositoryResponse,
} from '../storage/reserve-sdr-repository.ts';

/** As Reserve SDR Repository, of the records that a controller keeps itself. @see IPMI v2.0 rev. 1.1 §35.4 */
export const reserveDeviceSdrRepository: IpmiCommand<NoData, ReserveSdrRepositoryResponse> = {
  name: 'Reserve Device SDR Repository',
  netFn: NetFn.sensorEvent,
  command: 0x22,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeReserveSdrRepositoryResponse,
  decodeResponse: decodeReserveSdrRepositoryResponse,
};
