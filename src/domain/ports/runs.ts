import type { Json } from '../../foundation/json.ts';
import type { NewEvent } from '../event.ts';
import type { PlanEntry, Run, RunError, RunRequest, RunState } from '../run.ts';
import type { ActionRecord } from '../step.ts';

export type NewRun = {
  readonly machineId: string;
  readonly request: RunRequest;
  readonly plan: readonly PlanEntry[];
  readonly actor: string;
  /** The same key of the same actor within a day gives the same run back. */
  readonly idempotencyKey?: string;
};

export type RunFilter = {
  readonly machineId?: string;
  readonly states?: readonly RunState[];
  /** Runs older than this one (its id), for the next page. */
  readonly before?: string;
  readonly limit?: number;
};

/** Proof of ownership: no row matches it once somebody else has claimed the run. */
export type RunGuard = { readonly runId: string; readonly owner: string; readonly fence: number };

/** Changes to a run's row; what is absent stays. */
export type RunChange = {
  readonly state?: RunState;
  readonly cursor?: number;
  readonly round?: number;
  /** Entering a step also sets `enteredSeq` to the number of the last event written with it. */
  readonly stepEnteredAt?: number | null;
  readonly stepDeadlineAt?: number | null;
  /** Merged into the results, by plan index. */
  readonly result?: { readonly planIndex: number; readonly value: Json };
  readonly error?: RunError;
  readonly endedAt?: number;
  /** Recorded in the same transaction: an act begins … */
  readonly actionStarted?: Pick<ActionRecord, 'planIndex' | 'round' | 'label' | 'attempt' | 'detail' | 'startedAt'>;
  /** … or ends. */
  readonly actionEnded?: Pick<
    ActionRecord,
    'planIndex' | 'round' | 'label' | 'attempt' | 'endedAt' | 'result' | 'error'
  >;
};

/** Runs as API and engine see them. Everything a worker writes goes through `write`, guarded by owner and fence. */
export type Runs = {
  /** Queues a run and its `run.queued` event. @throws ConflictError naming the active run of the machine */
  create(run: NewRun): Promise<Run>;
  /** @throws NotFoundError */
  get(runId: string): Promise<Run>;
  list(filter: RunFilter): Promise<readonly Run[]>;
  /** A queued run ends at once, a running one is told; asking twice is harmless. @throws ConflictError when it has ended */
  requestCancel(runId: string, actor: string): Promise<Run>;
  actions(runId: string): Promise<readonly ActionRecord[]>;
  /**
   * The oldest queued run, or a running one whose lease is over; undefined when there is none. Its `run.started` or
   * `run.taken-over` event is written with it.
   */
  claim(owner: string, leaseMs: number): Promise<Run | undefined>;
  /** Ends all leases, so that `claim` takes over at once: only under the instance lock at start (embedded). */
  expireLeases(): Promise<number>;
  /** Prolongs the lease. @throws LeaseLostError */
  renew(guard: RunGuard, leaseMs: number): Promise<{ readonly cancelRequestedAt: number | null }>;
  /** Ends the lease of a run that goes on later, so that the next owner need not wait for it. @throws LeaseLostError */
  release(guard: RunGuard): Promise<void>;
  /** One transaction: guard, change, events (which get the run's id). @throws LeaseLostError, and nothing is written */
  write(guard: RunGuard, change: RunChange, events: readonly NewEvent[]): Promise<Run>;
};

/** Bulk output of a step, kept by byte offset of the remote stream so that attaching again never doubles a line. */
export type RunOutput = {
  /** Bytes stored so far of this step's output. */
  end(runId: string, planIndex: number): Promise<number>;
  /** Stores `bytes` at `offset` and an `output.appended` event; bytes before the end are skipped. */
  append(runId: string, planIndex: number, offset: number, bytes: Buffer): Promise<void>;
  read(runId: string, planIndex: number, from: number, maximumBytes: number): Promise<Buffer>;
};
