import type { BootAttempts, BootDirectory } from '../domain/ports/netboot.ts';
import type { Inventory } from './inventory.ts';

/** Answers the listeners' questions from the inventory and the armed attempts. */
export function createBootDirectory(parts: {
  readonly machines: Pick<Inventory, 'machineByMac'>;
  readonly attempts: Pick<BootAttempts, 'current'>;
}): BootDirectory {
  return {
    machineByMac: (mac) => parts.machines.machineByMac(mac),
    attemptOf: (machineId) => parts.attempts.current(machineId),
  };
}
