import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/**
 * Restarts the controller and keeps what it can of its state; on many boards the same as a cold reset. The machine that
 * it manages keeps running.
 *
 * Not repeated: every arrival restarts it, and the first one's answer is the first thing that a restart loses. Silence
 * after it is no sign of failure.
 * @see IPMI v2.0 rev. 1.1 §20.3
 */
export const warmReset: IpmiCommand<NoData, NoData> = {
  name: 'Warm Reset',
  netFn: NetFn.application,
  command: 0x03,
  repeatable: false,
  privilege: PrivilegeLevel.administrator,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeNoData,
  decodeResponse: decodeNoData,
};
