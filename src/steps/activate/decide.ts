import type { RebuildAction } from '../../domain/run.ts';
import type { Decision, StepView } from '../../domain/step.ts';
import type { JsonObject } from '../../foundation/json.ts';
import { lastAct, resultObject, textOf } from '../past-acts.ts';
import { strangerError } from '../sighted.ts';
import { type ActivateFacts, lastSeenOf } from './facts.ts';

export type ActivateStepAction = { readonly kind: 'start' } | { readonly kind: 'follow' } | { readonly kind: 'tidy' };

/** How long a start that the service did not live to see the end of may take to show on the machine, ms. */
const START_SHOWS_MS = 5_000;

/**
 * Start the job once, follow it to its end (again after a crash or a lost connection), tidy up, then judge by its exit
 * code and by what the system profile says. The job's name is the run's, so a second start cannot happen unseen.
 */
export function decideActivate(view: StepView, facts: ActivateFacts, now: number): Decision<ActivateStepAction> {
  if (facts.host.kind === 'stranger') return { kind: 'fail', error: strangerError(facts.host, view.machine.spec.name) };
  if (facts.job === null) return { kind: 'wait', why: lastSeenOf(facts), recheckMs: 2000 };
  const start = lastAct(view, 'start-rebuild');
  if (start === undefined || start.error !== null) return startRebuild(facts);
  const end = endOf(view);
  if (end !== undefined) {
    const tidied = lastAct(view, 'tidy');
    return tidied === undefined || tidied.endedAt === null
      ? { kind: 'act', label: 'tidy', action: { kind: 'tidy' } }
      : judge(view, facts, end, start.detail);
  }
  if (facts.job.kind !== 'absent') return { kind: 'act', label: 'follow', action: { kind: 'follow' } };
  if (start.detail.bootId !== facts.bootId) return fail('machine-restarted', restarted(view));
  if (now - (start.endedAt ?? start.startedAt) < START_SHOWS_MS) {
    return { kind: 'wait', why: 'for the rebuild job to show', recheckMs: 500 };
  }
  return start.endedAt === null
    ? startRebuild(facts)
    : fail('job-vanished', 'the rebuild job is gone from the machine, with no exit code left behind');
}

/** The end as `follow` saw it; afterwards the job may be tidied away. */
function endOf(view: StepView): JsonObject | undefined {
  const ended = view.actions.findLast((act) => act.label === 'follow' && textOf(resultObject(act), 'kind') === 'ended');
  return resultObject(ended);
}

function startRebuild(facts: ActivateFacts): Decision<ActivateStepAction> {
  const detail = { bootId: facts.bootId, profile: facts.profile, current: facts.current };
  return { kind: 'act', label: 'start-rebuild', action: { kind: 'start' }, detail };
}

function judge(
  view: StepView,
  facts: ActivateFacts,
  end: JsonObject,
  before: JsonObject,
): Decision<ActivateStepAction> {
  const { exitCode } = end;
  const action = rebuildActionOf(view);
  if (exitCode === 0) {
    const toplevel = action === 'test' ? facts.current : facts.profile;
    const changes = action === 'boot' || action === 'switch' || action === 'test';
    return {
      kind: 'done',
      result: {
        action,
        toplevel: changes ? toplevel : null,
        changed: changes && toplevel !== before[action === 'test' ? 'current' : 'profile'],
      },
    };
  }
  const untouched = facts.profile === before.profile && facts.current === before.current;
  const how =
    exitCode === null
      ? `ended without an exit code (${String(end.result)})`
      : `failed with exit code ${String(exitCode)}`;
  const state = untouched
    ? 'the machine is untouched: system profile and running system are as before'
    : `CAUTION: the system profile is now ${facts.profile ?? 'unreadable'} (was ${String(before.profile)}); the next boot may start it`;
  return {
    kind: 'fail',
    error: {
      code: untouched ? 'build-failed' : 'activation-failed',
      message: `nixos-rebuild ${action} ${how}; ${state}`,
      hint: 'The last lines are in details.lastLines, the whole output is kept with the run.',
      details: { lastLines: facts.lastLines, exitCode: exitCode ?? null, untouched },
    },
  };
}

export function rebuildActionOf(view: StepView): RebuildAction {
  const { request } = view.run;
  return request.kind === 'rebuild' ? (request.action ?? 'boot') : 'boot';
}

function restarted(view: StepView): string {
  return `${view.machine.spec.name} started anew while nixos-rebuild ran; whether it finished can't be told`;
}

function fail(code: string, message: string): Decision<ActivateStepAction> {
  return {
    kind: 'fail',
    error: { code, message, hint: 'Order the run again; a rebuild that was done already is quick.' },
  };
}
