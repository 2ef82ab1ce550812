import type { Hosts } from '../domain/ports/hosts.ts';
import type { Meter } from '../foundation/meter.ts';
import { createSystem } from './nixos/system.ts';
import type { SshParts } from './ssh/connection.ts';
import type { SshConnections } from './ssh/connections.ts';
import { targetOf } from './ssh/target.ts';
import { createInitrd } from './unlock/initrd.ts';

export type HostsParts = SshParts & { readonly meter: Meter; readonly connections: SshConnections };

/** Machines by SSH: which stage answers, the initrd of stage 1, the system of stage 3. */
export function createHosts(parts: HostsParts): Hosts {
  const { connections, meter } = parts;
  return {
    async sight(machine, signal) {
      const sighting = await connections.sight(machine, signal);
      meter.count('ssh_sightings', { kind: sighting.kind });
      return sighting;
    },
    async initrd(machine, signal) {
      const connection = await connections.open(targetOf(machine, 1), signal);
      meter.count('ssh_connections', { stage: '1' });
      return createInitrd(parts, connection);
    },
    async system(machine, signal) {
      const connection = await connections.open(targetOf(machine, 3), signal);
      meter.count('ssh_connections', { stage: '3' });
      return createSystem(parts, connection);
    },
  };
}
