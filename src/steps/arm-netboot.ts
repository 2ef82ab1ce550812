import type { BootAttempts } from '../domain/ports/netboot.ts';
import type { StepView } from '../domain/step.ts';
import { InvalidRequestError } from '../foundation/errors.ts';
import type { JsonObject } from '../foundation/json.ts';
import { resultObject } from './past-acts.ts';

export type ArmDeps = {
  readonly attempts: BootAttempts;
  /** How long the URLs of one attempt live. */
  readonly attemptLifetimeMs: number;
};

/** Permits this machine to netboot, for this round of this run; what is returned tells where its sightings begin. */
export async function armNetboot({ attempts, attemptLifetimeMs }: ArmDeps, view: StepView): Promise<JsonObject> {
  const boot = view.machine.spec.netboot;
  if (boot === undefined) {
    throw new InvalidRequestError(
      `${view.machine.spec.name} has no netboot section: nothing to boot over the network`,
      {
        details: {
          hint: 'Declare netboot.kernel, netboot.initrds and netboot.commandLine, or order the run with netboot: false.',
        },
      },
    );
  }
  const { machineId, id: runId } = view.run;
  const attempt = await attempts.arm({ machineId, runId, round: view.round, boot }, attemptLifetimeMs);
  // The token stays out of the timeline: it is what makes the URLs unguessable.
  return { afterSeq: view.machine.lastSeq, expiresAt: attempt.expiresAt };
}

/** Number of the event after which sightings belong to this round's attempt; undefined when nothing was armed. */
export function armedAfterSeq(view: StepView): number | undefined {
  const arm = view.allActions.findLast((act) => act.label === 'arm' && act.round === view.round && act.error === null);
  const seq = resultObject(arm)?.afterSeq;
  return typeof seq === 'number' ? seq : undefined;
}
