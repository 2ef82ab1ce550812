import type { Decision, StepView } from '../../domain/step.ts';
import { earlier, lastAct, textOf } from '../past-acts.ts';
import type { CommitFacts } from './facts.ts';

export type CommitAction =
  | { readonly kind: 'prove'; readonly toplevel: string; readonly bootId: string }
  | { readonly kind: 'capture'; readonly toplevel: string };

/**
 * Marks the generation that `verify` saw as good, once; then takes its kernel and initrd into the asset store where the machine
 * netboots its generation. A capture that fails is no reason for the run to: what was proven is proven.
 */
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
  if (!facts.proven) return { kind: 'act', label: 'mark-good', action: { kind: 'prove', toplevel, bootId } };
  if (facts.captured === null) return { kind: 'done', result: { toplevel } };
  if (facts.captured || lastAct(view, 'capture') !== undefined)
    return { kind: 'done', result: { toplevel, captured: facts.captured } };
  return { kind: 'act', label: 'capture', action: { kind: 'capture', toplevel } };
}
