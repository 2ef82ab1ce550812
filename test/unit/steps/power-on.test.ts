import { describe, expect, it } from 'vitest';
import type { ActionRecord } from '../../../src/domain/step.ts';
import { decidePowerOn } from '../../../src/steps/power-on/decide.ts';
import type { PowerOnFacts } from '../../../src/steps/power-on/facts.ts';
import { actOf, T0, viewOf } from '../../support/step-view.ts';

const absent = { kind: 'absent', why: 'no route' } as const;

type Given = { actions?: readonly ActionRecord[]; netboot?: boolean; retry?: boolean; now?: number };

function decide(facts: PowerOnFacts, { actions = [], netboot = true, retry = false, now = T0 + 2000 }: Given = {}) {
  const view = viewOf({
    step: 'power-on',
    params: { netboot },
    actions,
    round: retry ? 2 : 1,
    results: retry ? { '0': { already: null } } : {},
  });
  return decidePowerOn(view, facts, now);
}

describe('power-on', () => {
  it('leaves a machine alone that answers already', () => {
    const facts = { host: { kind: 'stage-3', fingerprint: 'SHA256:x' }, power: null } as const;
    expect(decide(facts)).toEqual({ kind: 'done', result: { already: 'stage-3' } });
  });

  it('arms, overrides, switches on, in that order and each once', () => {
    const arm = actOf('arm', { result: { afterSeq: 10 } });
    const override = actOf('boot-override', { result: { device: 'pxe' } });
    const on = actOf('power-on', { result: { outcome: 'accepted' } });
    const off = { host: absent, power: 'off' } as const;
    expect(decide(off)).toMatchObject({ kind: 'act', label: 'arm' });
    expect(decide(off, { actions: [arm] })).toMatchObject({ label: 'boot-override', action: { device: 'pxe' } });
    expect(decide(off, { actions: [arm, override] })).toMatchObject({ label: 'power-on' });
    expect(decide(off, { actions: [arm, override, on] })).toMatchObject({ kind: 'wait' });
    expect(decide({ host: absent, power: 'on' }, { actions: [arm, override, on] })).toMatchObject({ kind: 'done' });
  });

  it('needs neither arming nor override for a boot from disk', () => {
    expect(decide({ host: absent, power: 'off' }, { netboot: false })).toMatchObject({
      kind: 'act',
      label: 'power-on',
    });
  });

  it('does not cycle a machine that is on and silent in the first round: it may be booting', () => {
    const arm = actOf('arm');
    expect(decide({ host: absent, power: 'on' }, { actions: [arm] })).toEqual({
      kind: 'done',
      result: { already: 'on' },
    });
  });

  it('switches off first when the boot before showed nothing', () => {
    const at = { round: 2 };
    const arm = actOf('arm', at);
    const off = actOf('power-off', { ...at, result: { outcome: 'accepted' } });
    const override = actOf('boot-override', at);
    const on = actOf('power-on', { ...at, result: { outcome: 'accepted' } });
    const isOn = { host: absent, power: 'on' } as const;
    const isOff = { host: absent, power: 'off' } as const;
    expect(decide(isOn, { retry: true })).toMatchObject({ label: 'arm' });
    expect(decide(isOn, { retry: true, actions: [arm] })).toMatchObject({ label: 'power-off' });
    expect(decide(isOn, { retry: true, actions: [arm, off] })).toMatchObject({ kind: 'wait' });
    expect(decide(isOff, { retry: true, actions: [arm, off] })).toMatchObject({ label: 'boot-override' });
    expect(decide(isOff, { retry: true, actions: [arm, off, override] })).toMatchObject({ label: 'power-on' });
    expect(decide(isOn, { retry: true, actions: [arm, off, override, on] })).toMatchObject({ kind: 'done' });
  });

  it('after a crash between override and power-on it goes on with power-on only', () => {
    const actions = [actOf('arm'), actOf('boot-override'), actOf('power-on', { endedAt: null })];
    expect(decide({ host: absent, power: 'on' }, { actions })).toMatchObject({ kind: 'done' });
    expect(decide({ host: absent, power: 'off' }, { actions, now: T0 + 3000 })).toMatchObject({ kind: 'wait' });
    expect(decide({ host: absent, power: 'off' }, { actions, now: T0 + 20_000 })).toMatchObject({ label: 'power-on' });
  });

  it('stops at an unknown host key', () => {
    const host = {
      kind: 'stranger',
      seen: 'SHA256:evil',
      seenKey: 'ssh-ed25519 EVIL',
      expected: ['stage 3: SHA256:good'],
    } as const;
    expect(decide({ host, power: null })).toMatchObject({ kind: 'fail', error: { code: 'host-key-changed' } });
  });
});
