import type { Selectable } from 'kysely';
import type { Run, RunError } from '../domain/run.ts';
import type { ActionRecord } from '../domain/step.ts';
import { fromColumn } from './json-column.ts';
import type { RunActionsTable, RunsTable } from './schema.ts';

/** A run as the domain knows it, from its row. */
export function runOf(row: Selectable<RunsTable>): Run {
  return {
    id: row.id,
    machineId: row.machine_id,
    request: fromColumn(row.request, 'run request'),
    state: row.state,
    plan: fromColumn(row.plan, 'plan'),
    cursor: row.cursor,
    round: row.round,
    stepEnteredAt: row.step_entered_at,
    stepDeadlineAt: row.step_deadline_at,
    enteredSeq: row.entered_seq,
    results: fromColumn(row.results, 'results'),
    error: row.error === null ? null : fromColumn<RunError>(row.error, 'run error'),
    actor: row.actor,
    cancelRequestedAt: row.cancel_requested_at,
    fence: row.fence,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

/** An act as the domain knows it, from its row. */
export function actionOf(row: Selectable<RunActionsTable>): ActionRecord {
  return {
    planIndex: row.plan_index,
    round: row.round,
    label: row.label,
    attempt: row.attempt,
    detail: fromColumn(row.detail, 'action detail'),
    startedAt: row.started_at,
    endedAt: row.ended_at,
    result: row.result === null ? null : fromColumn(row.result, 'action result'),
    error: row.error === null ? null : fromColumn<RunError>(row.error, 'action error'),
  };
}
