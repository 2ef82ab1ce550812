import type { GenerationCaptures } from '../../domain/ports/generation-files.ts';
import type { Generations } from '../../domain/ports/generations.ts';
import type { Step } from '../../domain/step.ts';
import type { Clock } from '../../foundation/clock.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { earlier, textOf } from '../past-acts.ts';
import { type CommitAction, decideCommit } from './decide.ts';
import type { CommitFacts } from './facts.ts';

export type CommitDeps = {
  readonly generations: Generations;
  readonly captures: Pick<GenerationCaptures, 'has' | 'fromMachine'>;
  readonly clock: Clock;
};

/** Within the step's deadline of 60 s, so that a slow machine does not make a proven run fail. */
const CAPTURE_MS = 45_000;

/** The generation that proved itself becomes one a roll-back may go to. */
export function createCommitStep({ generations, captures, clock }: CommitDeps): Step<CommitFacts, CommitAction> {
  return {
    name: 'commit',
    async observe(view) {
      const toplevel = textOf(earlier(view, 'verify'), 'toplevel');
      const proven = await generations.list(view.machine.id);
      const { netboot } = view.machine.spec;
      const wanted = netboot !== undefined && 'generation' in netboot && toplevel !== undefined;
      return {
        proven: proven.some((good) => good.runId === view.run.id && good.toplevel === toplevel),
        captured: wanted ? await captures.has(view.machine.id, toplevel) : null,
      };
    },
    decide: decideCommit,
    async act(view, action, signal) {
      const { toplevel } = action;
      if (action.kind === 'capture') {
        const { secretsLeftOut } = await withDeadline(clock, CAPTURE_MS, signal, 'capture the generation', (during) =>
          captures.fromMachine(view.machine, toplevel, during),
        );
        return { secretsLeftOut };
      }
      const { bootId } = action;
      const provenAt = clock.now();
      await generations.prove({ machineId: view.machine.id, toplevel, runId: view.run.id, provenAt, bootId });
      return null;
    },
    lastSeen: (facts) => (facts.proven ? 'generation marked good' : 'generation not yet marked good'),
  };
}
