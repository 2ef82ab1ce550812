import type { Bmcs } from '../../domain/ports/bmcs.ts';
import type { Step } from '../../domain/step.ts';
import { readPower, sendVerb } from '../chassis.ts';
import { decidePower, type PowerAction } from './decide.ts';
import type { PowerFacts } from './facts.ts';

/** One power verb, goal-based: the whole of a `power` run. */
export function createPowerStep({ bmcs }: { readonly bmcs: Bmcs }): Step<PowerFacts, PowerAction> {
  return {
    name: 'power',
    observe: async (view, signal) => ({ power: await readPower(bmcs, view.machine, signal) }),
    decide: decidePower,
    act: (view, action, signal) => sendVerb(bmcs, view.machine, action.verb, signal),
    stage: (facts) => (facts.power === 'off' ? 'off' : undefined),
    lastSeen: (facts) => `power ${facts.power}`,
  };
}
