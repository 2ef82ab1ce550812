import type { Json, JsonObject } from '../foundation/json.ts';
import type { PowerVerb } from './ports/bmc.ts';

export const RUN_KINDS = ['power', 'boot', 'unlock', 'rebuild', 'reboot', 'update'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

export type RebuildAction = 'boot' | 'switch' | 'test' | 'dry-activate' | 'build';

/** What the caller asked for, beside the machine's own settings. */
export type RunRequest =
  | { readonly kind: 'power'; readonly verb: PowerVerb }
  | { readonly kind: 'boot'; readonly netboot?: boolean }
  | { readonly kind: 'unlock' }
  | {
      readonly kind: 'rebuild';
      readonly action?: RebuildAction;
      readonly flake?: string;
      readonly attribute?: string;
      readonly refresh?: boolean;
    }
  | { readonly kind: 'reboot'; readonly netboot?: boolean }
  | {
      readonly kind: 'update';
      readonly netboot?: boolean;
      readonly flake?: string;
      readonly attribute?: string;
      readonly refresh?: boolean;
    };

export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
export const ACTIVE_RUN_STATES: readonly RunState[] = ['queued', 'running'];

export const STEP_NAMES = [
  'power',
  'power-on',
  'netboot',
  'unlock',
  'system',
  'activate',
  'reboot',
  'verify',
  'session',
  'commit',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** One step of a run's plan; the plan is fixed when the run is ordered. */
export type PlanEntry = {
  readonly step: StepName;
  readonly params: JsonObject;
  /** Counted from entering the step, again in each round. */
  readonly deadlineMs: number;
  /**
   * When the deadline passes, or the step fails in a way that another boot may mend: go back to that entry, until that
   * many rounds in all have begun there.
   */
  readonly rewind?: { readonly to: number; readonly rounds: number };
};

/** Why a run ended badly, fit to show. */
export type RunError = {
  readonly code: string;
  readonly message: string;
  readonly step?: StepName;
  /** What the operator can do about it. */
  readonly hint?: string;
  /** The last thing seen of the machine, and when. */
  readonly lastSeen?: string;
  readonly details?: JsonObject;
};

export type Run = {
  readonly id: string;
  readonly machineId: string;
  readonly request: RunRequest;
  readonly state: RunState;
  readonly plan: readonly PlanEntry[];
  /** Index in the plan of the step being driven, or of the last one. */
  readonly cursor: number;
  /** 1 at first; one more each time the run went back. */
  readonly round: number;
  readonly stepEnteredAt: number | null;
  readonly stepDeadlineAt: number | null;
  /** Number of the machine's event that says the step was entered; 0 before the first. */
  readonly enteredSeq: number;
  /** Results of the steps that are done, by plan index (`"3"`); of several rounds the latest. */
  readonly results: Readonly<Record<string, Json>>;
  readonly error: RunError | null;
  readonly actor: string;
  readonly cancelRequestedAt: number | null;
  /** How often it was claimed; every write of a worker is guarded by it. */
  readonly fence: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
};
