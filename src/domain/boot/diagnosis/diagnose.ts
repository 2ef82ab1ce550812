import { DHCP_RULES } from './dhcp-rules.ts';
import type { BootEvidence } from './evidence.ts';
import { LOADER_RULES } from './loader-rules.ts';
import type { Diagnosis, Rule } from './rule.ts';
import { SCRIPT_RULES } from './script-rules.ts';

export const RULES: readonly Rule[] = [...DHCP_RULES, ...LOADER_RULES, ...SCRIPT_RULES];

/** What is wrong with the boot now: every rule whose sign has lasted long enough. A boot that came through has nothing wrong. */
export function diagnose(evidence: BootEvidence, now: number): readonly Diagnosis[] {
  if (evidence.pass.marks.files !== undefined) return [];
  return RULES.filter((rule) => (rule.dueAt(evidence) ?? Number.POSITIVE_INFINITY) <= now).map((rule) => ({
    code: rule.code,
    severity: rule.severity,
    ...rule.tell(evidence),
  }));
}

/** When to look again if nothing more is seen, epoch ms: the next time at which a sign will have lasted long enough. */
export function nextLookAt(evidence: BootEvidence, now: number): number | undefined {
  if (evidence.pass.marks.files !== undefined) return undefined;
  const due = RULES.flatMap((rule) => rule.dueAt(evidence) ?? []).filter((at) => at > now);
  return due.length === 0 ? undefined : Math.min(...due);
}
