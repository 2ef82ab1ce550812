import type { RunOutput } from '../../../src/domain/ports/runs.ts';
import type { StepName } from '../../../src/domain/run.ts';
import { type Decision, type RunnableStep, runnable, type StepView } from '../../../src/domain/step.ts';
import type { Clock } from '../../../src/foundation/clock.ts';
import type { JsonObject } from '../../../src/foundation/json.ts';
import type { World } from './world.ts';

export type Scenario = 'succeeds' | 'fails' | 'cancelled' | 'slow';

/** The plan of every scenario, in order. */
export const PLAN: readonly StepName[] = ['power-on', 'unlock', 'activate', 'session'];

/** What the `activate` step streams. */
export const OUTPUT = Buffer.from('building\ncopying\nactivating\n');

export type StepParts = {
  readonly world: World;
  readonly output: RunOutput;
  readonly clock: Clock;
  /** A place where the process may be killed. */
  readonly point: (name: string) => void;
  /** Asks for cancellation of the run. */
  readonly cancel: (runId: string) => Promise<void>;
};

type Facts = { readonly done: boolean };

/** Steps after the pattern of the real ones: look at the world, act when the effect is not there, never on a record alone. */
export function scriptedSteps(scenario: Scenario, parts: StepParts): readonly RunnableStep[] {
  const { world, output, clock, point } = parts;

  function step(
    name: StepName,
    effect: (view: StepView, signal: AbortSignal) => Promise<void>,
    decide?: (facts: Facts) => Decision<string> | undefined,
  ): RunnableStep {
    const label = `do-${name}`;
    return runnable<Facts & JsonObject, string>({
      name,
      async observe() {
        world.note(`look ${name}`);
        return { done: world.count(`did ${label}`) > 0 };
      },
      decide(_view, facts) {
        const special = decide?.(facts);
        if (special !== undefined) return special;
        return facts.done ? { kind: 'done', result: { name } } : { kind: 'act', label, action: label };
      },
      async act(view, _action, signal) {
        point(`before effect ${name}`);
        await effect(view, signal);
        point(`after effect ${name}`);
        return { acted: name };
      },
      stage: ({ done }) => (done && name === 'session' ? '4' : undefined),
      lastSeen: ({ done }) => `${name} ${done}`,
      async cleanUp() {
        point(`before clean-up ${name}`);
        world.note(`cleaned ${name}`);
        point(`after clean-up ${name}`);
      },
    });
  }

  const once = (label: string) => async () => world.note(`did ${label}`);
  return [
    step('power-on', once('do-power-on')),
    step(
      'unlock',
      async (view) => {
        world.note('did do-unlock');
        if (scenario === 'cancelled') await parts.cancel(view.run.id);
      },
      ({ done }) =>
        done && scenario === 'fails' ? { kind: 'fail', error: { code: 'wrong-passphrase', message: 'no' } } : undefined,
    ),
    step('activate', async (view, signal) => {
      for (let from = await output.end(view.run.id, view.planIndex); from < OUTPUT.length; from += 9) {
        // Attached anew after a crash, the stream begins where the store says; a doubled piece is cut off.
        await output.append(
          view.run.id,
          view.planIndex,
          Math.max(0, from - 4),
          OUTPUT.subarray(Math.max(0, from - 4), from + 9),
        );
        point('after output');
      }
      if (scenario === 'slow') {
        world.note('waiting');
        signal.addEventListener('abort', () => world.note('let go'));
        await clock.sleep(600_000, signal);
      }
      world.note('did do-activate');
    }),
    step('session', once('do-session')),
  ];
}
