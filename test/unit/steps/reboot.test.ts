import { describe, expect, it } from 'vitest';
import type { SystemFacts } from '../../../src/domain/ports/hosts.ts';
import type { ActionRecord } from '../../../src/domain/step.ts';
import type { JsonObject } from '../../../src/foundation/json.ts';
import { decideReboot, GO_DOWN_MS } from '../../../src/steps/reboot/decide.ts';
import type { RebootFacts } from '../../../src/steps/reboot/facts.ts';
import { actOf, T0, viewOf } from '../../support/step-view.ts';

const OLD: SystemFacts = {
  bootId: 'old',
  state: 'running',
  failedUnits: [],
  booted: '/nix/a',
  current: '/nix/a',
  profile: '/nix/b',
};
const up: RebootFacts = { host: { kind: 'stage-3', fingerprint: 'x' }, system: OLD, power: null };
const gone: RebootFacts = { host: { kind: 'absent', why: 'refused' }, system: null, power: null };
const ordered = actOf('order-reboot', { detail: { bootId: 'old', profile: '/nix/b' } });

type Given = { actions?: readonly ActionRecord[]; now?: number; retry?: JsonObject; netboot?: boolean };

function decide(facts: RebootFacts, { actions = [], now = T0 + 2000, retry, netboot = false }: Given = {}) {
  const round = retry === undefined ? 1 : 2;
  const view = viewOf({
    step: 'reboot',
    actions,
    round,
    params: { netboot },
    results: retry === undefined ? {} : { '0': retry },
  });
  return decideReboot(view, facts, now);
}

describe('reboot over SSH', () => {
  it('orders once, remembering the boot that is to end', () => {
    expect(decide(up)).toMatchObject({
      kind: 'act',
      label: 'order-reboot',
      detail: { bootId: 'old', profile: '/nix/b' },
    });
    expect(decide(up, { actions: [ordered] })).toMatchObject({ kind: 'wait' });
  });

  it('is done when the system is gone, in stage 1, or another boot', () => {
    const expected = { kind: 'done', result: { bootIdBefore: 'old', by: 'ssh', expected: '/nix/b' } };
    expect(decide(gone, { actions: [ordered] })).toEqual(expected);
    expect(decide({ ...gone, host: { kind: 'stage-1', fingerprint: 'y' } }, { actions: [ordered] })).toEqual(expected);
    expect(decide({ ...up, system: { ...OLD, bootId: 'new' } }, { actions: [ordered] })).toEqual(expected);
  });

  it('orders again after a crash only when the same boot shows no sign of going down', () => {
    const crashed = { ...ordered, endedAt: null };
    const later = T0 + 11_000;
    expect(decide(up, { actions: [crashed], now: T0 + 5000 })).toMatchObject({ kind: 'wait' });
    expect(decide(up, { actions: [crashed], now: later })).toMatchObject({ kind: 'act', label: 'order-reboot' });
    expect(decide({ ...up, system: { ...OLD, state: 'stopping' } }, { actions: [crashed], now: later })).toMatchObject({
      kind: 'wait',
    });
  });
});

describe('reboot by the BMC', () => {
  const off = actOf('power-off', { result: { outcome: 'accepted' } });
  const on = actOf('power-on', { result: { outcome: 'accepted' } });

  it('is the way when the system does not answer: off, seen off, on', () => {
    expect(decide({ ...gone, power: 'on' })).toMatchObject({ kind: 'act', label: 'power-off' });
    expect(decide({ ...gone, power: 'off' }, { actions: [off] })).toMatchObject({ kind: 'act', label: 'power-on' });
    expect(decide({ ...gone, power: 'on' }, { actions: [off, on] })).toMatchObject({
      kind: 'done',
      result: { by: 'bmc' },
    });
  });

  it('only switches on what is off', () => {
    expect(decide({ ...gone, power: 'off' })).toMatchObject({ kind: 'act', label: 'power-on' });
  });

  it('is the way when the system does not go down in its time', () => {
    const now = T0 + GO_DOWN_MS;
    expect(decide({ ...up, power: 'on' }, { actions: [ordered], now })).toMatchObject({
      kind: 'act',
      label: 'power-off',
    });
  });

  it('is the way when the run came back, and still knows which boot was to end', () => {
    const retry = { bootIdBefore: 'old', by: 'ssh' };
    expect(decide({ ...gone, power: 'on' }, { retry })).toMatchObject({ kind: 'act', label: 'power-off' });
    const done = [off, on].map((act) => ({ ...act, round: 2 }));
    expect(decide({ ...gone, power: 'on' }, { retry, actions: done })).toMatchObject({
      kind: 'done',
      result: { bootIdBefore: 'old' },
    });
  });
});

it('arms netboot and overrides the boot device first, when asked to', () => {
  expect(decide(up, { netboot: true })).toMatchObject({ label: 'arm' });
  expect(decide(up, { netboot: true, actions: [actOf('arm')] })).toMatchObject({ label: 'boot-override' });
  expect(decide(up, { netboot: true, actions: [actOf('arm'), actOf('boot-override')] })).toMatchObject({
    label: 'order-reboot',
  });
});
