import { ChassisControl, chassisControl } from '../../../protocols/ipmi/commands/chassis/chassis-control.ts';
import { chassisIdentify } from '../../../protocols/ipmi/commands/chassis/chassis-identify.ts';
import { getChassisCapabilities } from '../../../protocols/ipmi/commands/chassis/get-chassis-capabilities.ts';
import {
  bitsOfMiscellaneousState,
  getChassisStatus,
} from '../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { getPohCounter } from '../../../protocols/ipmi/commands/chassis/get-poh-counter.ts';
import { getSystemBootOptions } from '../../../protocols/ipmi/commands/chassis/get-system-boot-options.ts';
import { getSystemRestartCause } from '../../../protocols/ipmi/commands/chassis/get-system-restart-cause.ts';
import {
  NO_POLICY_CHANGE,
  setPowerRestorePolicy,
} from '../../../protocols/ipmi/commands/chassis/set-power-restore-policy.ts';
import { setSystemBootOptions } from '../../../protocols/ipmi/commands/chassis/set-system-boot-options.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { BMC_ADDRESS } from '../../../protocols/ipmi/message.ts';
import type { ChassisAction } from '../chassis.ts';
import { type Handler, handler } from '../command-handler.ts';
import { LAN_CHANNEL } from './session.ts';

const actions: Readonly<Record<number, ChassisAction>> = {
  [ChassisControl.powerDown]: 'off',
  [ChassisControl.powerUp]: 'on',
  [ChassisControl.powerCycle]: 'cycle',
  [ChassisControl.hardReset]: 'reset',
  [ChassisControl.pulseDiagnosticInterrupt]: 'diag',
  [ChassisControl.softShutdown]: 'soft-off',
};

/** The counter counts hours. @see IPMI v2.0 rev. 1.1 §28.14 */
const MINUTES_PER_COUNT = 60;

/** Power, boot, and what else the chassis has. @see IPMI v2.0 rev. 1.1 §28 */
export const chassisHandlers: readonly Handler[] = [
  handler(getChassisCapabilities, () => ({
    response: {
      providesPowerInterlock: false,
      providesDiagnosticInterrupt: true,
      providesFrontPanelLockout: false,
      providesIntrusionSensor: false,
      fruInfoDeviceAddress: BMC_ADDRESS,
      sdrDeviceAddress: BMC_ADDRESS,
      selDeviceAddress: BMC_ADDRESS,
      systemManagementDeviceAddress: BMC_ADDRESS,
    },
  })),

  handler(getChassisStatus, (_request, { chassis, settings }) => ({
    response: {
      powerOn: chassis.poweredOn(),
      powerOverload: false,
      interlock: false,
      powerFault: false,
      powerControlFault: false,
      powerRestorePolicy: settings.powerRestorePolicy,
      lastPowerEvent: settings.power.lastPowerEvent,
      miscellaneousState: bitsOfMiscellaneousState({
        intrusion: false,
        frontPanelLocked: false,
        driveFault: false,
        coolingFault: false,
        identify: settings.identify.state(),
      }),
    },
  })),

  handler(chassisControl, (request, context, session) => {
    const action = actions[request.action];
    if (action === undefined || session === undefined) return { refusal: CompletionCode.invalidDataField };
    context.bootOptions.chassisControlled();
    context.acted(action, session);
    return context.settings.power.control(action, LAN_CHANNEL) === 'done'
      ? { response: undefined }
      : { refusal: CompletionCode.notInPresentState };
  }),

  handler(chassisIdentify, ({ intervalSeconds, forceOn }, { settings }) => {
    // A board without the second byte wants one byte of data.
    if (forceOn !== undefined && !settings.forceIdentify) return { refusal: CompletionCode.requestDataLengthInvalid };
    settings.identify.set(intervalSeconds, forceOn ?? false);
    return { response: undefined };
  }),

  handler(setPowerRestorePolicy, ({ policy }, { settings }) => {
    if (policy > NO_POLICY_CHANGE) return { refusal: CompletionCode.invalidDataField };
    if (policy !== NO_POLICY_CHANGE) settings.powerRestorePolicy = policy;
    return { response: { supportsStayOff: true, supportsRestore: true, supportsPowerUp: true } };
  }),

  handler(getSystemRestartCause, (_request, { settings }) => ({ response: settings.power.restart })),

  handler(getPohCounter, (_request, { settings }) => ({
    response: {
      minutesPerCount: MINUTES_PER_COUNT,
      counterReading: Math.floor(settings.power.powerOnMinutes() / MINUTES_PER_COUNT),
    },
  })),

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
