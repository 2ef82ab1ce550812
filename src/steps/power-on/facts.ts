import type { PowerState } from '../../domain/ports/bmc.ts';
import { type HostFact, hostText } from '../sighted.ts';

export type PowerOnFacts = {
  readonly host: HostFact;
  /** Null when the machine answers already, so that nobody needed to ask the BMC. */
  readonly power: PowerState | null;
};

export function lastSeenOf(facts: PowerOnFacts): string {
  return facts.power === null ? hostText(facts.host) : `power ${facts.power}; ${hostText(facts.host)}`;
}
