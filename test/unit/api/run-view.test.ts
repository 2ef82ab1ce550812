import { describe, expect, it } from 'vitest';
import { runSchema, runSummarySchema } from '../../../src/api/schema/run.ts';
import { summariseRun, viewRun } from '../../../src/api/views/run-view.ts';
import type { Run, RunState, StepName } from '../../../src/domain/run.ts';
import { T0 } from '../../support/step-view.ts';

function runOf(state: RunState, cursor: number, change: Partial<Run> = {}): Run {
  const names: readonly StepName[] = ['power-on', 'unlock', 'system'];
  return {
    id: 'r1',
    machineId: 'm_1',
    request: { kind: 'boot' },
    state,
    plan: names.map((step) => ({ step, params: {}, deadlineMs: 90_000 })),
    cursor,
    round: 1,
    stepEnteredAt: state === 'queued' ? null : T0,
    stepDeadlineAt: state === 'queued' ? null : T0 + 90_000,
    enteredSeq: 3,
    results: {},
    error: null,
    actor: 'admin',
    cancelRequestedAt: null,
    fence: 1,
    createdAt: T0,
    startedAt: null,
    endedAt: null,
    ...change,
  };
}

describe('a run as it is shown', () => {
  it.each<[RunState, number, string[], StepName | null]>([
    ['queued', 0, ['pending', 'pending', 'pending'], null],
    ['running', 0, ['active', 'pending', 'pending'], 'power-on'],
    ['running', 1, ['done', 'active', 'pending'], 'unlock'],
    ['succeeded', 2, ['done', 'done', 'done'], null],
    ['failed', 1, ['done', 'failed', 'pending'], null],
    ['cancelled', 1, ['done', 'cancelled', 'pending'], null],
  ])('%s at %i', (state, cursor, steps, step) => {
    const run = runOf(state, cursor);
    const shown = runSchema.parse(viewRun(run, 'm1'));
    expect(shown.steps.map((each) => each.state)).toEqual(steps);
    expect([shown.step, runSummarySchema.parse(summariseRun(run)).step]).toEqual([step, step]);
  });

  it('that was cancelled before it began has no cancelled step', () => {
    const run = runOf('cancelled', 0, { stepEnteredAt: null });
    expect(viewRun(run, null).steps.map(({ state }) => state)).toEqual(['pending', 'pending', 'pending']);
  });

  it('tells times in ISO 8601, results by step and its error whole', () => {
    const error = { code: 'x', message: 'y', step: 'unlock', details: { disk: 'root' } } as const;
    const shown = viewRun(runOf('failed', 1, { endedAt: T0 + 1, results: { '0': { state: 'on' } }, error }), 'm1');
    expect(shown).toMatchObject({
      createdAt: '2023-11-14T22:13:20.000Z',
      endedAt: '2023-11-14T22:13:20.001Z',
      startedAt: null,
      error: { code: 'x', message: 'y', step: 'unlock', hint: null, lastSeen: null, details: { disk: 'root' } },
    });
    expect(shown.steps[0]?.result).toEqual({ state: 'on' });
    expect(shown.steps[0]?.deadlineSeconds).toBe(90);
  });
});
