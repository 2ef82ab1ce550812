import type { Decision, StepView } from '../../domain/step.ts';
import { lastSeenOf, type SessionStepFacts } from './facts.ts';

/** Stage 4: the user manager runs and its default.target is reached. Who starts it is the machine's own affair. */
export function decideSession(view: StepView, facts: SessionStepFacts): Decision<never> {
  const user = view.machine.spec.session?.user ?? '';
  if (facts.session === null) return { kind: 'wait', why: lastSeenOf(facts), recheckMs: 500 };
  if (facts.session.manager === null) {
    return {
      kind: 'fail',
      error: {
        code: 'no-such-user',
        message: `there is no user ${user} on ${view.machine.spec.name}`,
        hint: 'Correct session.user of the machine.',
      },
    };
  }
  if (facts.session.manager === 'active' && facts.session.defaultTarget === 'active') {
    return { kind: 'done', result: { user, manager: 'active', defaultTarget: 'active' } };
  }
  return { kind: 'wait', why: lastSeenOf(facts), recheckMs: 500 };
}
