import type { Decision, StepView } from '../../domain/step.ts';
import { isJsonObject } from '../../foundation/json.ts';
import { earlier, textOf, textsOf } from '../past-acts.ts';
import { strangerError } from '../sighted.ts';
import { lastSeenOf, type SystemStepFacts } from '../system-facts.ts';
import { type Expected, proofOfBoot } from './proof.ts';

/** The boot proves itself, or the run fails with the checks that did not pass. */
export function decideVerify(view: StepView, facts: SystemStepFacts): Decision<never> {
  if (facts.host.kind === 'stranger') return { kind: 'fail', error: strangerError(facts.host, view.machine.spec.name) };
  if (facts.system === null) return { kind: 'wait', why: lastSeenOf(facts), recheckMs: 500 };
  const checks = proofOfBoot(expectedOf(view), facts.system);
  const failed = checks.filter((check) => !check.passed);
  if (failed.length === 0) {
    const toplevel = facts.system.booted;
    return {
      kind: 'done',
      result: { bootId: facts.system.bootId, toplevel, checks: checks.map((check) => check.says) },
    };
  }
  return {
    kind: 'fail',
    error: {
      code: 'boot-not-proven',
      message: `${view.machine.spec.name} did not prove its boot: ${failed.map((check) => check.says).join('; ')}`,
      hint: 'The machine is up; look at its boot loader entry and its failed units.',
      details: { failed: failed.map((check) => check.name), checks: checks.map((check) => check.says) },
    },
  };
}

function expectedOf(view: StepView): Expected {
  const reboot = earlier(view, 'reboot');
  const built = textOf(earlier(view, 'activate'), 'toplevel');
  const systems = view.resultsOf('system');
  // The system step before the reboot knows what had failed already; after it comes the one being verified.
  const first = systems.length > 1 ? systems[0] : undefined;
  return {
    bootIdBefore: textOf(reboot, 'bootIdBefore'),
    bootIdStage1: textOf(earlier(view, 'unlock'), 'bootId'),
    toplevel: built ?? (view.entry.params.anyGeneration === true ? undefined : textOf(reboot, 'expected')),
    failedBefore: isJsonObject(first) ? textsOf(first, 'failedUnits') : [],
  };
}
