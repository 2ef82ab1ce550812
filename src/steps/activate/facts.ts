import type { RebuildStatus } from '../../domain/ports/system-builder.ts';
import { type HostFact, hostText } from '../sighted.ts';

export type ActivateFacts = {
  readonly host: HostFact;
  readonly bootId: string | null;
  readonly profile: string | null;
  readonly current: string | null;
  /** The job as the machine tells it; null when the machine could not be asked. */
  readonly job: RebuildStatus | null;
  /** The end of the output, once the job has ended: the compiler's last words. */
  readonly lastLines: readonly string[];
};

export function lastSeenOf(facts: ActivateFacts): string {
  if (facts.job === null) return hostText(facts.host);
  switch (facts.job.kind) {
    case 'absent':
      return 'no rebuild job on the machine';
    case 'running':
      return 'the rebuild job was running';
    case 'ended':
      return `the rebuild job had ended with ${facts.job.exitCode ?? facts.job.result}`;
  }
}
