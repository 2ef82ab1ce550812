import type { Runs } from '../../domain/ports/runs.ts';
import type { Log } from '../../foundation/log.ts';

/**
 * At start, with the instance lock held: every run that is marked as running has lost its owner, so their leases end
 * and the first claims take them over at once instead of after the lease time. What the runs had begun is left as it stands in the
 * records; each step looks at the machine before anything is repeated.
 * @returns how many runs go on
 */
export async function endOrphanedLeases({ runs, log }: { readonly runs: Runs; readonly log: Log }): Promise<number> {
  const orphans = await runs.expireLeases();
  if (orphans > 0) log.info({ orphans }, 'taking over the runs of the process before this one');
  return orphans;
}
