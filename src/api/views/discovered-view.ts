import { type DiscoveredMachine, isSameMachine } from '../../domain/discovered-machine.ts';
import type { DiscoveredMachineBody } from '../schema/discovered.ts';
import { iso, isoOrNull } from './time.ts';

/** A discovered machine as the API shows it. @param all among which its other network cards are looked for */
export function viewDiscovered(machine: DiscoveredMachine, all: readonly DiscoveredMachine[]): DiscoveredMachineBody {
  const { uuids, userClasses, architectures, firstSeenAt, lastSeenAt, ignoredAt, ...rest } = machine;
  return {
    ...rest,
    uuid: uuids[0] ?? null,
    uuidSwapped: uuids[1] ?? null,
    sameMachine: otherCards(machine, all).map(({ mac }) => mac),
    architectures: architectures.map(({ value, name }) => ({ value, name })),
    userClasses: [...userClasses],
    firstSeenAt: iso(firstSeenAt),
    lastSeenAt: iso(lastSeenAt),
    ignoredAt: isoOrNull(ignoredAt),
  };
}

/** The other network cards of the same machine, by their UUID. */
export function otherCards(of: DiscoveredMachine, all: readonly DiscoveredMachine[]): readonly DiscoveredMachine[] {
  return all.filter((each) => each.mac !== of.mac && isSameMachine(each, of));
}
