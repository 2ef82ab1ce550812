import type { BootAttempts } from '../domain/ports/netboot.ts';
import type { StepView } from '../domain/step.ts';
import { InvalidRequestError } from '../foundation/errors.ts';
import type { JsonObject } from '../foundation/json.ts';

/** How much longer than the longest boot the URLs of an attempt live. */
const SPARE_MS = 10 * 60_000;

/** Permits this machine to netboot, for this round of this run; what is returned tells where its sightings begin. */
export async function armNetboot(attempts: BootAttempts, view: StepView): Promise<JsonObject> {
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
  const lifetimeMs = Math.max(0, view.deadlineAt - view.enteredAt) + SPARE_MS;
  const attempt = await attempts.arm({ machineId, runId, round: view.round, boot }, lifetimeMs);
  // The token stays out of the timeline: it is what makes the URLs unguessable.
  return { afterSeq: view.machine.lastSeq, expiresAt: attempt.expiresAt };
}

/** Number of the event after which sightings belong to this round's attempt; undefined when nothing was armed. */
export function armedAfterSeq(view: StepView): number | undefined {
  const arm = view.allActions.findLast((act) => act.label === 'arm' && act.round === view.round && act.error === null);
  const result = arm?.result;
  const seq = typeof result === 'object' && result !== null && 'afterSeq' in result ? result.afterSeq : undefined;
  return typeof seq === 'number' ? seq : undefined;
}
