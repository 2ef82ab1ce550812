import type { NewRun } from '../domain/ports/runs.ts';
import type { Run } from '../domain/run.ts';
import { BugError, ConflictError } from '../foundation/errors.ts';
import { canonicalJson, type Json } from '../foundation/json.ts';
import { fromColumn, toColumn } from './json-column.ts';
import { runOf } from './run-rows.ts';
import { appendEvents } from './timeline.ts';
import type { Tx } from './transaction.ts';

/** How long an idempotency key gives the same run back. */
const KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;

/**
 * Queues a run within a transaction.
 * @throws NotFoundError when there is no such machine; ConflictError when it has an active run, or the key was used for another request
 */
export async function createRun(tx: Tx, id: string, order: NewRun): Promise<Run> {
  const { machineId, request, plan, actor, idempotencyKey } = order;
  if (plan.length === 0) throw new BugError(`order a ${request.kind} run: its plan has no steps`);
  if (idempotencyKey !== undefined) {
    const earlier = await ofKey(tx, actor, idempotencyKey);
    if (earlier !== undefined) return sameOrder(earlier, order, idempotencyKey);
  }
  // Events first: they lock the machine's row, so that two orders for it come one after the other.
  const steps = plan.map((entry) => entry.step);
  const params = fromColumn<Record<string, Json>>(toColumn(request), 'run request');
  await appendEvents(tx, machineId, [
    { type: 'run.queued', source: 'api', runId: id, data: { kind: request.kind, params, actor, steps } },
  ]);
  await refuseSecond(tx, machineId, request.kind);
  const row = await tx.db
    .insertInto('runs')
    .values({
      id,
      machine_id: machineId,
      kind: request.kind,
      request: toColumn(request),
      state: 'queued',
      plan: toColumn(plan),
      cursor: 0,
      round: 1,
      step_entered_at: null,
      step_deadline_at: null,
      entered_seq: 0,
      results: '{}',
      error: null,
      actor,
      cancel_requested_at: null,
      owner: null,
      fence: 0,
      lease_until: null,
      created_at: tx.at,
      started_at: null,
      ended_at: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  if (idempotencyKey !== undefined) {
    const key = { actor, key: idempotencyKey, run_id: id, created_at: tx.at };
    await tx.db.insertInto('idempotency_keys').values(key).execute();
  }
  return runOf(row);
}

async function ofKey(tx: Tx, actor: string, key: string): Promise<Run | undefined> {
  await tx.db
    .deleteFrom('idempotency_keys')
    .where('created_at', '<=', tx.at - KEY_LIFETIME_MS)
    .execute();
  const row = await tx.db
    .selectFrom('idempotency_keys')
    .innerJoin('runs', 'runs.id', 'idempotency_keys.run_id')
    .selectAll('runs')
    .where('idempotency_keys.actor', '=', actor)
    .where('idempotency_keys.key', '=', key)
    .executeTakeFirst();
  return row === undefined ? undefined : runOf(row);
}

function sameOrder(earlier: Run, order: NewRun, key: string): Run {
  const text = (request: unknown): string => canonicalJson(fromColumn<Json>(toColumn(request), 'run request'));
  if (earlier.machineId === order.machineId && text(earlier.request) === text(order.request)) return earlier;
  throw new ConflictError(
    `the idempotency key ${key} was used for another request (run ${earlier.id}): take a new key`,
    {
      details: { runId: earlier.id, kind: earlier.request.kind },
    },
  );
}

async function refuseSecond(tx: Tx, machineId: string, kind: string): Promise<void> {
  const active = await tx.db
    .selectFrom('runs')
    .innerJoin('machines', 'machines.id', 'runs.machine_id')
    .select(['runs.id', 'runs.kind', 'machines.name'])
    .where('runs.machine_id', '=', machineId)
    .where('runs.state', 'in', ['queued', 'running'])
    .executeTakeFirst();
  if (active === undefined) return;
  throw new ConflictError(
    `order a ${kind} run: machine ${active.name} has an active ${active.kind} run ${active.id}; cancel it or wait for its end`,
    { details: { runId: active.id, kind: active.kind, machine: active.name } },
  );
}
