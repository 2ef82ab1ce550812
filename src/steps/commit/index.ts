import type { Generations } from '../../domain/ports/generations.ts';
import type { Step } from '../../domain/step.ts';
import type { Clock } from '../../foundation/clock.ts';
import { earlier, textOf } from '../past-acts.ts';
import { type CommitAction, decideCommit } from './decide.ts';
import type { CommitFacts } from './facts.ts';

export type CommitDeps = { readonly generations: Generations; readonly clock: Clock };

/** The generation that proved itself becomes one a roll-back may go to. */
export function createCommitStep({ generations, clock }: CommitDeps): Step<CommitFacts, CommitAction> {
  return {
    name: 'commit',
    async observe(view) {
      const toplevel = textOf(earlier(view, 'verify'), 'toplevel');
      const proven = await generations.list(view.machine.id);
      return { proven: proven.some((good) => good.runId === view.run.id && good.toplevel === toplevel) };
    },
    decide: decideCommit,
    async act(view, { toplevel, bootId }) {
      const provenAt = clock.now();
      await generations.prove({ machineId: view.machine.id, toplevel, runId: view.run.id, provenAt, bootId });
      return null;
    },
    lastSeen: (facts) => (facts.proven ? 'generation marked good' : 'generation not yet marked good'),
  };
}
