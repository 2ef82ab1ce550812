import type { RebuildOrder } from '../../domain/ports/system-builder.ts';
import type { StepView } from '../../domain/step.ts';
import { InvalidRequestError } from '../../foundation/errors.ts';
import { rebuildActionOf } from './decide.ts';

/** The job's name on the machine: unique to the run and the step, and the same after a restart. */
export function jobOf(view: StepView): string {
  return `${view.run.id}-${view.planIndex}`.toLowerCase();
}

/** What is to be built: the request's words over the machine's. */
export function orderOf(view: StepView): RebuildOrder {
  const { request } = view.run;
  const { rebuild, name } = view.machine.spec;
  const asked = request.kind === 'rebuild' || request.kind === 'update' ? request : undefined;
  const flake = asked?.flake ?? rebuild?.flake;
  if (flake === undefined) {
    throw new InvalidRequestError(`${name} has no flake to rebuild from`, {
      details: { hint: 'Declare rebuild.flake for the machine, or name the flake in the request.' },
    });
  }
  return {
    job: jobOf(view),
    action: rebuildActionOf(view),
    flake,
    attribute: asked?.attribute ?? rebuild?.attribute ?? name,
    refresh: asked?.refresh ?? rebuild?.refresh ?? true,
  };
}
