import { ChassisControl, chassisControl } from '../../../protocols/ipmi/commands/chassis/chassis-control.ts';
import { getChassisStatus, PowerRestorePolicy } from '../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { getSystemBootOptions } from '../../../protocols/ipmi/commands/chassis/get-system-boot-options.ts';
import { setSystemBootOptions } from '../../../protocols/ipmi/commands/chassis/set-system-boot-options.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import type { ChassisAction } from '../chassis.ts';
import { type Handler, handler } from '../command-handler.ts';

const actions: Readonly<Record<number, ChassisAction>> = {
  [ChassisControl.powerDown]: 'off',
  [ChassisControl.powerUp]: 'on',
  [ChassisControl.powerCycle]: 'cycle',
  [ChassisControl.hardReset]: 'reset',
  [ChassisControl.pulseDiagnosticInterrupt]: 'diag',
  [ChassisControl.softShutdown]: 'soft-off',
};

/** Power and boot. @see IPMI v2.0 rev. 1.1 §28 */
export const chassisHandlers: readonly Handler[] = [
  handler(getChassisStatus, (_request, { chassis }) => ({
    response: {
      powerOn: chassis.poweredOn(),
      powerOverload: false,
      interlock: false,
      powerFault: false,
      powerControlFault: false,
      powerRestorePolicy: PowerRestorePolicy.stayOff,
      lastPowerEvent: 0,
      miscellaneousState: 0,
    },
  })),

  handler(chassisControl, (request, context, session) => {
    const action = actions[request.action];
    if (action === undefined || session === undefined) return { refusal: CompletionCode.invalidDataField };
    context.bootOptions.chassisControlled();
    context.acted(action, session);
    return context.chassis.control(action) === 'done'
      ? { response: undefined }
      : { refusal: CompletionCode.notInPresentState };
  }),

  handler(setSystemBootOptions, (request, { bootOptions }) => {
    const completionCode = bootOptions.set(request);
    return completionCode === CompletionCode.ok ? { response: undefined } : { refusal: completionCode };
  }),

  handler(getSystemBootOptions, ({ parameter }, { bootOptions }) => {
    const data = bootOptions.get(parameter);
    return typeof data === 'number'
      ? { refusal: data }
      : { response: { version: 1, parameter, markedInvalid: false, data } };
  }),
];
