import type { Hosts } from '../../domain/ports/hosts.ts';
import type { RunOutput } from '../../domain/ports/runs.ts';
import type { SystemBuilder } from '../../domain/ports/system-builder.ts';
import type { Step, StepView } from '../../domain/step.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import type { Json } from '../../foundation/json.ts';
import { lastPlainLines } from '../../foundation/text.ts';
import { lookAtSystem } from '../look-at-system.ts';
import { type ActivateStepAction, decideActivate } from './decide.ts';
import { type ActivateFacts, lastSeenOf } from './facts.ts';
import { jobOf, orderOf } from './order.ts';

export type ActivateDeps = { readonly hosts: Hosts; readonly builder: SystemBuilder; readonly output: RunOutput };

const TAIL_BYTES = 4096;
const TAIL_LINES = 15;

/** `nixos-rebuild` on the machine, detached, its output streamed into the run. */
export function createActivateStep(deps: ActivateDeps): Step<ActivateFacts, ActivateStepAction> {
  const { hosts, builder } = deps;
  return {
    name: 'activate',
    async observe(view, signal) {
      const { host, system } = await lookAtSystem(hosts, view.machine, signal);
      const job = system === null ? null : await builder.status(view.machine, jobOf(view), signal);
      return {
        host,
        bootId: system?.bootId ?? null,
        profile: system?.profile ?? null,
        current: system?.current ?? null,
        job,
        lastLines: hasEnded(view) ? await lastLines(deps.output, view) : [],
      };
    },
    decide: decideActivate,
    act: (view, action, signal) => act(deps, view, action, signal),
    stage: (facts) => (facts.host.kind === 'stage-3' ? '3' : undefined),
    lastSeen: lastSeenOf,
    async cleanUp(view, signal) {
      if (view.actions.some((past) => past.label === 'start-rebuild'))
        await builder.stop(view.machine, jobOf(view), signal);
    },
  };
}

async function act(deps: ActivateDeps, view: StepView, action: ActivateStepAction, signal: AbortSignal): Promise<Json> {
  const { builder, output } = deps;
  const job = jobOf(view);
  switch (action.kind) {
    case 'start':
      await builder.start(view.machine, orderOf(view), signal);
      return null;
    case 'follow': {
      const from = await output.end(view.run.id, view.planIndex);
      const keep = (offset: number, bytes: Buffer) => output.append(view.run.id, view.planIndex, offset, bytes);
      return await builder.follow(view.machine, job, from, keep, signal);
    }
    case 'tidy':
      await builder.tidy(view.machine, job, signal);
      return null;
    default:
      return unreachableCase(action, 'activate action');
  }
}

function hasEnded(view: StepView): boolean {
  return view.actions.some((past) => past.label === 'tidy');
}

/** The last lines of the output, control characters gone: what a human wants to see first of a failed build. */
async function lastLines(output: RunOutput, view: StepView): Promise<readonly string[]> {
  const end = await output.end(view.run.id, view.planIndex);
  const tail = await output.read(view.run.id, view.planIndex, Math.max(0, end - TAIL_BYTES), TAIL_BYTES);
  return lastPlainLines(tail, TAIL_LINES);
}
