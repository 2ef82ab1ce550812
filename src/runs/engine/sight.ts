import type { PlanEntry, RunError } from '../../domain/run.ts';
import { formatSeconds } from '../../foundation/deadline.ts';

/** The last thing a step saw of the machine, and what went wrong since: for the error when its time is over. */
export type Sight = {
  saw(lastSeen: string, at: number): void;
  failed(message: string): void;
  /** The error of a step whose deadline passed. */
  deadlineError(entry: PlanEntry): RunError;
};

export function createSight(): Sight {
  let seen: string | undefined;
  let trouble: string | undefined;
  return {
    saw(lastSeen, at) {
      seen = `${lastSeen} (${timeOfDay(at)})`;
      trouble = undefined;
    },
    failed(message) {
      trouble = message;
    },
    deadlineError({ step, deadlineMs }) {
      const nothing = `${step}: nothing more within ${formatSeconds(deadlineMs)}`;
      const parts = [seen === undefined ? 'nothing was seen' : `last seen: ${seen}`];
      if (trouble !== undefined) parts.push(`last trouble: ${trouble}`);
      return {
        code: 'deadline-passed',
        message: [nothing, ...parts].join('; '),
        step,
        ...(seen === undefined ? {} : { lastSeen: seen }),
      };
    },
  };
}

/** "14:02:11Z" */
function timeOfDay(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)}Z`;
}
