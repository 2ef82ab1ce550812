import type { ChassisReport, PowerRestorePolicy } from '../domain/hardware.ts';
import type { BootDevice, BootOverrideReport, IdentifyLight, PowerState, PowerVerb } from '../domain/ports/bmc.ts';
import { readBootOverride, setBootOverride } from '../drivers/bmc/ipmi/chassis/boot-override.ts';
import { readChassis } from '../drivers/bmc/ipmi/chassis/chassis-report.ts';
import { identify } from '../drivers/bmc/ipmi/chassis/identify.ts';
import { setPowerRestorePolicy } from '../drivers/bmc/ipmi/chassis/power-policy.ts';
import { readPowerWatts } from '../drivers/bmc/ipmi/chassis/power-reading.ts';
import { type PowerResult, type ReachPowerOptions, reachPower } from '../drivers/bmc/ipmi/chassis/reach-power.ts';
import { readRestartCause } from '../drivers/bmc/ipmi/chassis/restart-cause.ts';
import { privilegeHint } from '../drivers/bmc/ipmi/session/session-privilege.ts';
import { getChassisStatus } from '../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { describeRestartCause } from '../protocols/ipmi/commands/chassis/get-system-restart-cause.ts';
import type { CallOptions } from './calls.ts';
import { type Choices, checkChoice, checkMs } from './checks.ts';
import type { PartDeps } from './part.ts';
import { type PowerReading, readPower } from './power-reading.ts';

const verbs: Choices<PowerVerb> = { on: true, off: true, 'soft-off': true, cycle: true, reset: true, diag: true };
const devices: Choices<BootDevice> = { none: true, pxe: true, disk: true, cdrom: true, setup: true };
const policies: Choices<Exclude<PowerRestorePolicy, 'unknown'>> = { 'stay-off': true, restore: true, 'power-up': true };

export type RestartCauseReport = {
  /** See RestartCause. */
  readonly cause: number;
  /** "Chassis Control command". */
  readonly text: string;
  /** The channel that the command or filter came by, where the controller tells. */
  readonly channel?: number;
};

export type BootOverrideWish = {
  readonly device: BootDevice;
  /** For every boot from now on, not only the next. Default false. */
  readonly persistent?: boolean | undefined;
  /** Ask for UEFI boot. Default false. */
  readonly efi?: boolean | undefined;
};

/** Power, boot and the front of the machine. */
export type ChassisPart = {
  /** All that the chassis commands tell; what a board lacks is null. @see IPMI v2.0 rev. 1.1 §28.2, §28.11, §28.14 */
  chassis(options?: CallOptions): Promise<ChassisReport>;
  /** @see IPMI v2.0 rev. 1.1 §28.2 */
  powerState(options?: CallOptions): Promise<PowerState>;
  /**
   * Brings the machine where the verb says, or tells plainly that it cannot know (`unknown`). The verb goes out at most
   * once, whatever happens; times in milliseconds.
   * @throws AuthenticationError, UnreachableError, DeadlineError only before the verb was sent
   * @see IPMI v2.0 rev. 1.1 §28.3
   */
  power(verb: PowerVerb, options?: CallOptions & ReachPowerOptions): Promise<PowerResult>;
  /**
   * The identify light: `off`, `on`, or on for 1 to 255 seconds.
   * @throws InvalidRequestError, CompletionCodeError; UnreachableError when no answer came and the light does not show it
   * @see IPMI v2.0 rev. 1.1 §28.5
   */
  identify(light: IdentifyLight, options?: CallOptions): Promise<void>;
  /** Why the system last restarted; null where the controller does not tell. @see IPMI v2.0 rev. 1.1 §28.11 */
  restartCause(options?: CallOptions): Promise<RestartCauseReport | null>;
  /**
   * What the machine does when mains power returns; read back.
   * @throws RefusedError when it was accepted and another policy is read back
   * @see IPMI v2.0 rev. 1.1 §28.8
   */
  setPowerRestorePolicy(policy: Exclude<PowerRestorePolicy, 'unknown'>, options?: CallOptions): Promise<void>;
  /** The boot flags that the controller has now. @see IPMI v2.0 rev. 1.1 §28.13, Table 28-14 parameter 5 */
  bootOverride(options?: CallOptions): Promise<BootOverrideReport>;
  /**
   * Sets the boot device and switches off the 60 s timer that would clear it, once, then reads back what stuck.
   * @throws CompletionCodeError; UnreachableError when whether it is set is not known
   * @see IPMI v2.0 rev. 1.1 §28.12
   */
  setBootOverride(override: BootOverrideWish, options?: CallOptions): Promise<BootOverrideReport>;
  /** Power drawn, watts; null without a meter or without DCMI. @see DCMI v1.5 rev. 1.0 §6.6.1 */
  powerReading(options?: CallOptions): Promise<PowerReading | null>;
};

export function createChassisPart({ board, calls, clock }: PartDeps): ChassisPart {
  const { requester } = board;
  return {
    chassis: (options) => calls.run(options, (signal) => readChassis(requester, readPowerWatts, signal)),
    powerState: (options) =>
      calls.run(options, async (signal) =>
        (await requester.ask(getChassisStatus, undefined, signal)).powerOn ? 'on' : 'off',
      ),
    power: (verb, options = {}) =>
      calls.run(options, async (signal) => {
        checkChoice('power verb', verb, verbs);
        checkMs('settleMs', options.settleMs);
        checkMs('pollMs', options.pollMs);
        const hint = privilegeHint(board.user, board.keeper.maximumPrivilege);
        return await reachPower({ clock }, requester, verb, options, hint, signal);
      }),
    identify: (light, options) => calls.run(options, (signal) => identify(requester, light, signal)),
    restartCause: (options) =>
      calls.run(options, async (signal) => {
        const response = await readRestartCause(requester, signal);
        return response === null ? null : { ...response, text: describeRestartCause(response.cause) };
      }),
    setPowerRestorePolicy: (policy, options) =>
      calls.run(options, async (signal) => {
        checkChoice('power restore policy', policy, policies);
        await setPowerRestorePolicy(requester, policy, signal);
      }),
    bootOverride: (options) => calls.run(options, (signal) => readBootOverride(requester, signal)),
    setBootOverride: ({ device, persistent = false, efi = false }, options) =>
      calls.run(options, async (signal) => {
        checkChoice('boot device', device, devices);
        return await setBootOverride(requester, { device, persistent, efi }, signal);
      }),
    powerReading: (options) => calls.run(options, (signal) => readPower(requester, signal)),
  };
}
