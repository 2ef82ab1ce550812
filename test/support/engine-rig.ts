import type { TimelineEvent } from '../../src/domain/event.ts';
import type { Machine, Stage } from '../../src/domain/machine.ts';
import type { PlanEntry, Run, StepName } from '../../src/domain/run.ts';
import { type Decision, type RunnableStep, runnable, type StepView } from '../../src/domain/step.ts';
import { type Entropy, systemEntropy } from '../../src/foundation/entropy.ts';
import type { Json, JsonObject } from '../../src/foundation/json.ts';
import { type Log, silentLog } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import type { EngineOptions } from '../../src/runs/engine/options.ts';
import { createEngine } from '../../src/runs/engine.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { createManualClock, type ManualClock, settle } from './manual-clock.ts';
import { SPEC } from './step-view.ts';

export type FakeLook = { readonly facts?: JsonObject; readonly stage?: Stage; readonly next: Decision<string> };

/** A step whose looks and acts are functions of a test; counts what was asked of it. */
export type FakeStep = RunnableStep & { readonly looks: number; readonly acts: number; readonly cleanUps: number };

export function fakeStep(
  name: StepName,
  script: {
    /** @param n 1 for the first look of this object */
    look(view: StepView, n: number, signal: AbortSignal): FakeLook | Promise<FakeLook>;
    act?(view: StepView, action: string, signal: AbortSignal): Promise<Json>;
    cleanUp?(view: StepView, signal: AbortSignal): Promise<void>;
  },
): FakeStep {
  const counts = { looks: 0, acts: 0, cleanUps: 0 };
  type Facts = { readonly facts: JsonObject; readonly n: number };
  const looked = new Map<number, FakeLook>();
  const step = runnable<Facts, string>({
    name,
    async observe(view, signal) {
      const n = ++counts.looks;
      const look = await script.look(view, n, signal);
      looked.set(n, look);
      return { facts: look.facts ?? {}, n };
    },
    decide: (_view, { n }) => looked.get(n)?.next ?? wait('nothing'),
    async act(view, action, signal) {
      counts.acts += 1;
      return (await script.act?.(view, action, signal)) ?? null;
    },
    lastSeen: ({ facts }) => (typeof facts.seen === 'string' ? facts.seen : 'nothing new'),
    async cleanUp(view, signal) {
      counts.cleanUps += 1;
      await script.cleanUp?.(view, signal);
    },
  });
  return {
    name,
    cleanUp: step.cleanUp,
    async look(view, signal) {
      const look = await step.look(view, signal);
      const { facts, n } = look.facts as Facts;
      return { ...look, facts, stage: looked.get(n)?.stage };
    },
    get looks() {
      return counts.looks;
    },
    get acts() {
      return counts.acts;
    },
    get cleanUps() {
      return counts.cleanUps;
    },
  };
}

export function wait(why: string, recheckMs = 1000): Decision<string> {
  return { kind: 'wait', why, recheckMs };
}

export function done(result: JsonObject = {}): Decision<string> {
  return { kind: 'done', result };
}

export function act(label: string): Decision<string> {
  return { kind: 'act', label, action: label };
}

export type EngineRig = AsyncDisposable & {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly machine: Machine;
  /** Starts an engine on the store; returns how to stop it. */
  start(steps: readonly RunnableStep[], options?: Partial<EngineOptions>, store?: Store): () => Promise<void>;
  /** An engine for a tenth of a second, stopped in good order. */
  serve(steps: readonly RunnableStep[]): Promise<void>;
  order(...plan: readonly (StepName | PlanEntry)[]): Promise<Run>;
  events(): Promise<readonly TimelineEvent[]>;
  /** Types of the run's events, each with its step. */
  story(runId: string): Promise<readonly string[]>;
};

/** An engine over a store in memory, under a clock that stands still. */
export async function createEngineRig(
  parts: { readonly log?: Log; readonly entropy?: Entropy } = {},
): Promise<EngineRig> {
  const { log = silentLog, entropy = systemEntropy } = parts;
  const clock = createManualClock();
  const store = await openStore({ clock, entropy, log }, { path: ':memory:' });
  const machine = await store.machines.declare(SPEC, 'api', 'test');
  const stops: (() => Promise<void>)[] = [];

  function start(steps: readonly RunnableStep[], options: Partial<EngineOptions> = {}, own = store) {
    const stop = new AbortController();
    const engine = createEngine({ ...own, clock, entropy, log, meter: createMeter(), steps }, options);
    const running = engine.run(stop.signal);
    running.catch(() => undefined);
    const end = async (): Promise<void> => {
      stop.abort();
      for (let turn = 0; turn < 40; turn++) await clock.advance(500);
      await running;
    };
    stops.push(end);
    return end;
  }

  return {
    clock,
    store,
    machine,
    start,
    async serve(steps) {
      const stop = start(steps);
      await clock.advance(100);
      await stop();
    },
    order: (...plan) =>
      store.runs.create({
        machineId: machine.id,
        request: { kind: 'boot' },
        plan: plan.map((entry) =>
          typeof entry === 'string' ? { step: entry, params: {}, deadlineMs: 60_000 } : entry,
        ),
        actor: 'test',
      }),
    events: () => store.timeline.read(machine.id, {}),
    async story(runId) {
      const events = await store.timeline.readRun(runId, {});
      return events.map((event) => (event.step === undefined ? event.type : `${event.type} ${event.step}`));
    },
    async [Symbol.asyncDispose]() {
      for (const stop of stops) await stop();
      await settle();
      await store.close();
    },
  };
}
