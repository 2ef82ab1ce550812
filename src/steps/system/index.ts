import type { Hosts } from '../../domain/ports/hosts.ts';
import type { Step } from '../../domain/step.ts';
import { BugError } from '../../foundation/errors.ts';
import { lookAtSystem } from '../look-at-system.ts';
import { lastSeenOf, type SystemStepFacts } from '../system-facts.ts';
import { decideSystem } from './decide.ts';

/** Stages 2 and 3: waits for the system to come up; it only looks. */
export function createSystemStep({ hosts }: { readonly hosts: Hosts }): Step<SystemStepFacts, never> {
  return {
    name: 'system',
    observe: (view, signal) => lookAtSystem(hosts, view.machine, signal),
    decide: decideSystem,
    act: () => Promise.reject(new BugError('the system step never acts')),
    stage(facts) {
      if (facts.host.kind === 'stage-1') return '1';
      return facts.host.kind === 'stage-3' ? '3' : undefined;
    },
    lastSeen: lastSeenOf,
  };
}
