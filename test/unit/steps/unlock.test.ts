import { describe, expect, it } from 'vitest';
import type { InitrdFacts } from '../../../src/domain/ports/hosts.ts';
import type { ActionRecord } from '../../../src/domain/step.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { decideUnlock } from '../../../src/steps/unlock/decide.ts';
import type { UnlockFacts } from '../../../src/steps/unlock/facts.ts';
import { actOf, T0, viewOf } from '../../support/step-view.ts';

const BOOT = 'b007b007-0000-4000-8000-000000000001';
const stage1 = { kind: 'stage-1', fingerprint: 'SHA256:one' } as const;

function waiting(change: Partial<InitrdFacts> = {}, triesSpent: Record<string, number> = {}): UnlockFacts {
  const initrd: InitrdFacts = {
    bootId: BOOT,
    init: null,
    flavour: 'initramfs',
    prompts: [{ disk: 'cryptroot', id: 'askpass-1' }],
    unlocked: [],
    exhausted: [],
    ...change,
  };
  return { host: stage1, initrd, systemBootId: null, triesSpent };
}

function sent(verdict: string | null, change: Partial<ActionRecord> = {}): ActionRecord {
  const detail = { disk: 'cryptroot', promptId: 'askpass-1', bootId: BOOT };
  return actOf('send-passphrase', { detail, result: verdict === null ? null : { verdict }, ...change });
}

function decide(facts: UnlockFacts, actions: readonly ActionRecord[] = [], now = T0 + 2000, reboot?: Json) {
  const plan = reboot === undefined ? (['unlock'] as const) : (['reboot', 'unlock'] as const);
  const planIndex = plan.length - 1;
  const moved = actions.map((act) => ({ ...act, planIndex }));
  return decideUnlock(
    viewOf({ step: 'unlock', plan, planIndex, actions: moved, results: reboot === undefined ? {} : { '0': reboot } }),
    facts,
    now,
  );
}

describe('unlock', () => {
  it('sends to the prompt of an enrolled disk', () => {
    expect(decide(waiting())).toMatchObject({
      kind: 'act',
      label: 'send-passphrase',
      detail: { disk: 'cryptroot', promptId: 'askpass-1', bootId: BOOT },
    });
  });

  it('waits while nothing is asked', () => {
    expect(decide(waiting({ prompts: [] }))).toMatchObject({
      kind: 'wait',
      why: 'for stage 1 to ask for a passphrase',
    });
  });

  it('fails on a wrong passphrase, naming the disk, and does not try again', () => {
    const again = waiting({ prompts: [{ disk: 'cryptroot', id: 'askpass-2' }] });
    expect(decide(again, [sent('wrong')])).toMatchObject({
      kind: 'fail',
      error: { code: 'wrong-passphrase', message: expect.stringContaining('cryptroot') },
    });
    expect(decide(waiting({ prompts: [] }), [sent('wrong')])).toMatchObject({
      kind: 'fail',
      error: { code: 'wrong-passphrase' },
    });
  });

  it('after a crash, the same prompt id means that nothing was consumed: the same try is made', () => {
    const crashed = sent(null, { endedAt: null });
    expect(decide(waiting(), [crashed], T0 + 1000)).toMatchObject({ kind: 'wait' });
    expect(decide(waiting({}, { cryptroot: 1 }), [crashed], T0 + 6000)).toMatchObject({ kind: 'act' });
  });

  it('after a crash, another prompt id means that the passphrase was taken and refused', () => {
    const again = waiting({ prompts: [{ disk: 'cryptroot', id: 'askpass-2' }] });
    expect(decide(again, [sent(null, { endedAt: null })], T0 + 6000)).toMatchObject({
      kind: 'fail',
      error: { code: 'wrong-passphrase' },
    });
  });

  it('after a crash, a machine that went on needs nothing', () => {
    const facts: UnlockFacts = {
      host: { kind: 'stage-3', fingerprint: 'x' },
      initrd: null,
      systemBootId: BOOT,
      triesSpent: {},
    };
    expect(decide(facts, [sent(null, { endedAt: null })])).toMatchObject({ kind: 'done', result: { bootId: BOOT } });
  });

  it('goes on when stage 1 is gone after the disk was opened, and waits when it was not', () => {
    const facts: UnlockFacts = {
      host: { kind: 'absent', why: 'refused' },
      initrd: null,
      systemBootId: null,
      triesSpent: {},
    };
    expect(decide(facts, [sent('unlocked')])).toMatchObject({ kind: 'done', result: { disks: ['cryptroot'] } });
    expect(decide(facts, [sent('unknown')])).toMatchObject({ kind: 'wait' });
    expect(decide(facts)).toMatchObject({ kind: 'wait' });
  });

  it('leaves the last try of a boot to a human', () => {
    expect(decide(waiting({}, { cryptroot: 1 }))).toMatchObject({ kind: 'act' });
    expect(decide(waiting({}, { cryptroot: 2 }))).toMatchObject({ kind: 'fail', error: { code: 'tries-spent' } });
  });

  it('says when stage 1 takes no more', () => {
    expect(decide(waiting({ prompts: [], exhausted: ['cryptroot'] }))).toMatchObject({
      kind: 'fail',
      error: { code: 'unlock-exhausted' },
    });
  });

  it('refuses a disk that is not enrolled', () => {
    const facts = waiting({ prompts: [{ disk: 'cryptdata', id: 'x' }], unlocked: ['cryptroot'] });
    expect(decide(facts)).toMatchObject({
      kind: 'fail',
      error: { code: 'disk-not-enrolled', message: expect.stringContaining('cryptdata') },
    });
  });

  it('stops at an unknown host key with both fingerprints and the way to enrol', () => {
    const host = {
      kind: 'stranger',
      seen: 'SHA256:evil',
      seenKey: 'ssh-ed25519 EVIL',
      expected: ['stage 1: SHA256:good'],
    } as const;
    const decision = decide({ host, initrd: null, systemBootId: null, triesSpent: {} });
    expect(decision).toMatchObject({ kind: 'fail', error: { code: 'host-key-changed' } });
    const text = JSON.stringify(decision);
    for (const part of ['SHA256:evil', 'SHA256:good', 'ssh-ed25519 EVIL', 'hostKeys']) expect(text).toContain(part);
  });

  it('does not take the old system, still going down, for the new boot', () => {
    const facts: UnlockFacts = {
      host: { kind: 'stage-3', fingerprint: 'x' },
      initrd: null,
      systemBootId: 'old',
      triesSpent: {},
    };
    expect(decide(facts, [], T0, { bootIdBefore: 'old' })).toMatchObject({ kind: 'wait' });
    expect(decide({ ...facts, systemBootId: 'new' }, [], T0, { bootIdBefore: 'old' })).toMatchObject({ kind: 'done' });
  });
});
