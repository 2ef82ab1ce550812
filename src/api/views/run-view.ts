import { ACTIVE_RUN_STATES, type Run, type RunError } from '../../domain/run.ts';
import type { RunBody, RunErrorBody, RunStepBody, RunSummaryBody } from '../schema/run.ts';
import { iso, isoOrNull } from './time.ts';

/** A run as the API shows it. */
export function viewRun(run: Run, machineName: string | null): RunBody {
  return {
    id: run.id,
    machineId: run.machineId,
    machine: machineName,
    kind: run.request.kind,
    request: run.request,
    state: run.state,
    step: activeStep(run),
    stepIndex: run.cursor,
    stepEnteredAt: isoOrNull(run.stepEnteredAt),
    stepDeadlineAt: isoOrNull(run.stepDeadlineAt),
    round: run.round,
    steps: run.plan.map((entry, index) => ({
      index,
      name: entry.step,
      state: stepState(run, index),
      deadlineSeconds: entry.deadlineMs / 1000,
      result: run.results[String(index)] ?? null,
    })),
    error: run.error === null ? null : viewError(run.error),
    actor: run.actor,
    createdAt: iso(run.createdAt),
    startedAt: isoOrNull(run.startedAt),
    endedAt: isoOrNull(run.endedAt),
    cancelRequestedAt: isoOrNull(run.cancelRequestedAt),
  };
}

/** A run in one line. */
export function summariseRun(run: Run): RunSummaryBody {
  return {
    id: run.id,
    kind: run.request.kind,
    state: run.state,
    step: activeStep(run),
    stepIndex: run.cursor,
    stepCount: run.plan.length,
    stepEnteredAt: isoOrNull(run.stepEnteredAt),
    createdAt: iso(run.createdAt),
    startedAt: isoOrNull(run.startedAt),
    endedAt: isoOrNull(run.endedAt),
    errorCode: run.error?.code ?? null,
  };
}

export function isActive(run: Run): boolean {
  return ACTIVE_RUN_STATES.includes(run.state);
}

function activeStep(run: Run): RunBody['step'] {
  if (run.state !== 'running' || run.stepEnteredAt === null) return null;
  return run.plan[run.cursor]?.step ?? null;
}

function stepState(run: Run, index: number): RunStepBody['state'] {
  if (run.state === 'succeeded' || index < run.cursor) return 'done';
  if (index > run.cursor) return 'pending';
  if (run.state === 'failed' || run.state === 'cancelled') return run.stepEnteredAt === null ? 'pending' : run.state;
  return run.state === 'running' && run.stepEnteredAt !== null ? 'active' : 'pending';
}

function viewError(error: RunError): RunErrorBody {
  const { code, message, step = null, hint = null, lastSeen = null, details = null } = error;
  return { code, message, step, hint, lastSeen, details };
}
