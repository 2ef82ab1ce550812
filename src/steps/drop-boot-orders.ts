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
  const poweredOn = view.allActions.findLast((act) => act.label === 'power-on' && act.error === null);
  // Once the machine was switched on after it, the override is spent.
  if (overridden === undefined || (poweredOn !== undefined && poweredOn.startedAt >= overridden.startedAt)) return;
  await overrideBoot(bmcs, view.machine, 'none', signal);
}
