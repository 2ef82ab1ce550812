import { errorText, ServiceError } from '../../foundation/errors.ts';
import type { Drive, Steps } from './drive.ts';
import { Interruption, interruptible, joined } from './interruption.ts';
import { viewFrom } from './view.ts';

/**
 * Lets every step that was entered undo what must not outlive the run, the last one first, all within one fresh deadline.
 * What cannot be undone is told and does not keep the others from it.
 * @throws Interruption when the service stops or the lease is lost
 */
export async function cleanUp(drive: Drive, steps: Steps, withinMs: number): Promise<void> {
  const { record, clock, log, lease, stopped } = drive;
  const deadlineAt = clock.now() + withinMs;
  const { machineId } = record.run;
  // Not the signals of the steps: cancellation has fired there already.
  using brakes = joined(lease.signal, stopped);
  for (let index = lastEntered(drive); index >= 0; index--) {
    const entry = record.run.plan[index];
    const step = entry === undefined ? undefined : steps.get(entry.step);
    if (entry === undefined || step === undefined) continue;
    const view = viewFrom(record, await drive.machines.get(machineId), index, deadlineAt);
    try {
      const options = { signal: brakes.signal, deadlineAt, graceMs: drive.times.abortGraceMs };
      await interruptible(clock, options, (signal) => step.cleanUp(view, signal));
    } catch (error) {
      brakes.signal.throwIfAborted();
      const late = error instanceof Interruption;
      const message = `clean-up: ${late ? 'no time left' : errorText(error)}`;
      log.warn({ step: entry.step, error }, 'a step could not clean up');
      const code = late ? 'deadline-passed' : error instanceof ServiceError ? error.code : 'bug';
      await record.write({}, [{ type: 'step.troubled', step: entry.step, data: { code, message, nextTryMs: null } }]);
      if (late) return;
    }
  }
}

/** Index of the last entry that was ever entered, in any round; -1 when none was. */
function lastEntered({ record: { run, actions } }: Drive): number {
  if (run.stepEnteredAt === null) return -1;
  const done = Object.keys(run.results).map(Number);
  return Math.max(run.cursor, ...done, ...actions.map((act) => act.planIndex));
}
