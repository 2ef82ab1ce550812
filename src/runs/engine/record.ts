import type { NewEvent } from '../../domain/event.ts';
import type { RunChange, RunGuard, Runs } from '../../domain/ports/runs.ts';
import type { Run } from '../../domain/run.ts';
import type { ActionRecord } from '../../domain/step.ts';

/** An event of the engine's own; the store adds the run. */
export type EngineEvent = Omit<NewEvent, 'source' | 'runId'>;

/** The run as it stands in the store, held by its owner: whatever happens is written there first and here after. */
export type RunRecord = {
  readonly run: Run;
  /** Acts of the whole run, oldest first. */
  readonly actions: readonly ActionRecord[];
  /** Events written through this record: how many of the machine's new events are our own. */
  readonly written: number;
  /** @throws LeaseLostError, and nothing is written */
  write(change: RunChange, events: readonly EngineEvent[]): Promise<void>;
};

/**
 * @param run as it was claimed
 * @param onCancel called when a write finds that cancellation was asked for
 */
export async function openRecord(runs: Runs, guard: RunGuard, run: Run, onCancel: () => void): Promise<RunRecord> {
  let present = run;
  let actions = await runs.actions(run.id);
  let written = 0;
  return {
    get run() {
      return present;
    },
    get actions() {
      return actions;
    },
    get written() {
      return written;
    },
    async write(change, events) {
      present = await runs.write(
        guard,
        change,
        events.map((event) => ({ ...event, source: 'engine' })),
      );
      written += events.length;
      actions = withAct(actions, change);
      if (present.cancelRequestedAt !== null) onCancel();
    },
  };
}

/** The number of the next try of this act, from what is recorded. */
export function nextAttempt(record: RunRecord, label: string): number {
  const { cursor, round } = record.run;
  const earlier = record.actions.filter(
    (act) => act.planIndex === cursor && act.round === round && act.label === label,
  );
  return 1 + Math.max(0, ...earlier.map((act) => act.attempt));
}

function withAct(actions: readonly ActionRecord[], change: RunChange): readonly ActionRecord[] {
  const { actionStarted: started, actionEnded: ended } = change;
  const all = started === undefined ? actions : [...actions, { ...started, endedAt: null, result: null, error: null }];
  if (ended === undefined) return all;
  return all.map((act) => (act.endedAt === null && sameAct(act, ended) ? { ...act, ...ended } : act));
}

type ActName = Pick<ActionRecord, 'planIndex' | 'round' | 'label' | 'attempt'>;

function sameAct(a: ActName, b: ActName): boolean {
  return a.planIndex === b.planIndex && a.round === b.round && a.label === b.label && a.attempt === b.attempt;
}
