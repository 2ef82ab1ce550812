import type { Machine } from '../../domain/machine.ts';
import type { StepName } from '../../domain/run.ts';
import type { StepView } from '../../domain/step.ts';
import { BugError } from '../../foundation/errors.ts';
import type { Json } from '../../foundation/json.ts';
import type { RunRecord } from './record.ts';

/**
 * What a step may know, from the records alone: the same after a crash as before it.
 * @param planIndex the step looked from; for clean-up one before the cursor
 * @param deadlineAt epoch ms; later than recorded when a run was taken over close to it
 */
export function viewFrom(record: RunRecord, machine: Machine, planIndex: number, deadlineAt: number): StepView {
  const { run, actions } = record;
  const entry = run.plan[planIndex];
  if (entry === undefined) throw new BugError(`run ${run.id} has no step ${planIndex} in its plan`);
  const resultsOf = (step: StepName): readonly Json[] =>
    run.plan.slice(0, planIndex).flatMap((earlier, index) => {
      const result = run.results[String(index)];
      return earlier.step === step && result !== undefined ? [result] : [];
    });
  return {
    run,
    machine,
    entry,
    planIndex,
    round: run.round,
    enteredAt: run.stepEnteredAt ?? run.createdAt,
    deadlineAt,
    actions: actions.filter((act) => act.planIndex === planIndex && act.round === run.round),
    allActions: actions,
    enteredSeq: run.enteredSeq,
    resultOf: (step) => resultsOf(step).at(-1),
    resultsOf,
  };
}
