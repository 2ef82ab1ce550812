import { BOOT_MARKS, furthest, MARKS_IN_ORDER } from '../../domain/boot/diagnosis/marks.ts';
import type { BootCapture } from '../../domain/ports/boot-captures.ts';
import type { BootAttemptBody } from '../schema/doctor.ts';
import { iso, isoOrNull } from './time.ts';

/** A watched boot attempt as the API shows it: the evidence by its stages only. */
export function viewBootAttempt(capture: BootCapture): BootAttemptBody {
  const { runId, round, armedAt, endedAt, packets, evidence, findings } = capture;
  const reached = furthest(evidence.marks);
  const silent = evidence.heardAt === null ? 'nothing was heard of the machine' : 'it did not ask to boot';
  return {
    ...{ runId, round, startedAt: iso(armedAt), endedAt: isoOrNull(endedAt), packets, reached },
    reachedText: reached === null ? silent : BOOT_MARKS[reached],
    stages: MARKS_IN_ORDER.flatMap((stage) => {
      const times = evidence.marks[stage];
      return times === undefined ? [] : [{ stage, text: BOOT_MARKS[stage], at: iso(times.first) }];
    }),
    passes: evidence.passes,
    findings: findings.map(({ code, severity, message, hint, evidence: lines, foundAt, overAt }) => ({
      ...{ code, severity, message, hint, evidence: [...lines], foundAt: iso(foundAt), overAt: isoOrNull(overAt) },
    })),
  };
}
