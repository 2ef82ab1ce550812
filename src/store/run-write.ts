import type { NewEvent } from '../domain/event.ts';
import type { RunChange, RunGuard } from '../domain/ports/runs.ts';
import { ACTIVE_RUN_STATES, type Run } from '../domain/run.ts';
import { BugError } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import { fromColumn, toColumn } from './json-column.ts';
import { guarded } from './run-leases.ts';
import { runOf } from './run-rows.ts';
import { appendEvents } from './timeline.ts';
import type { Tx } from './transaction.ts';

/**
 * Everything a worker records, in one transaction: guard, change of the row, act, events.
 * @throws LeaseLostError, and nothing is written
 */
export async function writeRun(tx: Tx, guard: RunGuard, change: RunChange, events: readonly NewEvent[]): Promise<Run> {
  const before = await guarded(tx, guard, {});
  if (change.actionStarted !== undefined) await startAction(tx, guard.runId, change.actionStarted);
  if (change.actionEnded !== undefined) await endAction(tx, guard.runId, change.actionEnded);
  const numbered = await appendEvents(
    tx,
    before.machine_id,
    events.map((event) => ({ ...event, runId: guard.runId })),
  );
  tx.touch(before.machine_id);
  const columns = columnsOf(change, before.results, numbered.at(-1)?.seq);
  if (Object.keys(columns).length === 0) return runOf(before);
  const after = await tx.db
    .updateTable('runs')
    .set(columns)
    .where('id', '=', guard.runId)
    .returningAll()
    .executeTakeFirstOrThrow();
  return runOf(after);
}

function columnsOf(change: RunChange, resultsBefore: string, lastSeq: number | undefined) {
  const { state, cursor, round, stepEnteredAt, stepDeadlineAt, result, error, endedAt } = change;
  const over = state !== undefined && !ACTIVE_RUN_STATES.includes(state);
  return {
    ...(state === undefined ? {} : { state }),
    ...(over ? { owner: null, lease_until: null } : {}),
    ...(cursor === undefined ? {} : { cursor }),
    ...(round === undefined ? {} : { round }),
    ...(stepEnteredAt === undefined ? {} : { step_entered_at: stepEnteredAt }),
    ...(typeof stepEnteredAt === 'number' && lastSeq !== undefined ? { entered_seq: lastSeq } : {}),
    ...(stepDeadlineAt === undefined ? {} : { step_deadline_at: stepDeadlineAt }),
    ...(result === undefined ? {} : { results: merged(resultsBefore, result) }),
    ...(error === undefined ? {} : { error: toColumn(error) }),
    ...(endedAt === undefined ? {} : { ended_at: endedAt }),
  };
}

function merged(results: string, { planIndex, value }: NonNullable<RunChange['result']>): string {
  return toColumn({ ...fromColumn<Record<string, Json>>(results, 'results'), [planIndex]: value });
}

async function startAction(tx: Tx, runId: string, act: NonNullable<RunChange['actionStarted']>): Promise<void> {
  const last = await tx.db
    .selectFrom('run_actions')
    .select((row) => row.fn.max('number').as('number'))
    .where('run_id', '=', runId)
    .executeTakeFirst();
  await tx.db
    .insertInto('run_actions')
    .values({
      run_id: runId,
      number: (last?.number ?? 0) + 1,
      plan_index: act.planIndex,
      round: act.round,
      label: act.label,
      attempt: act.attempt,
      detail: toColumn(act.detail),
      started_at: act.startedAt,
      ended_at: null,
      result: null,
      error: null,
    })
    .execute();
}

async function endAction(tx: Tx, runId: string, act: NonNullable<RunChange['actionEnded']>): Promise<void> {
  const ended = await tx.db
    .updateTable('run_actions')
    .set({
      ended_at: act.endedAt,
      result: toColumn(act.result),
      error: act.error === null ? null : toColumn(act.error),
    })
    .where('run_id', '=', runId)
    .where('plan_index', '=', act.planIndex)
    .where('round', '=', act.round)
    .where('label', '=', act.label)
    .where('attempt', '=', act.attempt)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (ended.numUpdatedRows === 1n) return;
  throw new BugError(`run ${runId}: the end of ${act.label}, attempt ${act.attempt}, has no open start`);
}
