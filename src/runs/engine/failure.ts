import { LeaseLostError } from '../../domain/lease-lost.ts';
import type { RunError, StepName } from '../../domain/run.ts';
import { errorText, ServiceError } from '../../foundation/errors.ts';
import type { JsonObject } from '../../foundation/json.ts';
import type { Log } from '../../foundation/log.ts';
import { Interruption } from './interruption.ts';

/** What the engine makes of something thrown by a step. */
export type Failure =
  /** It may pass: look again after a while. */
  | { readonly kind: 'trouble'; readonly error: RunError }
  /** It will not pass: the run fails. */
  | { readonly kind: 'fatal'; readonly error: RunError };

/**
 * Judges an error by its class alone.
 * @throws Interruption when it is none: the step was broken off, or the run is somebody else's
 */
export function judge(error: unknown, step: StepName, log: Log): Failure {
  if (error instanceof Interruption) throw error;
  if (error instanceof LeaseLostError) throw new Interruption('lease-lost', error.message);
  if (error instanceof ServiceError) {
    if (error.retry === 'give-up') log.info({ step, code: error.code, error }, 'step gave up');
    return { kind: error.retry === 'retry' ? 'trouble' : 'fatal', error: runError(error, step) };
  }
  log.error({ step, error }, 'step threw what it should not');
  return {
    kind: 'fatal',
    error: { code: 'bug', message: `${step} failed unexpectedly: ${errorText(error)}`, step },
  };
}

function runError(error: ServiceError, step: StepName): RunError {
  const { hint, ...details } = error.details;
  return {
    code: error.code,
    message: error.message,
    step,
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(Object.keys(details).length === 0 ? {} : { details: details as JsonObject }),
  };
}

/** Waits that double from one second to ten, and whether the trouble is the same as the last one. */
export type BackOff = {
  next(code: string, message: string): { readonly waitMs: number; readonly repeated: boolean };
  reset(): void;
};

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 10_000;

export function createBackOff(): BackOff {
  let waitMs = FIRST_WAIT_MS;
  let last: string | undefined;
  return {
    next(code, message) {
      const now = waitMs;
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      const text = `${code} ${message}`;
      const repeated = text === last;
      last = text;
      return { waitMs: now, repeated };
    },
    reset() {
      waitMs = FIRST_WAIT_MS;
      last = undefined;
    },
  };
}
