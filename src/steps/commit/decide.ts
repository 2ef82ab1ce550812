import type { Decision, StepView } from '../../domain/step.ts';
import { earlier, textOf } from '../past-acts.ts';
import type { CommitFacts } from './facts.ts';

export type CommitAction = { readonly toplevel: string; readonly bootId: string };

/** Marks the generation that `verify` saw as good, once. */
export function decideCommit(view: StepView, facts: CommitFacts): Decision<CommitAction> {
  const verified = earlier(view, 'verify');
  const toplevel = textOf(verified, 'toplevel');
  const bootId = textOf(verified, 'bootId');
  if (toplevel === undefined || bootId === undefined) {
    return {
      kind: 'fail',
      error: { code: 'nothing-verified', message: 'no generation was verified that could be marked good' },
    };
  }
  if (facts.proven) return { kind: 'done', result: { toplevel } };
  return { kind: 'act', label: 'mark-good', action: { toplevel, bootId } };
}
