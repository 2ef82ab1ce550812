import type { Clock } from '../../foundation/clock.ts';
import { bitsOfLastPowerEvent } from '../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import {
  type GetSystemRestartCauseResponse,
  RestartCause,
} from '../../protocols/ipmi/commands/chassis/get-system-restart-cause.ts';
import type { Chassis, ChassisAction } from './chassis.ts';

export type PowerRecordOptions = {
  /** What the machine last restarted from, before anybody commands anything. Default: its power button. */
  readonly restartCause?: number;
  /** Minutes with power on before this BMC was made. Default 60,000. */
  readonly powerOnMinutes?: number;
  /** Whether verbs are written down as restart cause; boards that never do are common. Default true. */
  readonly recordsChassisControl?: boolean;
};

/** What a controller remembers of the power of its machine. */
export type PowerRecord = {
  readonly restart: GetSystemRestartCauseResponse;
  /** The byte of Get Chassis Status. */
  readonly lastPowerEvent: number;
  powerOnMinutes(): number;
  /** Carries the action out on the chassis and writes it down. @param channel that the command came by */
  control(action: ChassisAction, channel: number): 'done' | 'not-possible';
};

/** @see IPMI v2.0 rev. 1.1 §28.2, §28.11, §28.14 */
export function createPowerRecord(clock: Clock, chassis: Chassis, options: PowerRecordOptions): PowerRecord {
  const byCommand = bitsOfLastPowerEvent({
    acFailed: false,
    powerOverload: false,
    interlock: false,
    powerFault: false,
    poweredOnByCommand: true,
  });
  let restart: GetSystemRestartCauseResponse = { cause: options.restartCause ?? RestartCause.powerButton, channel: 0 };
  let lastPowerEvent = 0;
  let onMs = (options.powerOnMinutes ?? 60_000) * 60_000;
  let lookedAt = clock.elapsed();
  let wasOn = chassis.poweredOn();

  /** The machine may switch itself off unseen; what it was when last looked at counts until now. */
  function look(): void {
    const now = clock.elapsed();
    if (wasOn) onMs += now - lookedAt;
    lookedAt = now;
    wasOn = chassis.poweredOn();
  }

  return {
    get restart() {
      return restart;
    },
    get lastPowerEvent() {
      return lastPowerEvent;
    },
    powerOnMinutes() {
      look();
      return Math.floor(onMs / 60_000);
    },
    control(action, channel) {
      look();
      const before = wasOn;
      const outcome = chassis.control(action);
      look();
      if (outcome === 'not-possible') return outcome;
      const restarts = action === 'cycle' || action === 'reset' || (action === 'on' && !before);
      if (restarts && options.recordsChassisControl !== false) {
        restart = { cause: RestartCause.chassisControl, channel };
      }
      if (action === 'on' || action === 'cycle') lastPowerEvent = byCommand;
      return outcome;
    },
  };
}
