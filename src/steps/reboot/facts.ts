import type { PowerState } from '../../domain/ports/bmc.ts';
import type { SystemFacts } from '../../domain/ports/hosts.ts';
import { type HostFact, hostText } from '../sighted.ts';

export type RebootFacts = {
  readonly host: HostFact;
  readonly system: SystemFacts | null;
  /** Null while SSH is enough and nobody needed to ask the BMC. */
  readonly power: PowerState | null;
};

export function lastSeenOf(facts: RebootFacts): string {
  const system =
    facts.system === null ? '' : `, system ${facts.system.state} (boot_id ${facts.system.bootId.slice(0, 8)})`;
  return `${hostText(facts.host)}${system}${facts.power === null ? '' : `, power ${facts.power}`}`;
}
