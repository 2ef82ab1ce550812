import type { SystemFacts } from '../../domain/ports/hosts.ts';
import type { Decision, StepView } from '../../domain/step.ts';
import { earlier, textOf } from '../past-acts.ts';
import { strangerError } from '../sighted.ts';
import type { SystemStepFacts } from '../system-facts.ts';

/**
 * Stage 3 is up when the pinned stage-3 key answered, the boot is the one that was unlocked, and systemd has finished
 * starting. `degraded` is up too; which units failed is recorded and judged by `verify`.
 */
export function decideSystem(view: StepView, facts: SystemStepFacts): Decision<never> {
  switch (facts.host.kind) {
    case 'stranger':
      return { kind: 'fail', error: strangerError(facts.host, view.machine.spec.name) };
    case 'absent':
      return wait(`for stage-3 SSH (${String(facts.host.why)})`);
    case 'stage-1':
      return wait('stage 1 still answers');
    case 'stage-3':
      return facts.system === null ? wait('to be let into stage 3') : judge(view, facts.system);
  }
}

function judge(view: StepView, system: SystemFacts): Decision<never> {
  const before = textOf(earlier(view, 'reboot'), 'bootIdBefore');
  if (before === system.bootId) return wait('for the old system to go down');
  const unlocked = textOf(earlier(view, 'unlock'), 'bootId');
  if (unlocked !== undefined && unlocked !== system.bootId) {
    return {
      kind: 'fail',
      error: {
        code: 'boot-broken',
        message: `the boot that was unlocked (${unlocked}) is not the one that is running (${system.bootId})`,
        hint: 'The machine started again in between; look at its console for a panic or a power loss.',
      },
    };
  }
  switch (system.state) {
    case 'running':
    case 'degraded':
      return {
        kind: 'done',
        result: {
          bootId: system.bootId,
          state: system.state,
          failedUnits: system.failedUnits,
          booted: system.booted,
          profile: system.profile,
          continuity: unlocked === system.bootId,
        },
      };
    case 'maintenance':
      return {
        kind: 'fail',
        error: {
          code: 'system-in-maintenance',
          message: `${view.machine.spec.name} is in emergency or rescue mode`,
          hint: 'Its console says why; `journalctl -b -p err` over SSH does too.',
        },
      };
    default:
      return wait(`system is ${system.state}`);
  }
}

function wait(why: string): Decision<never> {
  return { kind: 'wait', why, recheckMs: 500 };
}
