import type { MachineSpec } from '../domain/machine.ts';
import type { PlanEntry, RunRequest, StepName } from '../domain/run.ts';
import { unreachableCase } from '../foundation/errors.ts';
import type { JsonObject } from '../foundation/json.ts';

/** How long each step may take, in seconds; a machine's `deadlines` replace them by name. */
export const DEFAULT_DEADLINES_S: Readonly<Record<StepName, number>> = {
  power: 60,
  'power-on': 120,
  netboot: 300,
  unlock: 300,
  system: 300,
  activate: 3600,
  reboot: 300,
  verify: 120,
  session: 120,
  commit: 60,
};

/** A shutdown that asks the operating system may take as long as its services' stop times. */
const SOFT_OFF_S = 300;
const BOOT_TRIES = 2;

type Rewind = { readonly to: number; readonly rounds: number };

/** The ordered plan of a run, fixed when it is ordered. Pure. */
export function planFor(request: RunRequest, spec: MachineSpec): readonly PlanEntry[] {
  const tries = spec.bootTries ?? BOOT_TRIES;
  const entry = (step: StepName, params: JsonObject = {}, rewind?: Rewind): PlanEntry => ({
    step,
    params,
    deadlineMs: deadlineOf(step, request, spec) * 1000,
    ...(rewind === undefined || rewind.rounds < 2 ? {} : { rewind }),
  });
  /** From a machine that is down (or up already) to the running system. */
  const bringUp = (at: number, netboot: boolean): PlanEntry[] => {
    const rewind = { to: at, rounds: tries };
    return [
      entry('power-on', { netboot }),
      ...(netboot ? [entry('netboot', {}, rewind)] : []),
      ...(spec.disks.length > 0 ? [entry('unlock', {}, rewind)] : []),
      entry('system', {}, rewind),
    ];
  };
  /** Through a reboot to the proof; its tries are its own, whatever the way up used. */
  const restart = (at: number, netboot: boolean): PlanEntry[] => {
    const rewind = { to: at, rounds: tries };
    return [
      entry('reboot', { netboot }),
      ...(netboot ? [entry('netboot', {}, rewind)] : []),
      ...(spec.disks.length > 0 ? [entry('unlock', {}, rewind)] : []),
      entry('system', {}, rewind),
      entry('verify', { anyGeneration: netboot }),
    ];
  };
  const session = (): PlanEntry[] => (spec.session === undefined ? [] : [entry('session')]);
  switch (request.kind) {
    case 'power':
      return [entry('power')];
    case 'boot':
      return [...bringUp(0, request.netboot ?? spec.netboot !== undefined), ...session()];
    case 'unlock':
      return [entry('unlock'), entry('system')];
    case 'rebuild':
      return [entry('system'), entry('activate')];
    case 'reboot':
      return [...restart(0, request.netboot ?? false), ...session()];
    case 'update': {
      const up = bringUp(0, request.netboot ?? spec.netboot !== undefined);
      const built = [...up, entry('activate')];
      return [...built, ...restart(built.length, false), ...session(), entry('commit')];
    }
    default:
      return unreachableCase(request, 'run request');
  }
}

function deadlineOf(step: StepName, request: RunRequest, spec: MachineSpec): number {
  const own = spec.deadlines?.[step];
  if (own !== undefined) return own;
  if (request.kind === 'power' && request.verb === 'soft-off') return SOFT_OFF_S;
  return DEFAULT_DEADLINES_S[step];
}
