import { describe, expect, it } from 'vitest';
import type { PowerVerb } from '../../../src/domain/ports/bmc.ts';
import type { ActionRecord } from '../../../src/domain/step.ts';
import { decidePower } from '../../../src/steps/power/decide.ts';
import { actOf, T0, viewOf } from '../../support/step-view.ts';

function decide(verb: PowerVerb, power: 'on' | 'off', actions: readonly ActionRecord[] = [], now = T0 + 2000) {
  return decidePower(viewOf({ step: 'power', request: { kind: 'power', verb }, actions }), { power }, now);
}

describe('power: on and off are goals', () => {
  it('does nothing when the goal is reached', () => {
    expect(decide('on', 'on')).toEqual({ kind: 'done', result: { power: 'on', changed: false } });
    expect(decide('off', 'off')).toEqual({ kind: 'done', result: { power: 'off', changed: false } });
  });

  it('sends once and then waits for the effect', () => {
    expect(decide('on', 'off')).toMatchObject({ kind: 'act', label: 'send-on', action: { verb: 'on' } });
    const sent = [actOf('send-on', { result: { outcome: 'accepted' } })];
    expect(decide('on', 'off', sent)).toMatchObject({ kind: 'wait' });
    expect(decide('on', 'on', sent)).toEqual({ kind: 'done', result: { power: 'on', changed: true } });
  });

  it('does not resend on silence: it reads, and says so when nothing happened', () => {
    const silent = [actOf('send-on', { result: { outcome: 'silent' } })];
    expect(decide('on', 'off', silent)).toMatchObject({ kind: 'wait' });
    expect(decide('on', 'off', silent, T0 + 60_000)).toMatchObject({
      kind: 'fail',
      error: { code: 'power-no-effect', message: expect.stringContaining('not answered') },
    });
  });

  it('after a crash in the middle it watches for the settling time before it sends again', () => {
    const unknown = [actOf('send-on', { endedAt: null })];
    expect(decide('on', 'off', unknown, T0 + 5000)).toMatchObject({ kind: 'wait' });
    expect(decide('on', 'on', unknown, T0 + 5000)).toMatchObject({ kind: 'done' });
    expect(decide('on', 'off', unknown, T0 + 16_000)).toMatchObject({ kind: 'act', label: 'send-on' });
  });

  it('tells a refusal with its reason', () => {
    const refused = [actOf('send-off', { result: { outcome: 'refused', reason: 'insufficient privilege' } })];
    expect(decide('off', 'on', refused)).toMatchObject({
      kind: 'fail',
      error: { code: 'power-refused', message: expect.stringContaining('insufficient privilege') },
    });
  });

  it('waits for a soft shutdown without asking twice', () => {
    expect(decide('soft-off', 'on')).toMatchObject({ kind: 'act', label: 'send-soft-off' });
    const asked = [actOf('send-soft-off', { result: { outcome: 'silent' } })];
    expect(decide('soft-off', 'on', asked, T0 + 100_000)).toMatchObject({ kind: 'wait' });
    expect(decide('soft-off', 'off', asked)).toMatchObject({ kind: 'done' });
  });
});

describe('power: cycle is off, seen off, on', () => {
  const off = actOf('send-off', { result: { outcome: 'accepted' } });
  const on = actOf('send-on', { result: { outcome: 'accepted' } });

  it.each([
    ['on at first', 'on', [], { kind: 'act', label: 'send-off' }],
    ['still on', 'on', [off], { kind: 'wait' }],
    ['seen off', 'off', [off], { kind: 'act', label: 'send-on' }],
    ['still off after on', 'off', [off, on], { kind: 'wait' }],
    ['on again', 'on', [off, on], { kind: 'done' }],
    ['off from the start: only on', 'off', [], { kind: 'act', label: 'send-on' }],
    ['off from the start, then on', 'on', [on], { kind: 'done' }],
  ] as const)('%s', (_name, power, actions, expected) => {
    expect(decide('cycle', power, actions)).toMatchObject(expected);
  });
});

describe('power: reset and diag happen once or are said to be unknown', () => {
  it('is done only on the answer', () => {
    expect(decide('reset', 'on')).toMatchObject({ kind: 'act', label: 'send-reset' });
    expect(decide('reset', 'on', [actOf('send-reset', { result: { outcome: 'accepted' } })])).toMatchObject({
      kind: 'done',
    });
  });

  it.each([
    ['silence', actOf('send-reset', { result: { outcome: 'silent' } }), 'outcome-unknown'],
    ['a crash in the middle', actOf('send-reset', { endedAt: null }), 'outcome-unknown'],
    ['D5h', actOf('send-reset', { result: { outcome: 'already' } }), 'machine-is-off'],
  ])('%s', (_name, sent, code) => {
    expect(decide('reset', 'on', [sent], T0 + 100_000)).toMatchObject({ kind: 'fail', error: { code } });
  });

  it('is refused on a machine that is off', () => {
    expect(decide('diag', 'off')).toMatchObject({ kind: 'fail', error: { code: 'machine-is-off' } });
  });
});
