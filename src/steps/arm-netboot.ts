import { BOOT_KINDS, type BootKind, bootKindOf } from '../domain/armed-boot.ts';
import type { BootSources } from '../domain/ports/boot-sources.ts';
import type { BootAttempts } from '../domain/ports/netboot.ts';
import type { ActionRecord, StepView } from '../domain/step.ts';
import { InvalidRequestError } from '../foundation/errors.ts';
import type { JsonObject } from '../foundation/json.ts';
import { resultObject } from './past-acts.ts';

export type ArmDeps = {
  readonly attempts: BootAttempts;
  readonly bootSources: BootSources;
  /** How long the URLs of one attempt live. */
  readonly attemptLifetimeMs: number;
};

/** Permits this machine to netboot, for this round of this run; what is returned tells where its sightings begin. */
export async function armNetboot(
  { attempts, bootSources, attemptLifetimeMs }: ArmDeps,
  view: StepView,
): Promise<JsonObject> {
  const declared = view.machine.spec.netboot;
  if (declared === undefined) {
    throw new InvalidRequestError(
      `${view.machine.spec.name} has no netboot section: nothing to boot over the network`,
      {
        details: {
          hint: 'Declare under netboot what it boots, for example kernel, initrds and commandLine, or order the run with netboot: false.',
        },
      },
    );
  }
  const { machineId, id: runId } = view.run;
  const boot = await bootSources.lookUp(view.machine, declared);
  const attempt = await attempts.arm({ machineId, runId, round: view.round, boot }, attemptLifetimeMs);
  // The token stays out of the timeline: it is what makes the URLs unguessable.
  return {
    afterSeq: view.machine.lastSeq,
    expiresAt: attempt.expiresAt,
    boot: bootKindOf(attempt.boot),
    initrds: 'initrds' in attempt.boot ? attempt.boot.initrds.length : 0,
  };
}

/** What a machine must fetch before it counts as netbooted. */
export type ArmedWants = { readonly boot: BootKind; readonly initrds: number };

/** What this round's attempt boots; from the declaration where nothing was armed, since the machine was up already. */
export function armedWants(view: StepView): ArmedWants {
  const { netboot } = view.machine.spec;
  const armed = resultObject(armAct(view));
  const declared = netboot === undefined ? 'kernel' : bootKindOf(netboot);
  const boot = BOOT_KINDS.find((kind) => kind === armed?.boot) ?? declared;
  if (typeof armed?.initrds === 'number') return { boot, initrds: armed.initrds };
  return { boot, initrds: netboot !== undefined && 'initrds' in netboot ? netboot.initrds.length : 0 };
}

/** Number of the event after which sightings belong to this round's attempt; undefined when nothing was armed. */
export function armedAfterSeq(view: StepView): number | undefined {
  const seq = resultObject(armAct(view))?.afterSeq;
  return typeof seq === 'number' ? seq : undefined;
}

function armAct(view: StepView): ActionRecord | undefined {
  return view.allActions.findLast((act) => act.label === 'arm' && act.round === view.round && act.error === null);
}
