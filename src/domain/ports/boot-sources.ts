import type { ArmedBoot } from '../armed-boot.ts';
import type { Machine, NetbootSpec } from '../machine.ts';

/** Looks up what a declaration means at the moment when a machine is armed. */
export type BootSources = {
  /**
   * @returns the boot with names of uploaded assets as their contents, scripts as text and generations as their files
   * @throws NotFoundError naming the generation, script or asset that is not there, with what brings it in `hint`
   */
  lookUp(machine: Machine, boot: NetbootSpec): Promise<ArmedBoot>;
};
