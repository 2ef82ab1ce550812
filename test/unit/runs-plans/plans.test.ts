import { describe, expect, it } from 'vitest';
import type { RunRequest } from '../../../src/domain/run.ts';
import { planFor } from '../../../src/runs/plans.ts';
import { SPEC } from '../../support/step-view.ts';

const names = (request: RunRequest, spec = SPEC): readonly string[] =>
  planFor(request, spec).map((entry) => entry.step);

describe('plans', () => {
  it.each<[RunRequest, readonly string[]]>([
    [{ kind: 'power', verb: 'cycle' }, ['power']],
    [{ kind: 'boot' }, ['power-on', 'netboot', 'unlock', 'system', 'session']],
    [{ kind: 'boot', netboot: false }, ['power-on', 'unlock', 'system', 'session']],
    [{ kind: 'unlock' }, ['unlock', 'system']],
    [{ kind: 'rebuild' }, ['system', 'activate']],
    [{ kind: 'reboot' }, ['reboot', 'unlock', 'system', 'verify', 'session']],
    [
      { kind: 'update' },
      [
        'power-on',
        'netboot',
        'unlock',
        'system',
        'activate',
        'reboot',
        'unlock',
        'system',
        'verify',
        'session',
        'commit',
      ],
    ],
  ])('%j', (request, expected) => {
    expect(names(request)).toEqual(expected);
  });

  it('leaves out what the machine does not have', () => {
    const { session: _session, netboot: _netboot, ...rest } = SPEC;
    expect(names({ kind: 'boot' }, { ...rest, disks: [] })).toEqual(['power-on', 'system']);
  });

  it('goes back to where the boot began, for as many rounds as the machine has tries', () => {
    const plan = planFor({ kind: 'update' }, { ...SPEC, bootTries: 3 });
    expect(plan[1]?.rewind).toEqual({ to: 0, rounds: 3 });
    expect(plan[6]?.rewind).toEqual({ to: 5, rounds: 3 });
    expect(planFor({ kind: 'boot' }, { ...SPEC, bootTries: 1 }).every((entry) => entry.rewind === undefined)).toBe(
      true,
    );
  });

  it("takes the machine's deadlines over the defaults", () => {
    const plan = planFor({ kind: 'unlock' }, { ...SPEC, deadlines: { unlock: 7 } });
    expect(plan.map((entry) => entry.deadlineMs)).toEqual([7000, 300_000]);
  });
});
