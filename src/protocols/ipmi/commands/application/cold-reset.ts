import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/**
 * Restarts the controller as after a loss of its power: sessions are gone, settings may go back to their defaults, and
 * it is silent for a while. The machine that it manages keeps running.
 *
 * Not repeated: every arrival restarts it, and the first one's answer is the first thing that a restart loses. Silence
 * after it is no sign of failure.
 * @see IPMI v2.0 rev. 1.1 §20.2
 */
export const coldReset: IpmiCommand<NoData, NoData> = {
  name: 'Cold Reset',
  netFn: NetFn.application,
  command: 0x02,
  repeatable: false,
  privilege: PrivilegeLevel.administrator,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeNoData,
  decodeResponse: decodeNoData,
};
