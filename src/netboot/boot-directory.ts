import type { Machines } from '../domain/ports/machines.ts';
import type { BootAttempts, BootDirectory } from '../domain/ports/netboot.ts';

/** Answers the listeners' questions from the inventory and the armed attempts. */
export function createBootDirectory(parts: {
  readonly machines: Pick<Machines, 'findByMac'>;
  readonly attempts: Pick<BootAttempts, 'current'>;
}): BootDirectory {
  return {
    machineByMac: (mac) => parts.machines.findByMac(mac),
    attemptOf: (machineId) => parts.attempts.current(machineId),
  };
}
