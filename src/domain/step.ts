import type { Json, JsonObject } from '../foundation/json.ts';
import type { Machine, Stage } from './machine.ts';
import type { PlanEntry, Run, RunError, StepName } from './run.ts';

/** One recorded act: committed as started before it happens, as ended after. */
export type ActionRecord = {
  readonly planIndex: number;
  readonly round: number;
  /** What was done, stable: `power-on`, `send-passphrase`. */
  readonly label: string;
  /** 1 for the first time this label was started in this step and round. */
  readonly attempt: number;
  readonly detail: JsonObject;
  readonly startedAt: number;
  /** Null: the service died in the middle; whether it happened must be observed. */
  readonly endedAt: number | null;
  readonly result: Json;
  /** Set when the act threw. */
  readonly error: RunError | null;
};

/** What a step may know of its run. */
export type StepView = {
  readonly run: Run;
  readonly machine: Machine;
  readonly entry: PlanEntry;
  readonly planIndex: number;
  readonly round: number;
  readonly enteredAt: number;
  readonly deadlineAt: number;
  /** Acts of this step in this round, oldest first. */
  readonly actions: readonly ActionRecord[];
  /** Acts of the whole run, oldest first. */
  readonly allActions: readonly ActionRecord[];
  /** Number of the machine's last event when this step was entered: later sightings belong to this step. */
  readonly enteredSeq: number;
  /** The latest result of an earlier step of that name in this run. */
  resultOf(step: StepName): Json | undefined;
  /** All results of earlier steps of that name, in plan order. */
  resultsOf(step: StepName): readonly Json[];
};

/** Exactly one of these comes out of `decide`. */
export type Decision<A> =
  | { readonly kind: 'done'; readonly result: JsonObject }
  | { readonly kind: 'wait'; readonly why: string; readonly recheckMs: number }
  | { readonly kind: 'act'; readonly label: string; readonly action: A; readonly detail?: JsonObject }
  /** `again`: another round may go better, so the run goes back where the plan still allows one, as after a deadline. */
  | { readonly kind: 'fail'; readonly error: Omit<RunError, 'step'>; readonly again?: boolean };

/**
 * A step drives the machine from one fact to the next. `observe` only reads and may be repeated at will; `decide` is
 * pure and sees earlier actions in the view, so that it waits for an effect to show before it acts twice; `act`
 * performs that one action, and whether it worked is learnt by observing again. What `act` returns is recorded with it.
 * Facts must be JSON and hold nothing secret: they are recorded in the timeline when they change.
 */
export type Step<F extends JsonObject, A> = {
  readonly name: StepName;
  observe(view: StepView, signal: AbortSignal): Promise<F>;
  decide(view: StepView, facts: F, now: number): Decision<A>;
  act(view: StepView, action: A, signal: AbortSignal): Promise<Json>;
  /** The stage these facts prove, when they prove one. */
  stage?(facts: F): Stage | undefined;
  /** The last thing seen, for the error when the deadline passes: "stage-1 SSH answered, no prompt for cryptroot". */
  lastSeen(facts: F): string;
  /** Undoes what must not outlive a run that failed or was cancelled (one-time boot override, armed netboot). */
  cleanUp?(view: StepView, signal: AbortSignal): Promise<void>;
};

/** What the engine sees of a step: facts and action types are hidden, so that a list can hold steps of many kinds. */
export type RunnableStep = {
  readonly name: StepName;
  look(view: StepView, signal: AbortSignal): Promise<Look>;
  cleanUp(view: StepView, signal: AbortSignal): Promise<void>;
};

export type Look = {
  readonly facts: JsonObject;
  readonly stage: Stage | undefined;
  readonly lastSeen: string;
  decide(now: number): Ruling;
};

/** A decision whose action is bound to the step that made it. */
export type Ruling =
  | Exclude<Decision<never>, { kind: 'act' }>
  | {
      readonly kind: 'act';
      readonly label: string;
      readonly detail: JsonObject;
      perform(signal: AbortSignal): Promise<Json>;
    };

/** Hides a step's own types from the engine. */
export function runnable<F extends JsonObject, A>(step: Step<F, A>): RunnableStep {
  return {
    name: step.name,
    cleanUp: async (view, signal) => step.cleanUp?.(view, signal),
    async look(view, signal) {
      const facts = await step.observe(view, signal);
      return {
        facts,
        stage: step.stage?.(facts),
        lastSeen: step.lastSeen(facts),
        decide(now) {
          const decision = step.decide(view, facts, now);
          if (decision.kind !== 'act') return decision;
          const { label, action, detail = {} } = decision;
          return { kind: 'act', label, detail, perform: (during) => step.act(view, action, during) };
        },
      };
    },
  };
}
