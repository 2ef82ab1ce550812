import { describe, expect, it } from 'vitest';
import type { RunRequest } from '../../../src/domain/run.ts';
import type { ActionRecord } from '../../../src/domain/step.ts';
import { decideActivate } from '../../../src/steps/activate/decide.ts';
import type { ActivateFacts } from '../../../src/steps/activate/facts.ts';
import { jobOf, orderOf } from '../../../src/steps/activate/order.ts';
import { actOf, T0, viewOf } from '../../support/step-view.ts';

const facts: ActivateFacts = {
  host: { kind: 'stage-3', fingerprint: 'x' },
  bootId: 'boot-1',
  profile: '/nix/store/a',
  current: '/nix/store/a',
  job: { kind: 'absent' },
  lastLines: [],
};
const started = actOf('start-rebuild', {
  detail: { bootId: 'boot-1', profile: '/nix/store/a', current: '/nix/store/a' },
});
const ended = (exitCode: number | null) =>
  actOf('follow', { result: { kind: 'ended', exitCode, result: 'exit-code' } });

function decide(
  change: Partial<ActivateFacts>,
  actions: readonly ActionRecord[] = [],
  now = T0 + 2000,
  request: RunRequest = { kind: 'update' },
) {
  return decideActivate(viewOf({ step: 'activate', actions, request }), { ...facts, ...change }, now);
}

describe('activate', () => {
  it('starts the job once and follows it', () => {
    expect(decide({})).toMatchObject({ kind: 'act', label: 'start-rebuild', detail: { profile: '/nix/store/a' } });
    expect(decide({ job: { kind: 'running' } }, [started])).toMatchObject({ kind: 'act', label: 'follow' });
  });

  it('attaches again after a crash or a lost connection', () => {
    const lost = actOf('follow', { endedAt: null });
    expect(decide({ job: { kind: 'running' } }, [started, lost])).toMatchObject({ label: 'follow' });
    // Ended while nobody watched: the rest of the output is still to be fetched.
    expect(decide({ job: { kind: 'ended', exitCode: 0, result: 'success' } }, [started, lost])).toMatchObject({
      label: 'follow',
    });
  });

  it('starts again after a crash only when the job does not show', () => {
    const crashed = { ...started, endedAt: null };
    expect(decide({}, [crashed])).toMatchObject({ kind: 'wait' });
    expect(decide({}, [crashed], T0 + 6000)).toMatchObject({ label: 'start-rebuild' });
    expect(decide({ job: { kind: 'running' } }, [crashed])).toMatchObject({ label: 'follow' });
  });

  it('tidies up, then tells the new generation', () => {
    const job = { kind: 'ended', exitCode: 0, result: 'success' } as const;
    expect(decide({ job, profile: '/nix/store/b' }, [started, ended(0)])).toMatchObject({ label: 'tidy' });
    expect(decide({ profile: '/nix/store/b' }, [started, ended(0), actOf('tidy')])).toEqual({
      kind: 'done',
      result: { action: 'boot', toplevel: '/nix/store/b', changed: true },
    });
  });

  it('fails a build with the last lines, and says that the machine is untouched', () => {
    const lastLines = ["error: undefined variable 'foo'"];
    expect(decide({ lastLines }, [started, ended(1), actOf('tidy')])).toMatchObject({
      kind: 'fail',
      error: {
        code: 'build-failed',
        message: expect.stringContaining('untouched'),
        details: { lastLines, untouched: true },
      },
    });
  });

  it('warns when the profile has moved although it failed', () => {
    expect(decide({ profile: '/nix/store/b' }, [started, ended(1), actOf('tidy')])).toMatchObject({
      kind: 'fail',
      error: { code: 'activation-failed', message: expect.stringContaining('/nix/store/b') },
    });
  });

  it('says when the machine started anew in the middle', () => {
    expect(decide({ bootId: 'boot-2' }, [started])).toMatchObject({
      kind: 'fail',
      error: { code: 'machine-restarted' },
    });
  });

  it('waits while the machine cannot be asked', () => {
    expect(decide({ host: { kind: 'absent', why: 'timeout' }, job: null }, [started])).toMatchObject({ kind: 'wait' });
  });
});

describe('what is ordered', () => {
  it("takes the machine's settings, and the request's words over them", () => {
    const view = viewOf({ step: 'activate', request: { kind: 'update' } });
    expect(orderOf(view)).toEqual({
      job: jobOf(view),
      action: 'boot',
      flake: '/etc/nixos',
      attribute: 'lab',
      refresh: true,
    });
    const asked: RunRequest = {
      kind: 'rebuild',
      action: 'switch',
      flake: 'github:o/r',
      attribute: 'x',
      refresh: false,
    };
    expect(orderOf(viewOf({ step: 'activate', request: asked }))).toMatchObject({
      action: 'switch',
      flake: 'github:o/r',
      attribute: 'x',
      refresh: false,
    });
  });
});
