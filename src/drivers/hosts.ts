import type { Hosts } from '../domain/ports/hosts.ts';
import type { Meter } from '../foundation/meter.ts';
import { createSystem } from './nixos/system.ts';
import { connect, type SshParts } from './ssh/connection.ts';
import { sight } from './ssh/sight.ts';
import { targetOf } from './ssh/target.ts';
import { createInitrd } from './unlock/initrd.ts';

export type HostsParts = SshParts & { readonly meter: Meter };

/** Machines by SSH: which stage answers, the initrd of stage 1, the system of stage 3. Nothing is cached. */
export function createHosts(parts: HostsParts): Hosts {
  const { clock, meter } = parts;
  return {
    async sight(machine, signal) {
      const sighting = await sight(clock, machine, signal);
      meter.count('ssh_sightings', { kind: sighting.kind });
      return sighting;
    },
    async initrd(machine, signal) {
      const connection = await connect(parts, targetOf(machine, 1), signal);
      meter.count('ssh_connections', { stage: '1' });
      return createInitrd(parts, connection);
    },
    async system(machine, signal) {
      const connection = await connect(parts, targetOf(machine, 3), signal);
      meter.count('ssh_connections', { stage: '3' });
      return createSystem(parts, connection);
    },
  };
}
