import type { SessionFacts } from '../../domain/ports/hosts.ts';
import { type HostFact, hostText } from '../sighted.ts';

export type SessionStepFacts = { readonly host: HostFact; readonly session: SessionFacts | null };

export function lastSeenOf(facts: SessionStepFacts): string {
  if (facts.session === null) return hostText(facts.host);
  return `user manager ${facts.session.manager ?? 'unknown'}, default.target ${facts.session.defaultTarget ?? 'unknown'}`;
}
