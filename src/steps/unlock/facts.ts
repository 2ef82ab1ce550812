import type { InitrdFacts } from '../../domain/ports/hosts.ts';
import { type HostFact, hostText } from '../sighted.ts';

export type UnlockFacts = {
  readonly host: HostFact;
  /** What the initrd tells; null unless the pinned stage-1 key answered and let us in. */
  readonly initrd: InitrdFacts | null;
  /** boot_id of the running system; null unless the pinned stage-3 key answered. */
  readonly systemBootId: string | null;
  /** Passphrases already sent in this boot, per disk, by any run. */
  readonly triesSpent: Readonly<Record<string, number>>;
};

export function lastSeenOf(facts: UnlockFacts): string {
  if (facts.initrd === null) return hostText(facts.host);
  const { prompts, unlocked } = facts.initrd;
  const asked = prompts.length > 0 ? `asking for ${prompts.map((prompt) => prompt.disk).join(', ')}` : 'no prompt';
  return `stage-1 SSH answered, ${asked}${unlocked.length > 0 ? `, open: ${unlocked.join(', ')}` : ''}`;
}
