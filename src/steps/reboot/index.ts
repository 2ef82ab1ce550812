import type { Bmcs } from '../../domain/ports/bmcs.ts';
import type { Hosts } from '../../domain/ports/hosts.ts';
import type { Step, StepView } from '../../domain/step.ts';
import type { Clock } from '../../foundation/clock.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import type { Json } from '../../foundation/json.ts';
import { type ArmDeps, armNetboot } from '../arm-netboot.ts';
import { overrideBoot, readPower, sendVerb } from '../chassis.ts';
import { dropBootOrders } from '../drop-boot-orders.ts';
import { lookAtSystem } from '../look-at-system.ts';
import { decideReboot, needsPower, type RebootAction } from './decide.ts';
import { lastSeenOf, type RebootFacts } from './facts.ts';

export type RebootDeps = ArmDeps & {
  readonly bmcs: Bmcs;
  readonly hosts: Hosts;
  readonly clock: Clock;
};

/** The machine goes down and into its next boot. */
export function createRebootStep(deps: RebootDeps): Step<RebootFacts, RebootAction> {
  return {
    name: 'reboot',
    async observe(view, signal) {
      const seen = await lookAtSystem(deps.hosts, view.machine, signal);
      const power = needsPower(view, seen, deps.clock.now()) ? await readPower(deps.bmcs, view.machine, signal) : null;
      return { ...seen, power };
    },
    decide: decideReboot,
    act: (view, action, signal) => act(deps, view, action, signal),
    stage(facts) {
      if (facts.power === 'off') return 'off';
      if (facts.host.kind === 'stage-1') return '1';
      return facts.host.kind === 'stage-3' ? '3' : undefined;
    },
    lastSeen: lastSeenOf,
    cleanUp: (view, signal) => dropBootOrders(deps, view, signal),
  };
}

async function act(deps: RebootDeps, view: StepView, action: RebootAction, signal: AbortSignal): Promise<Json> {
  switch (action.kind) {
    case 'arm':
      return await armNetboot(deps, view);
    case 'override':
      return await overrideBoot(deps.bmcs, view.machine, action.device, signal);
    case 'order': {
      await using system = await deps.hosts.system(view.machine, signal);
      await system.reboot(signal);
      return null;
    }
    case 'verb':
      return await sendVerb(deps.bmcs, view.machine, action.verb, signal);
    default:
      return unreachableCase(action, 'reboot action');
  }
}
