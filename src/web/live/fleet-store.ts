import type { FleetMachineBody } from '../../api/schema/machine.ts';
import { createBatch } from './batch.ts';

/**
 * The fleet as last told. Rows listen to their own machine, the list to `shape` alone, so an event draws one row and
 * not a thousand.
 */
export type FleetStore = {
  /** What the list is made from: every machine, by name. A new array when one came, went, was renamed or moved, or changed stage. */
  readonly shape: () => readonly FleetMachineBody[];
  readonly onShape: (hear: () => void) => () => void;
  readonly machine: (id: string) => FleetMachineBody | undefined;
  readonly onMachine: (id: string, hear: () => void) => () => void;
  /** Whether the whole fleet was told at least once. */
  readonly isComplete: () => boolean;
  /** Takes one message of the feed. */
  readonly take: (event: string, data: unknown) => void;
};

export function createFleetStore(): FleetStore {
  const machines = new Map<string, FleetMachineBody>();
  const rows = new Map<string, Set<() => void>>();
  const lists = new Set<() => void>();
  const changed = new Set<string>();
  /** Ids told since the connection began: the others are gone when the fleet is complete. */
  let told = new Set<string>();
  let complete = false;
  let shape: readonly FleetMachineBody[] = [];
  let reshaped = false;

  const flush = createBatch(() => {
    if (reshaped) {
      reshaped = false;
      shape = [...machines.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const hear of lists) hear();
    }
    for (const id of changed) for (const hear of rows.get(id) ?? []) hear();
    changed.clear();
  });

  const put = (machine: FleetMachineBody): void => {
    const before = machines.get(machine.id);
    machines.set(machine.id, machine);
    told.add(machine.id);
    changed.add(machine.id);
    const same = before?.name === machine.name && before.stage === machine.stage && before.address === machine.address;
    if (!same) reshaped = true;
  };
  const drop = (id: string): void => {
    if (machines.delete(id)) reshaped = true;
    changed.add(id);
  };

  const take = (event: string, data: unknown): void => {
    switch (event) {
      case 'open':
        told = new Set();
        return;
      case 'machines':
        for (const machine of (data as { items: readonly FleetMachineBody[] }).items) put(machine);
        break;
      case 'ready':
        for (const id of [...machines.keys()]) if (!told.has(id)) drop(id);
        complete = true;
        reshaped = true;
        break;
      case 'machine':
        put(data as FleetMachineBody);
        break;
      case 'removed':
        drop((data as { id: string }).id);
        break;
      default:
        return;
    }
    flush();
  };

  return {
    shape: () => shape,
    onShape: (hear) => listen(lists, hear),
    machine: (id) => machines.get(id),
    onMachine(id, hear) {
      const set = rows.get(id) ?? new Set();
      rows.set(id, set);
      const stop = listen(set, hear);
      return () => {
        stop();
        if (set.size === 0) rows.delete(id);
      };
    },
    isComplete: () => complete,
    take,
  };
}

function listen(set: Set<() => void>, hear: () => void): () => void {
  set.add(hear);
  return () => set.delete(hear);
}
