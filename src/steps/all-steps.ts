import type { Bmcs } from '../domain/ports/bmcs.ts';
import type { BootSources } from '../domain/ports/boot-sources.ts';
import type { GenerationCaptures } from '../domain/ports/generation-files.ts';
import type { Generations } from '../domain/ports/generations.ts';
import type { Hosts } from '../domain/ports/hosts.ts';
import type { BootAttempts } from '../domain/ports/netboot.ts';
import type { RunOutput } from '../domain/ports/runs.ts';
import type { Secrets } from '../domain/ports/secrets.ts';
import type { SystemBuilder } from '../domain/ports/system-builder.ts';
import type { Timeline } from '../domain/ports/timeline.ts';
import { type RunnableStep, runnable } from '../domain/step.ts';
import type { Clock } from '../foundation/clock.ts';
import { createActivateStep } from './activate/index.ts';
import { createCommitStep } from './commit/index.ts';
import { createNetbootStep } from './netboot/index.ts';
import { createPowerStep } from './power/index.ts';
import { createPowerOnStep } from './power-on/index.ts';
import { createRebootStep } from './reboot/index.ts';
import { createSessionStep } from './session/index.ts';
import { createSystemStep } from './system/index.ts';
import { createUnlockStep } from './unlock/index.ts';
import { createVerifyStep } from './verify/index.ts';

export type StepDeps = {
  readonly bmcs: Bmcs;
  readonly hosts: Hosts;
  readonly builder: SystemBuilder;
  readonly secrets: Secrets;
  readonly attempts: BootAttempts;
  readonly bootSources: BootSources;
  readonly captures: Pick<GenerationCaptures, 'has' | 'fromMachine'>;
  /** How long the URLs of one netboot attempt live. */
  readonly attemptLifetimeMs: number;
  readonly timeline: Timeline;
  readonly output: RunOutput;
  readonly generations: Generations;
  readonly clock: Clock;
};

/** Every step there is, over the ports; the engine finds them by name. */
export function createSteps(deps: StepDeps): readonly RunnableStep[] {
  return [
    runnable(createPowerStep(deps)),
    runnable(createPowerOnStep(deps)),
    runnable(createNetbootStep(deps)),
    runnable(createUnlockStep(deps)),
    runnable(createSystemStep(deps)),
    runnable(createActivateStep(deps)),
    runnable(createRebootStep(deps)),
    runnable(createVerifyStep(deps)),
    runnable(createSessionStep(deps)),
    runnable(createCommitStep(deps)),
  ];
}
