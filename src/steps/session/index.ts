import type { Hosts } from '../../domain/ports/hosts.ts';
import type { Step } from '../../domain/step.ts';
import { BugError } from '../../foundation/errors.ts';
import { hostFact } from '../sighted.ts';
import { decideSession } from './decide.ts';
import { lastSeenOf, type SessionStepFacts } from './facts.ts';

/** Stage 4: waits for the user's session; it only looks. */
export function createSessionStep({ hosts }: { readonly hosts: Hosts }): Step<SessionStepFacts, never> {
  return {
    name: 'session',
    async observe(view, signal) {
      const host = hostFact(await hosts.sight(view.machine, signal));
      if (host.kind !== 'stage-3') return { host, session: null };
      await using system = await hosts.system(view.machine, signal);
      return { host, session: await system.session(view.machine.spec.session?.user ?? '', signal) };
    },
    decide: decideSession,
    act: () => Promise.reject(new BugError('the session step never acts')),
    stage(facts) {
      const { session } = facts;
      if (session?.manager === 'active' && session.defaultTarget === 'active') return '4';
      return facts.host.kind === 'stage-3' ? '3' : undefined;
    },
    lastSeen: lastSeenOf,
  };
}
