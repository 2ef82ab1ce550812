import type { Machine } from '../domain/machine.ts';
import type { Hosts, SystemFacts } from '../domain/ports/hosts.ts';
import { type HostFact, hostFact } from './sighted.ts';

/** Who answers, and when it is the pinned stage-3 key, what the system says of itself. */
export async function lookAtSystem(
  hosts: Hosts,
  machine: Machine,
  signal: AbortSignal,
): Promise<{ readonly host: HostFact; readonly system: SystemFacts | null }> {
  const host = hostFact(await hosts.sight(machine, signal));
  if (host.kind !== 'stage-3') return { host, system: null };
  await using system = await hosts.system(machine, signal);
  return { host, system: await system.look(signal) };
}
