import { diagnose } from './diagnose.ts';
import type { BootEvidence } from './evidence.ts';
import { MARKS_IN_ORDER, rankOf } from './marks.ts';
import type { Diagnosis } from './rule.ts';

/** A diagnosis that was told, and what became of it. */
export type BootFinding = Diagnosis & {
  /** Epoch ms. */
  readonly foundAt: number;
  /** The boot came further after it; null while it did not. */
  readonly overAt: number | null;
  /** How far the pass was when it was found. */
  readonly rank: number;
};

export type FindingsChange = {
  readonly findings: readonly BootFinding[];
  readonly found: readonly BootFinding[];
  readonly over: readonly BootFinding[];
};

/** More than any attempt has, unless somebody plays with it. */
const MOST_FINDINGS = 32;

/**
 * Brings what was found of an attempt up to date. Each finding is told once; it is over when the boot came further than it was
 * then, and only after that it may be found again. That its sign went away is not enough: firmware that begins anew has
 * forgotten its troubles, which it has all the same.
 */
export function afterDiagnosis(findings: readonly BootFinding[], evidence: BootEvidence, now: number): FindingsChange {
  const over: BootFinding[] = [];
  const kept = findings.map((finding) => {
    const overAt = finding.overAt ?? passedAt(finding, evidence);
    if (finding.overAt !== null || overAt === null) return finding;
    const ended = { ...finding, overAt };
    over.push(ended);
    return ended;
  });
  const open = new Set(kept.filter(({ overAt }) => overAt === null).map(({ code }) => code));
  const rank = rankNow(evidence);
  const found = diagnose(evidence, now)
    .filter(({ code }) => !open.has(code))
    .slice(0, Math.max(0, MOST_FINDINGS - kept.length))
    .map((diagnosis): BootFinding => ({ ...diagnosis, foundAt: now, overAt: null, rank }));
  return { findings: [...kept, ...found], found, over };
}

function rankNow({ pass }: BootEvidence): number {
  return Math.max(0, ...MARKS_IN_ORDER.filter((mark) => pass.marks[mark] !== undefined).map(rankOf));
}

/** When a mark beyond the finding's was reached after it; null when none was. */
function passedAt({ foundAt, rank }: BootFinding, { marks }: BootEvidence): number | null {
  const times = MARKS_IN_ORDER.filter((mark) => rankOf(mark) > rank).flatMap((mark) => marks[mark]?.last ?? []);
  const after = times.filter((at) => at > foundAt);
  return after.length === 0 ? null : Math.min(...after);
}
