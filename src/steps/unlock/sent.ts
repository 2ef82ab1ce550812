import type { PendingPrompt } from '../../domain/ports/hosts.ts';
import type { ActionRecord, StepView } from '../../domain/step.ts';
import { resultObject, textOf } from '../past-acts.ts';

/** How long stage 1 may take to show that it has taken a passphrase, ms. */
const TAKE_MS = 5_000;

/** The run's last passphrase for this disk in this boot. */
export function sentTo(view: StepView, disk: string, bootId: string): ActionRecord | undefined {
  return view.allActions.findLast(
    (act) => act.label === 'send-passphrase' && act.detail.disk === disk && act.detail.bootId === bootId,
  );
}

/**
 * What a prompt that is pending now says about the passphrase recorded before. Prompts change their id when they are
 * asked anew: the same id means that nobody consumed anything, another one that the passphrase was taken and refused.
 *   send   not consumed: the same try may be made (again)
 *   wrong  consumed, and the disk is asked for once more
 *   wait   too early to tell
 */
export function judgeSent(
  sent: ActionRecord,
  prompt: PendingPrompt,
  now: number,
): 'send' | 'wrong' | 'exhausted' | 'wait' {
  const verdict = textOf(resultObject(sent), 'verdict');
  if (verdict === 'wrong') return 'wrong';
  if (verdict === 'exhausted') return 'exhausted';
  if (sent.detail.promptId !== prompt.id) return 'wrong';
  const since = sent.endedAt ?? sent.startedAt;
  return now - since < TAKE_MS ? 'wait' : 'send';
}
