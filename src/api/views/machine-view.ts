import type { Machine, MachineSpec } from '../../domain/machine.ts';
import type { Runs } from '../../domain/ports/runs.ts';
import type { Run } from '../../domain/run.ts';
import type { FleetMachineBody, MachineBody } from '../schema/machine.ts';
import { isActive, summariseRun } from './run-view.ts';
import { iso } from './time.ts';

/** The active run of a machine and the last one that ended. */
export type LatestRuns = { readonly run: Run | undefined; readonly lastRun: Run | undefined };

/** The newest two runs hold both, since a machine has at most one active run and it is the newest. */
export async function latestRunsOf(runs: Runs, machineId: string): Promise<LatestRuns> {
  const newest = await runs.list({ machineId, limit: 2 });
  return { run: newest.find(isActive), lastRun: newest.find((each) => !isActive(each)) };
}

/**
 * A machine as the API shows it.
 * @param whole whether commands of secret references are shown with their arguments, which may be telling
 */
export function viewMachine(machine: Machine, latest: LatestRuns, whole: boolean): MachineBody {
  return {
    ...seen(machine, latest),
    spec: whole ? machine.spec : withoutArguments(machine.spec),
    createdAt: iso(machine.createdAt),
    updatedAt: iso(machine.updatedAt),
  };
}

export function viewFleetMachine(machine: Machine, latest: LatestRuns): FleetMachineBody {
  return { ...seen(machine, latest), address: machine.spec.address };
}

function seen(machine: Machine, { run, lastRun }: LatestRuns): Omit<FleetMachineBody, 'address'> {
  return {
    id: machine.id,
    name: machine.spec.name,
    source: machine.source,
    stage: machine.stage,
    stageAt: iso(machine.stageAt),
    lastSeq: machine.lastSeq,
    run: run === undefined ? null : summariseRun(run),
    lastRun: lastRun === undefined ? null : summariseRun(lastRun),
  };
}

/** The only object with a `command` list in a specification is a secret reference. */
function withoutArguments(spec: MachineSpec): MachineSpec {
  return JSON.parse(
    JSON.stringify(spec, (key, value: unknown) =>
      key === 'command' && Array.isArray(value) ? value.slice(0, 1) : value,
    ),
  ) as MachineSpec;
}
