import type { Clock } from '../../foundation/clock.ts';
import type { BootFlags } from '../../protocols/ipmi/commands/chassis/boot-flags.ts';
import { type Chassis, NO_BOOT_OVERRIDE } from './chassis.ts';
import type { Personality } from './personality.ts';

/** A chassis that keeps of the boot flags what this personality keeps, for as long as it keeps them. */
export function forgetfulChassis(
  clock: Clock,
  chassis: Chassis,
  { bootFlags, bootFlagsLostAfterMs }: Personality,
  signal: AbortSignal,
): Chassis {
  if (bootFlags === 'kept' && bootFlagsLostAfterMs === undefined) return chassis;
  return {
    ...chassis,
    setBootFlags(flags) {
      const kept = keptOf(flags, bootFlags);
      chassis.setBootFlags(kept);
      if (bootFlagsLostAfterMs === undefined || !kept.valid) return;
      const lose = (): void => {
        if (chassis.bootFlags() === kept) chassis.setBootFlags(NO_BOOT_OVERRIDE);
      };
      const stopped = (): void => undefined;
      clock.sleep(bootFlagsLostAfterMs, signal).then(lose, stopped);
    },
  };
}

/** ipmi_sim reads back neither the valid bit nor any but the device. */
function keptOf(flags: BootFlags, kept: Personality['bootFlags']): BootFlags {
  switch (kept) {
    case 'kept':
      return flags;
    case 'device-only':
      return { ...flags, valid: false, persistent: false, efi: false };
    case 'without-efi-and-persistent':
      return { ...flags, persistent: false, efi: false };
  }
}
