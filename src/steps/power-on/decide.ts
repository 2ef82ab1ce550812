import type { BootDevice } from '../../domain/ports/bmc.ts';
import type { Decision, StepView } from '../../domain/step.ts';
import { decideTowardPower } from '../goal-power.ts';
import { didAct, isRetry, lastAct } from '../past-acts.ts';
import { strangerError } from '../sighted.ts';
import type { PowerOnFacts } from './facts.ts';

export type PowerOnAction =
  | { readonly kind: 'arm' }
  | { readonly kind: 'override'; readonly device: BootDevice }
  | { readonly kind: 'verb'; readonly verb: 'on' | 'off' };

/**
 * A machine that answers already is left alone. Otherwise: arm netboot if it is wanted, set the boot override, switch
 * on. When the run came back here because a boot showed nothing by its deadline, it is switched off first.
 */
export function decidePowerOn(view: StepView, facts: PowerOnFacts, now: number): Decision<PowerOnAction> {
  const retry = isRetry(view);
  if (facts.host.kind === 'stranger') return { kind: 'fail', error: strangerError(facts.host, view.machine.spec.name) };
  const isUp = facts.host.kind === 'stage-1' || facts.host.kind === 'stage-3';
  if (isUp && !retry && view.actions.length === 0) return { kind: 'done', result: { already: facts.host.kind } };
  const netboot = wantsNetboot(view);
  if (netboot && !didAct(view, 'arm')) return { kind: 'act', label: 'arm', action: { kind: 'arm' } };
  if (retry) {
    const off = powerToward('off', view, facts, now);
    if (off !== undefined) return off;
  }
  if (facts.power === 'on' && view.actions.every((act) => act.label === 'arm')) {
    return { kind: 'done', result: { already: 'on' } };
  }
  if (facts.power !== 'on' && netboot && !didAct(view, 'boot-override') && lastAct(view, 'power-on') === undefined) {
    return { kind: 'act', label: 'boot-override', action: { kind: 'override', device: 'pxe' } };
  }
  return powerToward('on', view, facts, now) ?? { kind: 'done', result: { already: null } };
}

function wantsNetboot(view: StepView): boolean {
  return view.entry.params.netboot === true;
}

/** The next act or wait toward that state; undefined when it is reached, or was passed on the way: off, then on. */
function powerToward(
  goal: 'on' | 'off',
  view: StepView,
  facts: PowerOnFacts,
  now: number,
): Decision<PowerOnAction> | undefined {
  if (goal === 'off' && lastAct(view, 'power-on') !== undefined) return undefined;
  const label = `power-${goal}`;
  const send = { label, action: { kind: 'verb', verb: goal } } as const;
  return decideTowardPower({ goal, power: facts.power ?? 'on', sent: lastAct(view, label), send }, now);
}
