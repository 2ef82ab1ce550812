import type { PlanEntry, RunError } from '../../domain/run.ts';
import type { Ruling } from '../../domain/step.ts';
import type { Json } from '../../foundation/json.ts';
import { attempt, type Drive } from './drive.ts';
import type { Failure } from './failure.ts';
import { Interruption } from './interruption.ts';
import { type EngineEvent, nextAttempt } from './record.ts';

/** How an act ended for the engine; what it did to the machine is learnt by looking again. */
export type ActOutcome = { readonly kind: 'ended' } | { readonly kind: 'deadline' } | Failure;

/**
 * Records that the act starts, on disk, then performs it, then records its end. If the start cannot be recorded, nothing
 * is performed. The engine never repeats an act by itself.
 * @param news facts that were seen before and are recorded with the start
 * @throws Interruption when it is broken off; LeaseLostError and the store's errors from writing
 */
export async function takeAct(
  drive: Drive,
  entry: PlanEntry,
  ruling: Extract<Ruling, { kind: 'act' }>,
  news: readonly EngineEvent[],
  deadlineAt: number,
): Promise<ActOutcome> {
  const { record, clock, log } = drive;
  const { step } = entry;
  const { label, detail } = ruling;
  const { cursor: planIndex, round } = record.run;
  const number = nextAttempt(record, label);
  if (number > drive.times.maximumActs) {
    const message = `${step} went in circles: ${label} was done ${number - 1} times`;
    log.error({ step, label }, message);
    return { kind: 'fatal', error: { code: 'bug', message, step } };
  }
  // The look that led here may have ended after the service was told to stop: nothing new begins then.
  drive.idle.throwIfAborted();
  const name = { planIndex, round, label, attempt: number };
  await record.write({ actionStarted: { ...name, detail, startedAt: clock.now() } }, [
    ...news,
    { type: 'action.started', step, data: { label, attempt: number, detail } },
  ]);
  // The write proved the lease; this proves that the process was not suspended since.
  drive.lease.assertFresh();
  const began = clock.elapsed();

  async function end(result: Json, error: RunError | null): Promise<void> {
    const tookMs = Math.round(clock.elapsed() - began);
    const outcome = error === null ? { result } : { code: error.code, message: error.message };
    await record.write({ actionEnded: { ...name, endedAt: clock.now(), result, error } }, [
      { type: 'action.ended', step, data: { label, attempt: number, tookMs, ...outcome } },
    ]);
  }

  try {
    const acted = await attempt(drive, entry, drive.busy, deadlineAt, (signal) => ruling.perform(signal));
    if (acted.kind === 'ok') {
      await end(acted.value, null);
      return { kind: 'ended' };
    }
    await end(null, acted.kind === 'deadline' ? brokenOff(entry, 'the step had no time left') : acted.error);
    return acted;
  } catch (error) {
    // Cancelled: the run is still ours, and this says what is known. Stopped or lost: the act stays open in the
    // record, exactly as after a crash, and the next owner looks before anything else.
    if (error instanceof Interruption && error.kind === 'cancel') {
      await end(null, brokenOff(entry, 'the run was cancelled'));
    }
    throw error;
  }
}

function brokenOff({ step }: PlanEntry, why: string): RunError {
  return { code: 'interrupted', message: `broken off because ${why}; whether it took effect was not seen`, step };
}
