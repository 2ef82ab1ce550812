import type { PowerState } from '../domain/ports/bmc.ts';
import type { ActionRecord } from '../domain/step.ts';
import { isJsonObject } from '../foundation/json.ts';

/** How long a controller may take to show the effect of a verb, ms. */
export const SETTLE_MS = 15_000;

export type PowerNext =
  | { readonly kind: 'reached' }
  | { readonly kind: 'send' }
  | { readonly kind: 'wait'; readonly why: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'no-effect'; readonly answered: boolean };

/**
 * What to do next to bring the power to `goal`, from the state just read and the last act that sent the verb for it.
 * Sends once; on silence or after a crash in the middle it reads the state for the settling time before anything
 * else. A verb that died with the service is sent again only when the machine has shown for that long that it never
 * took effect: then it was not executed, and "on" or "off" are harmless to repeat.
 */
export function nextForPower(
  goal: PowerState,
  power: PowerState,
  sent: ActionRecord | undefined,
  now: number,
): PowerNext {
  if (power === goal) return { kind: 'reached' };
  if (sent === undefined) return { kind: 'send' };
  const outcome = isJsonObject(sent.result) ? sent.result.outcome : undefined;
  if (outcome === 'refused') {
    return { kind: 'refused', reason: isJsonObject(sent.result) ? String(sent.result.reason) : '' };
  }
  if (sent.error !== null) return { kind: 'send' }; // failed before the verb left: setting up the session threw
  const since = sent.endedAt ?? sent.startedAt;
  if (now - since < SETTLE_MS) return { kind: 'wait', why: `for power to be ${goal}` };
  if (sent.endedAt === null) return { kind: 'send' };
  return { kind: 'no-effect', answered: outcome !== 'silent' };
}
