import type { Hosts } from '../../domain/ports/hosts.ts';
import type { Step } from '../../domain/step.ts';
import { BugError } from '../../foundation/errors.ts';
import { lookAtSystem } from '../look-at-system.ts';
import { lastSeenOf, type SystemStepFacts } from '../system-facts.ts';
import { decideVerify } from './decide.ts';

/** Proof of boot; it only looks. */
export function createVerifyStep({ hosts }: { readonly hosts: Hosts }): Step<SystemStepFacts, never> {
  return {
    name: 'verify',
    observe: (view, signal) => lookAtSystem(hosts, view.machine, signal),
    decide: decideVerify,
    act: () => Promise.reject(new BugError('the verify step never acts')),
    stage: (facts) => (facts.host.kind === 'stage-3' ? '3' : undefined),
    lastSeen: lastSeenOf,
  };
}
