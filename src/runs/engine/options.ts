import type { Machines } from '../../domain/ports/machines.ts';
import type { Runs } from '../../domain/ports/runs.ts';
import type { Timeline } from '../../domain/ports/timeline.ts';
import type { RunnableStep } from '../../domain/step.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Entropy } from '../../foundation/entropy.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { StepTimes } from './drive.ts';
import type { LeaseTimes } from './lease.ts';
import type { RunOptions } from './run.ts';

export type EngineParts = {
  readonly runs: Runs;
  readonly machines: Machines;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
  readonly steps: readonly RunnableStep[];
};

export type EngineOptions = LeaseTimes &
  RunOptions &
  StepTimes & {
    /** Names this process in the leases. Default: random. */
    readonly owner: string;
    /** The store is ours alone (instance lock), so runs without an owner are taken over at once at start. Default true. */
    readonly exclusive: boolean;
    /** Runs driven at once. Default 64. */
    readonly parallel: number;
    /** Between two looks for a cancellation, however much happens. Default 200. */
    readonly cancelGapMs: number;
    /** How long an act may go on when the service stops, before it is broken off. Default 5000. */
    readonly stopGraceMs: number;
  };

/** Chosen so that a dead owner is replaced within 20 s, and one that cannot renew is silent 3 s before that may happen. */
export const ENGINE_DEFAULTS: Omit<EngineOptions, 'owner'> = {
  leaseMs: 15_000,
  heartbeatMs: 5000,
  selfStopMs: 12_000,
  exclusive: true,
  parallel: 64,
  maximumClaims: 50,
  takeoverGraceMs: 10_000,
  cleanUpMs: 30_000,
  pollMs: 2000,
  lookGapMs: 200,
  abortGraceMs: 5000,
  maximumActs: 500,
  cancelGapMs: 200,
  stopGraceMs: 5000,
};
