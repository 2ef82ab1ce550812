import type { PendingPrompt, UnlockVerdict } from '../../domain/ports/hosts.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { InitrdReport } from './initrd-report.ts';

export type JudgeParts = {
  readonly clock: Clock;
  /** One look; undefined when the connection is gone. */
  readonly look: (signal: AbortSignal) => Promise<InitrdReport | undefined>;
};

/** A slow key derivation was measured at 12 s on real disks; a minute and a half leaves room for slower ones. */
export const JUDGE_MS = 90_000;
const POLL_MS = 500;

/**
 * What one report says of a passphrase that was sent to `prompt`; undefined while nothing can be told. An open
 * device-mapper node outweighs everything; then a failed unit; then a new question for the same disk.
 */
export function verdictOf(report: InitrdReport, prompt: PendingPrompt): UnlockVerdict | undefined {
  const { disk, id } = prompt;
  if (report.unlocked.includes(disk)) return 'unlocked';
  if (report.units.some((unit) => unit.disk === disk && unit.active === 'active')) return 'unlocked';
  if (report.exhausted.includes(disk)) return 'exhausted';
  if (report.prompts.some((other) => other.disk === disk && other.id !== id)) return 'wrong';
  return undefined;
}

/**
 * Looks until the verdict shows. A lost connection alone proves nothing: `unknown`, and the machine's next stage tells.
 * @returns unknown after 90 s as well
 */
export async function judge(
  { clock, look }: JudgeParts,
  prompt: PendingPrompt,
  signal: AbortSignal,
): Promise<UnlockVerdict> {
  const started = clock.elapsed();
  while (clock.elapsed() - started < JUDGE_MS) {
    const report = await look(signal);
    if (report === undefined) return 'unknown';
    const verdict = verdictOf(report, prompt);
    if (verdict !== undefined) return verdict;
    await clock.sleep(POLL_MS, signal);
  }
  return 'unknown';
}
