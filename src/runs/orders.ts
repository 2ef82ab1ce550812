import type { MachineSpec } from '../domain/machine.ts';
import type { Machines } from '../domain/ports/machines.ts';
import type { Runs } from '../domain/ports/runs.ts';
import type { Run, RunRequest } from '../domain/run.ts';
import { InvalidRequestError } from '../foundation/errors.ts';
import { planFor } from './plans.ts';

export type Orderer = { readonly actor: string; readonly idempotencyKey?: string };

/** Turns a request into a run with its plan. */
export type Orders = {
  /** @throws NotFoundError, InvalidRequestError when the machine lacks what the run needs, ConflictError when one is active */
  place(machine: string, request: RunRequest, by: Orderer): Promise<Run>;
  /** @throws NotFoundError, ConflictError when the run has ended */
  cancel(runId: string, actor: string): Promise<Run>;
};

export function createOrders({ machines, runs }: { readonly machines: Machines; readonly runs: Runs }): Orders {
  return {
    async place(nameOrId, request, by) {
      const machine = await machines.get(nameOrId);
      refuseImpossible(request, machine.spec);
      const plan = planFor(request, machine.spec);
      return await runs.create({ machineId: machine.id, request, plan, ...by });
    },
    cancel: (runId, actor) => runs.requestCancel(runId, actor),
  };
}

/** What the machine's declaration rules out is said at once, not half-way through the run. */
function refuseImpossible(request: RunRequest, spec: MachineSpec): void {
  const { kind } = request;
  const needsBmc = kind === 'power' || kind === 'boot';
  if (needsBmc && spec.bmcs.length === 0) refuse(spec, kind, 'no BMC', 'bmcs');
  if (
    (kind === 'boot' || kind === 'reboot' || kind === 'update') &&
    request.netboot === true &&
    spec.netboot === undefined
  ) {
    refuse(spec, kind, 'nothing to netboot', 'netboot');
  }
  if (kind === 'unlock' && spec.disks.length === 0) refuse(spec, kind, 'no encrypted disks', 'disks');
  if ((kind === 'rebuild' || kind === 'update') && request.flake === undefined && spec.rebuild === undefined) {
    refuse(spec, kind, 'no flake to rebuild from', 'rebuild.flake');
  }
}

function refuse(spec: MachineSpec, kind: string, lacks: string, field: string): never {
  throw new InvalidRequestError(`${spec.name} has ${lacks}: a ${kind} run is not possible`, {
    details: { hint: `Declare ${field} for the machine.` },
  });
}
