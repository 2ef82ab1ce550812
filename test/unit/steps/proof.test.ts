import { describe, expect, it } from 'vitest';
import type { SystemFacts } from '../../../src/domain/ports/hosts.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { decideCommit } from '../../../src/steps/commit/decide.ts';
import { decideNetboot } from '../../../src/steps/netboot/decide.ts';
import { type NetbootFacts, progressOf } from '../../../src/steps/netboot/facts.ts';
import { decideSession } from '../../../src/steps/session/decide.ts';
import { decideSystem } from '../../../src/steps/system/decide.ts';
import { decideVerify } from '../../../src/steps/verify/decide.ts';
import { actOf, viewOf } from '../../support/step-view.ts';

const stage3 = { kind: 'stage-3', fingerprint: 'x' } as const;
const SYSTEM: SystemFacts = {
  bootId: 'new',
  state: 'running',
  failedUnits: [],
  booted: '/nix/b',
  current: '/nix/b',
  profile: '/nix/b',
};
const PLAN = ['system', 'activate', 'reboot', 'unlock', 'system', 'verify', 'commit'] as const;
const RESULTS: Record<string, Json> = {
  '0': { bootId: 'old', failedUnits: ['was-broken.service'] },
  '1': { toplevel: '/nix/b' },
  '2': { bootIdBefore: 'old', expected: '/nix/b' },
  '3': { bootId: 'new' },
  '4': { bootId: 'new', failedUnits: [] },
};

describe('verify', () => {
  const decide = (change: Partial<SystemFacts>) =>
    decideVerify(viewOf({ step: 'verify', plan: PLAN, planIndex: 5, results: RESULTS }), {
      host: stage3,
      system: { ...SYSTEM, ...change },
    });

  it('passes on a proven boot', () => {
    expect(decide({})).toMatchObject({ kind: 'done', result: { toplevel: '/nix/b' } });
    expect(decide({ failedUnits: ['was-broken.service'] })).toMatchObject({ kind: 'done' });
    expect(decide({ booted: '/nix/b/specialisation/x' })).toMatchObject({ kind: 'done' });
  });

  it.each([
    ['the boot did not change', { bootId: 'old' }, ['rebooted', 'same-boot']],
    ['another boot than the unlocked one', { bootId: 'third' }, ['same-boot']],
    ['another generation', { booted: '/nix/a' }, ['generation']],
    ['a newly failed unit', { failedUnits: ['fresh.service'] }, ['units']],
  ])('fails when %s', (_name, change, failed) => {
    expect(decide(change)).toMatchObject({ kind: 'fail', error: { code: 'boot-not-proven', details: { failed } } });
  });
});

describe('system', () => {
  const decide = (change: Partial<SystemFacts>, results: Record<string, Json> = RESULTS) =>
    decideSystem(viewOf({ step: 'system', plan: PLAN, planIndex: 4, results }), {
      host: stage3,
      system: { ...SYSTEM, ...change },
    });

  it.each([
    ['running', 'done'],
    ['degraded', 'done'],
    ['starting', 'wait'],
    ['initializing', 'wait'],
    ['stopping', 'wait'],
    ['maintenance', 'fail'],
  ])('%s: %s', (state, kind) => {
    expect(decide({ state })).toMatchObject({ kind });
  });

  it('waits for the old boot to go, and fails on a boot that was not unlocked', () => {
    expect(decide({ bootId: 'old' })).toMatchObject({ kind: 'wait' });
    expect(decide({ bootId: 'third' })).toMatchObject({ kind: 'fail', error: { code: 'boot-broken' } });
  });

  it('waits while stage 1 still answers', () => {
    const view = viewOf({ step: 'system' });
    expect(decideSystem(view, { host: { kind: 'stage-1', fingerprint: 'y' }, system: null })).toMatchObject({
      kind: 'wait',
    });
  });
});

describe('netboot', () => {
  const FACTS: NetbootFacts = {
    host: { kind: 'absent', why: 'x' },
    armed: true,
    boot: 'kernel',
    wanted: 1,
    asked: true,
    offered: true,
    script: true,
    grub: false,
    kernel: true,
    initrds: 1,
    turnedAway: false,
    trouble: null,
  };
  const decide = (change: Partial<NetbootFacts>, already: string | null = null) =>
    decideNetboot(
      viewOf({ step: 'netboot', plan: ['power-on', 'netboot'], planIndex: 1, results: { '0': { already } } }),
      { ...FACTS, ...change },
    );

  it('ends on proof from the booted system, not on requests', () => {
    expect(decide({})).toMatchObject({ kind: 'wait' });
    expect(decide({ host: { kind: 'stage-1', fingerprint: 'x' } })).toMatchObject({ kind: 'act', label: 'disarm' });
    expect(decide({ host: { kind: 'stage-1', fingerprint: 'x' }, armed: false })).toEqual({
      kind: 'done',
      result: { netbooted: true },
    });
  });

  it.each([
    ['generation', {}, true],
    ['generation', { initrds: 0 }, false],
    ['rescue', { kernel: false }, false],
    ['script', { kernel: false, initrds: 0 }, true],
    ['script', { kernel: false, initrds: 0, script: false }, false],
    ['local-disk', { kernel: false, initrds: 0 }, true],
    ['local-disk', { kernel: false, initrds: 0, script: false, turnedAway: true }, true],
    ['local-disk', { kernel: false, initrds: 0, script: false, grub: true }, true],
    ['local-disk', { kernel: false, initrds: 0, script: false }, true],
    ['script', { kernel: false, initrds: 0, script: false, grub: true }, false],
  ] as const)('a machine that is to boot %s and shows %j has done so: %s', (boot, change, netbooted) => {
    const host = { kind: 'stage-1', fingerprint: 'x' } as const;
    const decision = decide({ host, boot, armed: false, ...change });
    expect(decision.kind).toBe(netbooted ? 'done' : 'fail');
  });

  it('tells when the machine came up by another way', () => {
    const host = { kind: 'stage-1', fingerprint: 'x' } as const;
    expect(decide({ host, kernel: false, initrds: 0 })).toMatchObject({
      kind: 'fail',
      again: true,
      error: { code: 'booted-otherwise' },
    });
    const up = { kind: 'stage-3', fingerprint: 'x' } as const;
    expect(decide({ host: up, kernel: false }), 'a running system is not switched off').toMatchObject({ again: false });
    expect(decide({ host, kernel: false, initrds: 0, armed: false }, 'stage-1')).toEqual({
      kind: 'done',
      result: { netbooted: false },
    });
  });

  it('reads progress from sightings', () => {
    const at = { machineId: 'm', at: 0 };
    const progress = progressOf([
      { ...at, seq: 1, type: 'boot.asked', source: 'dhcp', data: {} },
      { ...at, seq: 2, type: 'boot.offered', source: 'dhcp', data: {} },
      { ...at, seq: 3, type: 'file.served', source: 'tftp', data: { name: 'kernel' } },
      { ...at, seq: 4, type: 'file.served', source: 'http', data: { name: 'script.ipxe' } },
      { ...at, seq: 5, type: 'file.served', source: 'http', data: { name: 'initrd/0' } },
      { ...at, seq: 6, type: 'file.served', source: 'http', data: { name: 'initrd/0' } },
    ]);
    expect(progress).toEqual({
      asked: true,
      offered: true,
      script: true,
      grub: false,
      kernel: false,
      initrds: 1,
      turnedAway: false,
      trouble: null,
    });
  });

  it('reads what GRUB fetches by TFTP, and takes no loader for it', () => {
    const at = { machineId: 'm', at: 0, type: 'file.served', source: 'tftp' } as const;
    const names = ['shimx64.efi', 'grub.cfg', 'boot/kernel', 'boot/initrd/0', 'boot/initrd/1'];
    const progress = progressOf(names.map((name, seq) => ({ ...at, seq, data: { name } })));
    expect(progress).toMatchObject({ script: false, grub: true, kernel: true, initrds: 2 });
  });

  it('names what the boot doctor found, until the boot got over it', () => {
    const at = { machineId: 'm', at: 0, source: 'doctor' } as const;
    const found = (seq: number, code: string, message: string) =>
      ({ ...at, seq, type: 'boot.diagnosed', data: { code, message, hint: 'do this' } }) as const;
    const events = [found(1, 'offer-not-taken', 'it takes none'), found(3, 'script-not-fetched', 'no request came')];
    const { trouble } = progressOf(events);
    expect(trouble).toBe('no request came (script-not-fetched)');
    const facts = { ...FACTS, ...progressOf([]), host: { kind: 'absent', why: 'silent' } as const, trouble };
    expect(decideNetboot(viewOf({ step: 'netboot' }), facts)).toMatchObject({
      kind: 'wait',
      why: 'no netboot request from this machine: no request came (script-not-fetched)',
    });
    const over = { ...at, seq: 4, type: 'boot.recovered', data: { code: 'script-not-fetched' } } as const;
    expect(progressOf([...events, over]).trouble).toBe('it takes none (offer-not-taken)');
    const again = found(5, 'script-not-fetched', 'once more');
    expect(progressOf([...events, over, again]).trouble).toBe('once more (script-not-fetched)');
  });
});

describe('session and commit', () => {
  it.each([
    [{ manager: 'active', defaultTarget: 'active' }, 'done'],
    [{ manager: 'active', defaultTarget: 'activating' }, 'wait'],
    [{ manager: 'inactive', defaultTarget: null }, 'wait'],
    [{ manager: null, defaultTarget: null }, 'fail'],
  ])('session %j: %s', (session, kind) => {
    expect(decideSession(viewOf({ step: 'session' }), { host: stage3, session })).toMatchObject({ kind });
  });

  it('marks what was verified, once', () => {
    const view = viewOf({
      step: 'commit',
      plan: PLAN,
      planIndex: 6,
      results: { ...RESULTS, '5': { toplevel: '/nix/b', bootId: 'new' } },
    });
    expect(decideCommit(view, { proven: false, captured: null })).toMatchObject({
      kind: 'act',
      action: { kind: 'prove', toplevel: '/nix/b', bootId: 'new' },
    });
    expect(decideCommit(view, { proven: true, captured: null })).toMatchObject({ kind: 'done' });
    expect(decideCommit(view, { proven: true, captured: false })).toMatchObject({ kind: 'act', label: 'capture' });
    expect(decideCommit(view, { proven: true, captured: true })).toMatchObject({ kind: 'done' });
    const tried = { ...view, actions: [actOf('capture', { error: { code: 'x', message: 'no' } })] };
    expect(decideCommit(tried, { proven: true, captured: false }), 'a capture that failed').toEqual({
      kind: 'done',
      result: { toplevel: '/nix/b', captured: false },
    });
    expect(decideCommit(viewOf({ step: 'commit' }), { proven: false, captured: null })).toMatchObject({ kind: 'fail' });
  });
});
