import type { SystemFacts } from '../domain/ports/hosts.ts';
import { type HostFact, hostText } from './sighted.ts';

export type SystemStepFacts = {
  readonly host: HostFact;
  /** Null unless the pinned stage-3 key answered and let us in. */
  readonly system: SystemFacts | null;
};

export function lastSeenOf(facts: SystemStepFacts): string {
  if (facts.system === null) return hostText(facts.host);
  const { state, failedUnits, bootId } = facts.system;
  const failed = failedUnits.length > 0 ? `, failed units: ${failedUnits.join(', ')}` : '';
  return `system ${state}${failed} (boot_id ${bootId.slice(0, 8)})`;
}
