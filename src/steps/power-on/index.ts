import type { Machine } from '../../domain/machine.ts';
import type { Bmcs } from '../../domain/ports/bmcs.ts';
import type { Hosts } from '../../domain/ports/hosts.ts';
import type { Step, StepView } from '../../domain/step.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import type { Json } from '../../foundation/json.ts';
import { type ArmDeps, armNetboot } from '../arm-netboot.ts';
import { overrideBoot, readPower, sendVerb } from '../chassis.ts';
import { dropBootOrders } from '../drop-boot-orders.ts';
import { isRetry } from '../past-acts.ts';
import { type HostFact, hostFact } from '../sighted.ts';
import { decidePowerOn, type PowerOnAction } from './decide.ts';
import { lastSeenOf, type PowerOnFacts } from './facts.ts';

const NOT_LOOKED_FOR: HostFact = { kind: 'absent', why: 'not looked for' };

export type PowerOnDeps = ArmDeps & { readonly bmcs: Bmcs; readonly hosts: Hosts };

/** Stage 0 begins: power on, with netboot armed and the boot override set when the plan asks for it. */
export function createPowerOnStep(deps: PowerOnDeps): Step<PowerOnFacts, PowerOnAction> {
  const { bmcs, attempts } = deps;
  return {
    name: 'power-on',
    async observe(view, signal) {
      // Once something was set going, only the power tells whether it worked; before, whoever answers needs no power.
      const begun = view.actions.length > 0 || isRetry(view);
      if (begun) return { host: NOT_LOOKED_FOR, power: await readPower(bmcs, view.machine, signal) };
      return await firstLook(deps, view.machine, signal);
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

/** Asks host and BMC at the same time: a machine that is off need not be waited for, one that answers needs no BMC. */
async function firstLook(deps: PowerOnDeps, machine: Machine, signal: AbortSignal): Promise<PowerOnFacts> {
  const enough = new AbortController();
  const sighting = deps.hosts.sight(machine, AbortSignal.any([signal, enough.signal])).then(hostFact);
  // Read below unless the power says off, when nobody needs it any more.
  sighting.catch(() => undefined);
  const reading = readPower(deps.bmcs, machine, signal);
  const power = await reading.catch(() => undefined);
  signal.throwIfAborted();
  if (power === 'off') {
    enough.abort(new Error('the machine is off'));
    return { host: NOT_LOOKED_FOR, power };
  }
  const host = await sighting;
  return { host, power: host.kind === 'absent' ? await reading : null };
}

async function act(deps: PowerOnDeps, view: StepView, action: PowerOnAction, signal: AbortSignal): Promise<Json> {
  switch (action.kind) {
    case 'arm':
      return await armNetboot(deps, view);
    case 'override':
      return await overrideBoot(deps.bmcs, view.machine, action.device, signal);
    case 'verb':
      return await sendVerb(deps.bmcs, view.machine, action.verb, signal);
    default:
      return unreachableCase(action, 'power-on action');
  }
}
