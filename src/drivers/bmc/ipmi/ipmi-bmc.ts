import type { Bmc, PowerOutcome, PowerVerb } from '../../../domain/ports/bmc.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { Log } from '../../../foundation/log.ts';
import {
  formatFirmware,
  formatIpmiVersion,
  getDeviceId,
} from '../../../protocols/ipmi/commands/application/get-device-id.ts';
import { ChassisControl, chassisControl } from '../../../protocols/ipmi/commands/chassis/chassis-control.ts';
import { getChassisStatus } from '../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { CompletionCode, describeCompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import type { IpmiBoard } from './board.ts';
import { readBootOverride, setBootOverride } from './chassis/boot-override.ts';
import type { Reply } from './requester.ts';
import { privilegeHint } from './session/session-privilege.ts';

const actions: Readonly<Record<PowerVerb, number>> = {
  on: ChassisControl.powerUp,
  off: ChassisControl.powerDown,
  'soft-off': ChassisControl.softShutdown,
  cycle: ChassisControl.powerCycle,
  reset: ChassisControl.hardReset,
  diag: ChassisControl.pulseDiagnosticInterrupt,
};

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
      const reply = await requester.once(chassisControl, { action: actions[verb] }, signal);
      const outcome = outcomeOf(reply, privilegeHint(board.user, board.keeper.maximumPrivilege));
      log.info({ bmc: name, verb, outcome: outcome.kind }, 'power verb sent');
      return outcome;
    },
    setBootOverride: (override, signal) => setBootOverride(requester, override, signal),
    bootOverride: (signal) => readBootOverride(requester, signal),
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
}

/** @see IPMI v2.0 rev. 1.1 §28.3: D5h when the present state does not allow the action */
function outcomeOf(reply: Reply<undefined>, hint: string): PowerOutcome {
  switch (reply.kind) {
    case 'answered':
      return { kind: 'accepted' };
    case 'silent':
      return { kind: 'silent' };
    case 'refused':
      if (reply.completionCode === CompletionCode.notInPresentState) return { kind: 'already' };
      return { kind: 'refused', reason: reasonOf(reply.completionCode, hint) };
  }
}

function reasonOf(code: number, hint: string): string {
  const meaning = describeCompletionCode(code);
  return code === CompletionCode.insufficientPrivilege ? `${meaning}; ${hint}` : meaning;
}
