import type { Bmcs } from '../../domain/ports/bmcs.ts';
import type { Hosts } from '../../domain/ports/hosts.ts';
import type { BootAttempts } from '../../domain/ports/netboot.ts';
import type { Step, StepView } from '../../domain/step.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import type { Json } from '../../foundation/json.ts';
import { armNetboot } from '../arm-netboot.ts';
import { overrideBoot, readPower, sendVerb } from '../chassis.ts';
import { dropBootOrders } from '../drop-boot-orders.ts';
import { hostFact } from '../sighted.ts';
import { decidePowerOn, type PowerOnAction } from './decide.ts';
import { lastSeenOf, type PowerOnFacts } from './facts.ts';

export type PowerOnDeps = { readonly bmcs: Bmcs; readonly hosts: Hosts; readonly attempts: BootAttempts };

/** Stage 0 begins: power on, with netboot armed and the boot override set when the plan asks for it. */
export function createPowerOnStep(deps: PowerOnDeps): Step<PowerOnFacts, PowerOnAction> {
  const { bmcs, hosts, attempts } = deps;
  return {
    name: 'power-on',
    async observe(view, signal) {
      const host = hostFact(await hosts.sight(view.machine, signal));
      const answers = host.kind !== 'absent' && view.actions.length === 0 && view.round === 1;
      return { host, power: answers ? null : await readPower(bmcs, view.machine, signal) };
    },
    decide: decidePowerOn,
    act: (view, action, signal) => act(deps, view, action, signal),
    stage(facts) {
      if (facts.power === 'off') return 'off';
      if (facts.host.kind === 'stage-1') return '1';
      return facts.host.kind === 'stage-3' ? '3' : facts.power === 'on' ? '0' : undefined;
    },
    lastSeen: lastSeenOf,
    cleanUp: (view, signal) => dropBootOrders({ bmcs, attempts }, view, signal),
  };
}

async function act(deps: PowerOnDeps, view: StepView, action: PowerOnAction, signal: AbortSignal): Promise<Json> {
  switch (action.kind) {
    case 'arm':
      return await armNetboot(deps.attempts, view);
    case 'override':
      return await overrideBoot(deps.bmcs, view.machine, action.device, signal);
    case 'verb':
      return await sendVerb(deps.bmcs, view.machine, action.verb, signal);
    default:
      return unreachableCase(action, 'power-on action');
  }
}
