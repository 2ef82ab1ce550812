import type { BootDevice } from '../../domain/ports/bmc.ts';
import type { Decision, StepView } from '../../domain/step.ts';
import { decideTowardPower } from '../goal-power.ts';
import { didAct, earlier, earlierResult, isRetry, lastAct, textOf } from '../past-acts.ts';
import { strangerError } from '../sighted.ts';
import type { RebootFacts } from './facts.ts';

export type RebootAction =
  | { readonly kind: 'arm' }
  | { readonly kind: 'override'; readonly device: BootDevice }
  | { readonly kind: 'order' }
  | { readonly kind: 'verb'; readonly verb: 'on' | 'off' };

/** How long a system may take to go down after it was told to, ms: services with long stop times, then their kill. */
export const GO_DOWN_MS = 120_000;
/** How long an order that the service did not live to see the end of may take to show, ms. */
const ORDER_SHOWS_MS = 10_000;

/**
 * Over SSH while the system answers, since that unmounts cleanly; by the BMC (off, seen off, on) when it does not
 * answer, does not go down, or when the run came back here because the boot showed nothing by its deadline.
 */
export function decideReboot(view: StepView, facts: RebootFacts, now: number): Decision<RebootAction> {
  if (facts.host.kind === 'stranger') return { kind: 'fail', error: strangerError(facts.host, view.machine.spec.name) };
  if (view.entry.params.netboot === true) {
    if (!didAct(view, 'arm')) return { kind: 'act', label: 'arm', action: { kind: 'arm' } };
    if (!didAct(view, 'boot-override') && !sentAnything(view)) {
      return { kind: 'act', label: 'boot-override', action: { kind: 'override', device: 'pxe' } };
    }
  }
  return needsPower(view, facts, now) ? byPower(view, facts, now) : bySsh(view, facts, now);
}

/** Whether this reboot is the BMC's: then facts must hold the power state. */
export function needsPower(view: StepView, facts: Pick<RebootFacts, 'host'>, now: number): boolean {
  if (isRetry(view) || sentAnything(view)) return true;
  const order = lastAct(view, 'order-reboot');
  if (order === undefined || order.error !== null) return facts.host.kind !== 'stage-3';
  return facts.host.kind === 'stage-3' && now - order.startedAt >= GO_DOWN_MS;
}

function bySsh(view: StepView, facts: RebootFacts, now: number): Decision<RebootAction> {
  const order = lastAct(view, 'order-reboot');
  if (order === undefined || order.error !== null) {
    if (facts.system === null) return wait('to be let into stage 3');
    const detail = { bootId: facts.system.bootId, profile: facts.system.profile };
    return { kind: 'act', label: 'order-reboot', action: { kind: 'order' }, detail };
  }
  const before = String(order.detail.bootId);
  if (facts.host.kind !== 'stage-3') return done(before, 'ssh', order.detail.profile ?? null);
  if (facts.system === null) return wait('to be let into stage 3');
  if (facts.system.bootId !== before) return done(before, 'ssh', order.detail.profile ?? null);
  const unseen = order.endedAt === null && facts.system.state !== 'stopping';
  if (unseen && now - order.startedAt >= ORDER_SHOWS_MS) {
    // Died before it was sent: a second `systemctl reboot` of the same boot is harmless.
    return { kind: 'act', label: 'order-reboot', action: { kind: 'order' }, detail: order.detail };
  }
  return wait('for the system to go down');
}

function byPower(view: StepView, facts: RebootFacts, now: number): Decision<RebootAction> {
  const before = knownBootId(view) ?? null;
  if (facts.power === null) return wait('for the BMC to tell the power state');
  if (lastAct(view, 'power-on') === undefined) {
    const off = toward('off', view, facts.power, now);
    if (off !== undefined) return off;
  }
  return (
    toward('on', view, facts.power, now) ?? done(before, 'bmc', textOf(earlier(view, 'activate'), 'toplevel') ?? null)
  );
}

function toward(
  goal: 'on' | 'off',
  view: StepView,
  power: 'on' | 'off',
  now: number,
): Decision<RebootAction> | undefined {
  const label = `power-${goal}`;
  const send = { label, action: { kind: 'verb', verb: goal } } as const;
  return decideTowardPower({ goal, power, sent: lastAct(view, label), send }, now);
}

/** The boot that is to end: as ordered now, as of the first round, or as the system step before saw it. */
function knownBootId(view: StepView): string | undefined {
  const ordered = view.allActions.findLast((act) => act.label === 'order-reboot' && act.planIndex === view.planIndex);
  return (
    textOf(ordered?.detail, 'bootId') ??
    textOf(earlierResult(view), 'bootIdBefore') ??
    textOf(earlier(view, 'system'), 'bootId')
  );
}

function sentAnything(view: StepView): boolean {
  return lastAct(view, 'power-off') !== undefined || lastAct(view, 'power-on') !== undefined;
}

function done(
  bootIdBefore: string | null,
  by: 'ssh' | 'bmc',
  profile: string | number | boolean | object | null,
): Decision<RebootAction> {
  return { kind: 'done', result: { bootIdBefore, by, expected: typeof profile === 'string' ? profile : null } };
}

function wait(why: string): Decision<RebootAction> {
  return { kind: 'wait', why, recheckMs: 500 };
}
