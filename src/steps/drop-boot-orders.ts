import type { Bmcs } from '../domain/ports/bmcs.ts';
import type { BootAttempts } from '../domain/ports/netboot.ts';
import type { StepView } from '../domain/step.ts';
import { overrideBoot } from './chassis.ts';

/**
 * What must not outlive a run that failed or was cancelled: the permission to netboot, and a one-time override that
 * a later boot of somebody else's would fall into.
 */
export async function dropBootOrders(
  { bmcs, attempts }: { readonly bmcs: Bmcs; readonly attempts: BootAttempts },
  view: StepView,
  signal: AbortSignal,
): Promise<void> {
  await attempts.disarm(view.machine.id, view.run.id, 'the run ended');
  const overridden = view.allActions.findLast((act) => act.label === 'boot-override' && act.error === null);
  const netbooted = view.allActions.findLast((act) => act.label === 'disarm' && act.error === null);
  // Only the netbooted system proves that the firmware has used it up: switched on is not past POST, or not on at all.
  if (overridden === undefined || (netbooted !== undefined && netbooted.startedAt >= overridden.startedAt)) return;
  await overrideBoot(bmcs, view.machine, 'none', signal);
}
