import type { ChassisReport, PowerEvent, PowerRestorePolicy } from '../../../../domain/hardware.ts';
import { DecodeError } from '../../../../foundation/errors.ts';
import {
  getChassisStatus,
  type LastPowerEvent,
  lastPowerEventOf,
  miscellaneousStateOf,
  PowerRestorePolicy as WirePolicy,
} from '../../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { getPohCounter, powerOnHours } from '../../../../protocols/ipmi/commands/chassis/get-poh-counter.ts';
import { describeRestartCause } from '../../../../protocols/ipmi/commands/chassis/get-system-restart-cause.ts';
import { CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import { ifThere } from '../if-there.ts';
import type { IpmiRequester } from '../requester.ts';
import { readRestartCause } from './restart-cause.ts';

const policies: Readonly<Record<number, PowerRestorePolicy>> = {
  [WirePolicy.stayOff]: 'stay-off',
  [WirePolicy.restore]: 'restore',
  [WirePolicy.powerUp]: 'power-up',
};

/** How the power drawn is read; null where the board does not measure it. */
export type ReadWatts = (requester: IpmiRequester, signal: AbortSignal) => Promise<number | null>;

/**
 * All that the chassis commands tell. Only Get Chassis Status must be there; what else a board lacks is null.
 * @param readWatts a refusal or malformed answer inside it counts as "not measured"
 * @throws CompletionCodeError when Get Chassis Status is refused; UnreachableError; DecodeError
 * @see IPMI v2.0 rev. 1.1 §28.2, §28.11, §28.14
 */
export async function readChassis(
  requester: IpmiRequester,
  readWatts: ReadWatts,
  signal: AbortSignal,
): Promise<ChassisReport> {
  const status = await requester.ask(getChassisStatus, undefined, signal);
  const cause = await readRestartCause(requester, signal);
  const counter = await ifThere(requester, getPohCounter, undefined, signal);
  const powerWatts = await wattsIfThere(requester, readWatts, signal);
  const state = miscellaneousStateOf(status.miscellaneousState);
  return {
    power: status.powerOn ? 'on' : 'off',
    powerFault: status.powerFault,
    powerControlFault: status.powerControlFault,
    powerOverload: status.powerOverload,
    interlock: status.interlock,
    restorePolicy: policies[status.powerRestorePolicy] ?? 'unknown',
    lastPowerEvents: powerEvents(lastPowerEventOf(status.lastPowerEvent)),
    intrusion: state.intrusion,
    frontPanelLocked: state.frontPanelLocked,
    driveFault: state.driveFault,
    coolingFault: state.coolingFault,
    identify: state.identify === undefined || state.identify === 'unknown' ? null : state.identify,
    restartCause: cause === null ? null : describeRestartCause(cause.cause),
    powerOnHours: counter === null ? null : powerOnHours(counter),
    powerWatts,
  };
}

async function wattsIfThere(
  requester: IpmiRequester,
  readWatts: ReadWatts,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    return await readWatts(requester, signal);
  } catch (error) {
    // The board has no meter, or one that answers nonsense; the rest of the report stands.
    if (error instanceof CompletionCodeError || error instanceof DecodeError) return null;
    throw error;
  }
}

function powerEvents(event: LastPowerEvent): readonly PowerEvent[] {
  const events: readonly (readonly [boolean, PowerEvent])[] = [
    [event.acFailed, 'ac-failed'],
    [event.powerOverload, 'overload'],
    [event.interlock, 'interlock'],
    [event.powerFault, 'fault'],
    [event.poweredOnByCommand, 'by-command'],
  ];
  return events.filter(([there]) => there).map(([, name]) => name);
}
