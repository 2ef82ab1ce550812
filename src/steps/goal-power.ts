import type { PowerState } from '../domain/ports/bmc.ts';
import type { ActionRecord, Decision } from '../domain/step.ts';
import { resultObject, textOf } from './past-acts.ts';

/** How long a controller may take to show the effect of a verb, ms. */
const SETTLE_MS = 15_000;
const FAULT_HINT = "Look at the BMC's event log; a machine in a fault state accepts the command and does nothing.";

/** The way to a power state: where the machine is, what was done, and the act that would send the verb. */
export type WayToPower<A> = {
  readonly goal: PowerState;
  readonly power: PowerState;
  /** The last act that sent the verb for this goal. */
  readonly sent: ActionRecord | undefined;
  readonly send: { readonly label: string; readonly action: A };
};

/**
 * What to do next to bring the power to its goal; undefined when it is there.
 * Sends once; on silence or after a crash in the middle it reads the state for the settling time before anything
 * else. A verb that died with the service is sent again only when the machine has shown for that long that it never
 * took effect: then it was not executed, and "on" or "off" are harmless to repeat.
 */
export function decideTowardPower<A>({ goal, power, sent, send }: WayToPower<A>, now: number): Decision<A> | undefined {
  if (power === goal) return undefined;
  // An act that ended in an error failed before the verb left: setting up the session threw.
  if (sent === undefined || sent.error !== null) return { kind: 'act', ...send };
  const outcome = textOf(resultObject(sent), 'outcome');
  if (outcome === 'refused') return powerRefused(goal, sent);
  if (now - (sent.endedAt ?? sent.startedAt) < SETTLE_MS) {
    return { kind: 'wait', why: `for power to be ${goal}`, recheckMs: 500 };
  }
  if (sent.endedAt === null) return { kind: 'act', ...send };
  const answer = outcome === 'silent' ? 'not answered' : 'accepted';
  const message = `"${goal}" was ${answer} by the BMC, and the machine is still ${power}`;
  return { kind: 'fail', error: { code: 'power-no-effect', message, hint: FAULT_HINT } };
}

/** The controller said no, and why. */
export function powerRefused(verb: string, sent: ActionRecord): Decision<never> {
  const reason = textOf(resultObject(sent), 'reason') ?? 'no reason given';
  return { kind: 'fail', error: { code: 'power-refused', message: `the BMC refused "${verb}": ${reason}` } };
}
