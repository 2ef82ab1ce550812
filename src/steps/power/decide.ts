import type { PowerVerb } from '../../domain/ports/bmc.ts';
import type { Decision, StepView } from '../../domain/step.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import { decideTowardPower, powerRefused } from '../goal-power.ts';
import { didAct, lastAct, resultObject, textOf } from '../past-acts.ts';
import type { PowerFacts } from './facts.ts';

export type PowerAction = { readonly verb: PowerVerb };

/** Read the state, send once, read again; what can't be told is said plainly. */
export function decidePower(view: StepView, facts: PowerFacts, now: number): Decision<PowerAction> {
  const verb = verbOf(view);
  switch (verb) {
    case 'on':
      return toward('on', view, facts, now);
    case 'off':
      return toward('off', view, facts, now);
    case 'soft-off':
      return softOff(view, facts);
    case 'cycle':
      return cycle(view, facts, now);
    case 'reset':
    case 'diag':
      return once(verb, view, facts);
    default:
      return unreachableCase(verb, 'power verb');
  }
}

function verbOf(view: StepView): PowerVerb {
  return view.run.request.kind === 'power' ? view.run.request.verb : 'on';
}

function toward(goal: 'on' | 'off', view: StepView, facts: PowerFacts, now: number): Decision<PowerAction> {
  const label = `send-${goal}`;
  const send = { label, action: { verb: goal } };
  return (
    decideTowardPower({ goal, power: facts.power, sent: lastAct(view, label), send }, now) ?? {
      kind: 'done',
      result: { power: facts.power, changed: view.actions.length > 0 },
    }
  );
}

/** ACPI asks the operating system: it may take its time, up to the step's deadline, and is not asked twice. */
function softOff(view: StepView, facts: PowerFacts): Decision<PowerAction> {
  if (facts.power === 'off') return { kind: 'done', result: { power: 'off', changed: view.actions.length > 0 } };
  const sent = lastAct(view, 'send-soft-off');
  if (sent === undefined || sent.error !== null)
    return { kind: 'act', label: 'send-soft-off', action: { verb: 'soft-off' } };
  if (textOf(resultObject(sent), 'outcome') === 'refused') return powerRefused('soft-off', sent);
  return { kind: 'wait', why: 'for the operating system to shut down', recheckMs: 500 };
}

/** Off, seen off, on: both halves can be decided after a crash. A machine that is off is only switched on. */
function cycle(view: StepView, facts: PowerFacts, now: number): Decision<PowerAction> {
  const off = lastAct(view, 'send-off');
  const on = lastAct(view, 'send-on');
  if (off === undefined && facts.power === 'off' && on === undefined) {
    return { kind: 'act', label: 'send-on', action: { verb: 'on' } };
  }
  if (on !== undefined) return toward('on', view, facts, now);
  const next = toward('off', view, facts, now);
  return next.kind === 'done' ? { kind: 'act', label: 'send-on', action: { verb: 'on' } } : next;
}

/** Reset and diagnostic interrupt leave the power on, so nothing but the answer tells whether they happened. */
function once(verb: 'reset' | 'diag', view: StepView, facts: PowerFacts): Decision<PowerAction> {
  const label = `send-${verb}`;
  const sent = lastAct(view, label);
  if (sent === undefined || sent.error !== null) {
    if (facts.power === 'off') return fail('machine-is-off', `the machine is off: there is nothing to ${verb}`);
    return { kind: 'act', label, action: { verb } };
  }
  const outcome = textOf(resultObject(sent), 'outcome');
  if (outcome === 'refused') return powerRefused(verb, sent);
  if (outcome === 'already') return fail('machine-is-off', `the BMC says the present state does not allow "${verb}"`);
  if (didAct(view, label) && outcome === 'accepted')
    return { kind: 'done', result: { power: facts.power, changed: true } };
  return fail(
    'outcome-unknown',
    `whether "${verb}" happened can't be told: ${sent.endedAt === null ? 'the service ended while it was being sent' : 'the BMC did not answer'}; it was not sent again`,
    'Look at the machine (console, uptime) before ordering it once more.',
  );
}

function fail(code: string, message: string, hint?: string): Decision<PowerAction> {
  return { kind: 'fail', error: hint === undefined ? { code, message } : { code, message, hint } };
}
