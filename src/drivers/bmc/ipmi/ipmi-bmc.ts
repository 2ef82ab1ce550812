import type { Bmc } from '../../../domain/ports/bmc.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { Log } from '../../../foundation/log.ts';
import {
  formatFirmware,
  formatIpmiVersion,
  getDeviceId,
} from '../../../protocols/ipmi/commands/application/get-device-id.ts';
import { getChassisStatus } from '../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import type { IpmiBoard } from './board.ts';
import { readBootOverride, setBootOverride } from './chassis/boot-override.ts';
import { sendPowerVerb } from './chassis/power.ts';
import { privilegeHint } from './session/session-privilege.ts';

/** The {@link Bmc} port over IPMI. @param board let go when the BMC is disposed */
export function createIpmiBmc(
  { log }: { readonly clock: Clock; readonly log: Log },
  board: IpmiBoard & AsyncDisposable,
): Bmc {
  const { requester, name } = board;
  return {
    describe: `IPMI ${name} as "${board.user}"`,
    async identity(signal) {
      const device = await requester.ask(getDeviceId, undefined, signal);
      const { manufacturerId, productId } = device;
      return { manufacturerId, productId, firmware: formatFirmware(device), ipmiVersion: formatIpmiVersion(device) };
    },
    async powerState(signal) {
      return (await requester.ask(getChassisStatus, undefined, signal)).powerOn ? 'on' : 'off';
    },
    async power(verb, signal) {
      const hint = privilegeHint(board.user, board.keeper.maximumPrivilege);
      const outcome = await sendPowerVerb(requester, verb, hint, signal);
      log.info({ bmc: name, verb, outcome: outcome.kind }, 'power verb sent');
      return outcome;
    },
    setBootOverride: (override, signal) => setBootOverride(requester, override, signal),
    bootOverride: (signal) => readBootOverride(requester, signal),
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
}
