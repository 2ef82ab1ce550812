import type { PlanEntry, Run, RunError, RunState } from '../../domain/run.ts';
import { formatSeconds } from '../../foundation/deadline.ts';
import { BugError, unreachableCase } from '../../foundation/errors.ts';
import type { JsonObject } from '../../foundation/json.ts';
import { cleanUp } from './clean-up.ts';
import type { Drive, Steps } from './drive.ts';
import { Interruption } from './interruption.ts';
import type { EngineEvent } from './record.ts';
import { driveStep } from './step.ts';

export type RunOptions = {
  /** Claims after which a run is given up: something in it makes the service die again and again. */
  readonly maximumClaims: number;
  /** After a takeover a step has at least this long, so that it looks once although its deadline passed meanwhile. */
  readonly takeoverGraceMs: number;
  /** Time for all clean-up of a run that failed or was cancelled. */
  readonly cleanUpMs: number;
};

/**
 * Drives a claimed run until it ends.
 * @returns its final state
 * @throws Interruption when the service stops or the lease is lost; LeaseLostError and the store's errors from writing
 */
export async function driveRun(drive: Drive, steps: Steps, options: RunOptions): Promise<RunState> {
  const { record } = drive;
  if (record.run.fence > options.maximumClaims) return end(drive, 'failed', claimedTooOften(drive), []);
  try {
    // Before any effect: the run may have been cancelled while nobody drove it.
    if (record.run.cancelRequestedAt !== null) throw new Interruption('cancel', 'the run was cancelled');
    // It had failed already when its owner went away during clean-up.
    const failed = record.run.error ?? (await drivePlan(drive, steps, options));
    if (failed === 'succeeded') return 'succeeded';
    await cleanUp(drive, steps, options.cleanUpMs);
    return await end(drive, 'failed', failed, []);
  } catch (error) {
    if (!(error instanceof Interruption && error.kind === 'cancel')) throw error;
    await cleanUp(drive, steps, options.cleanUpMs);
    return end(drive, 'cancelled', undefined, []);
  }
}

/** @returns the error, recorded in the run's row; the run goes on until clean-up is over */
async function drivePlan(drive: Drive, steps: Steps, options: RunOptions): Promise<RunError | 'succeeded'> {
  const { record, clock } = drive;
  const { stepEnteredAt: enteredBefore, stepDeadlineAt: recorded } = record.run;
  let deadlineAt =
    enteredBefore === null || recorded === null
      ? await enter(drive, record.run.cursor, {}, [])
      : Math.max(recorded, clock.now() + options.takeoverGraceMs);
  for (;;) {
    const { plan, cursor, round, stepEnteredAt } = record.run;
    const entry = entryAt(record.run, cursor);
    const step = steps.get(entry.step);
    if (step === undefined) {
      const message = `this version of the service has no step named ${entry.step}`;
      return fail(drive, { code: 'bug', message, step: entry.step, hint: 'order the run again' }, []);
    }
    const outcome = await driveStep(drive, step, entry, deadlineAt);
    switch (outcome.kind) {
      case 'failed':
      case 'deadline': {
        const { rewind } = entry;
        const events = outcome.kind === 'failed' ? outcome.events : [];
        const again = outcome.kind === 'deadline' || outcome.again;
        if (!again || rewind === undefined || roundsFrom(drive, rewind.to) >= rewind.rounds) {
          return fail(drive, outcome.error, events);
        }
        const data = {
          from: entry.step,
          to: entryAt(record.run, rewind.to).step,
          round: round + 1,
          why: outcome.error.message,
        };
        deadlineAt = await enter(drive, rewind.to, { round: round + 1 }, [
          ...events,
          { type: 'run.rewound', step: entry.step, data },
        ]);
        break;
      }
      case 'done': {
        const tookMs = clock.now() - (stepEnteredAt ?? clock.now());
        const done: EngineEvent = { type: 'step.done', step: entry.step, data: { result: outcome.result, tookMs } };
        const result = { planIndex: cursor, value: outcome.result };
        const events = [...outcome.events, done];
        if (cursor + 1 >= plan.length) {
          await end(drive, 'succeeded', undefined, events, result);
          return 'succeeded';
        }
        deadlineAt = await enter(drive, cursor + 1, { result }, events);
        break;
      }
      default:
        return unreachableCase(outcome, 'outcome of a step');
    }
  }
}

/** How many rounds have begun at that entry: from the one in which it was first gone through, which its first act tells. */
function roundsFrom({ record: { run, actions } }: Drive, entry: number): number {
  const first = entry === 0 ? 1 : (actions.find((act) => act.planIndex === entry)?.round ?? run.round);
  return run.round - first + 1;
}

/** Enters a step, in one transaction with what led there. @returns its deadline */
async function enter(
  { record, clock }: Drive,
  cursor: number,
  change: { readonly round?: number; readonly result?: { readonly planIndex: number; readonly value: JsonObject } },
  events: readonly EngineEvent[],
): Promise<number> {
  const { step, deadlineMs } = entryAt(record.run, cursor);
  const stepEnteredAt = clock.now();
  const stepDeadlineAt = stepEnteredAt + deadlineMs;
  const data = { index: cursor, round: change.round ?? record.run.round, deadlineMs };
  await record.write({ ...change, cursor, stepEnteredAt, stepDeadlineAt }, [
    ...events,
    { type: 'step.entered', step, data },
  ]);
  return stepDeadlineAt;
}

/** Keeps the error before clean-up begins: if we die in it, the next owner must not try the step again. */
async function fail({ record }: Drive, error: RunError, events: readonly EngineEvent[]): Promise<RunError> {
  await record.write({ error }, events);
  return error;
}

async function end(
  { record, clock }: Drive,
  state: 'succeeded' | 'failed' | 'cancelled',
  error: RunError | undefined,
  events: readonly EngineEvent[],
  result?: { readonly planIndex: number; readonly value: JsonObject },
): Promise<RunState> {
  const { startedAt, createdAt } = record.run;
  const endedAt = clock.now();
  const tookMs = endedAt - (startedAt ?? createdAt);
  const change = {
    state,
    endedAt,
    ...(error === undefined ? {} : { error }),
    ...(result === undefined ? {} : { result }),
  };
  await record.write(change, [...events, finalEvent(state, error, tookMs)]);
  return state;
}

function finalEvent(
  state: 'succeeded' | 'failed' | 'cancelled',
  error: RunError | undefined,
  tookMs: number,
): EngineEvent {
  if (state !== 'failed') return { type: `run.${state}`, data: { tookMs } };
  if (error === undefined) throw new BugError('a run failed without an error');
  const { code, message, step, hint, lastSeen } = error;
  return {
    type: 'run.failed',
    ...(step === undefined ? {} : { step }),
    data: {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(lastSeen === undefined ? {} : { lastSeen }),
    },
  };
}

function entryAt(run: Run, index: number): PlanEntry {
  const entry = run.plan[index];
  if (entry === undefined) throw new BugError(`run ${run.id} has no step ${index} in its plan`);
  return entry;
}

function claimedTooOften({ record: { run }, clock }: Drive): RunError {
  const { step } = entryAt(run, run.cursor);
  const since = formatSeconds(clock.now() - (run.startedAt ?? run.createdAt));
  return {
    code: 'claimed-too-often',
    message: `the run was begun ${run.fence - 1} times within ${since} and its owner went away each time, last in ${step}`,
    step,
    hint: "look into the service's log for what makes it end, then order the run again",
  };
}
