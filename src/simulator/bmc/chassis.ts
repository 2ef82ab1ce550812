import { BootDeviceSelector, type BootFlags } from '../../protocols/ipmi/commands/chassis/boot-flags.ts';
import type { SerialLine } from './sol/serial-line.ts';

export type ChassisAction = 'on' | 'off' | 'cycle' | 'reset' | 'soft-off' | 'diag';

/** What a simulated BMC sits on: a machine, or a stand-in for one. All of it is immediate; effects may come later. */
export type Chassis = {
  poweredOn(): boolean;
  /** Carries the action out once. `not-possible`: the present power state does not allow it (completion code D5h). */
  control(action: ChassisAction): 'done' | 'not-possible';
  bootFlags(): BootFlags;
  setBootFlags(flags: BootFlags): void;
  /** The serial line that serial over LAN carries; without one there is none. */
  readonly serial?: SerialLine;
};

export const NO_BOOT_OVERRIDE: BootFlags = {
  valid: false,
  persistent: false,
  efi: false,
  device: BootDeviceSelector.noOverride,
};

/** A chassis with a power state and nothing behind it. A boot does not use up the override. */
export function createPlainChassis(initial: { readonly poweredOn?: boolean } = {}): Chassis {
  let poweredOn = initial.poweredOn ?? false;
  let flags = NO_BOOT_OVERRIDE;
  return {
    poweredOn: () => poweredOn,
    control(action) {
      if (!poweredOn && action !== 'on' && action !== 'off') return 'not-possible';
      if (action === 'on') poweredOn = true;
      if (action === 'off' || action === 'soft-off') poweredOn = false;
      return 'done';
    },
    bootFlags: () => flags,
    setBootFlags(next) {
      flags = next;
    },
  };
}
