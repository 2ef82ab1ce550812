import { describe, expect, test } from 'vitest';
import type { PowerState, PowerVerb } from '../../../../src/domain/ports/bmc.ts';
import { readRestartCause } from '../../../../src/drivers/bmc/ipmi/chassis/restart-cause.ts';
import { type ChassisMoment, verbEvidence } from '../../../../src/drivers/bmc/ipmi/chassis/restart-evidence.ts';
import { ChassisControl, chassisControl } from '../../../../src/protocols/ipmi/commands/chassis/chassis-control.ts';
import { getChassisStatus } from '../../../../src/protocols/ipmi/commands/chassis/get-chassis-status.ts';
import type { BmcSettingsOptions } from '../../../../src/simulator/bmc/settings.ts';
import type { DirectRequester } from '../../../support/direct-requester.ts';
import { createController, never } from './controller.ts';

const moment = (power: PowerState, cause: number | null, channel?: number): ChassisMoment => ({
  power,
  restart: cause === null ? null : channel === undefined ? { cause } : { cause, channel },
});

type Row = readonly [PowerVerb, ChassisMoment, ChassisMoment, string];
const known = { recordsChassisControl: true };

describe('what the chassis proves of a verb whose answer was lost', () => {
  test.each<Row>([
    ['on', moment('off', 3), moment('on', 1), 'happened'],
    ['on', moment('off', null), moment('on', null), 'happened'],
    ['on', moment('off', 3), moment('off', 3), 'did-not-happen'],
    ['on', moment('on', 3), moment('on', 3), 'unknown'],
    ['off', moment('on', 1), moment('off', 1), 'happened'],
    ['off', moment('on', 1), moment('on', 1), 'did-not-happen'],
    ['off', moment('off', 1), moment('off', 1), 'unknown'],
    ['soft-off', moment('on', 1), moment('off', 1), 'happened'],
    ['soft-off', moment('on', 1), moment('on', 1), 'unknown'],
    ['soft-off', moment('off', 1), moment('off', 1), 'unknown'],
    ['diag', moment('on', 3), moment('on', 1), 'unknown'],
    ['reset', moment('on', 3), moment('on', 1), 'happened'],
    ['reset', moment('on', 0), moment('on', 1), 'happened'],
    ['cycle', moment('on', 0xa), moment('on', 1), 'happened'],
    ['cycle', moment('off', 3), moment('on', 1), 'happened'],
    ['reset', moment('on', 1), moment('on', 1), 'unknown'],
    ['reset', moment('on', 1, 0xf), moment('on', 1, 1), 'happened'],
    ['reset', moment('on', 1, 1), moment('on', 1, 1), 'unknown'],
    ['reset', moment('on', 1, 1), moment('on', 1), 'unknown'],
    ['reset', moment('on', 1), moment('on', 4), 'unknown'],
    ['reset', moment('on', 3), moment('on', 2), 'unknown'],
    ['reset', moment('on', null), moment('on', 1), 'unknown'],
    ['reset', moment('on', 3), moment('on', null), 'unknown'],
    ['reset', moment('on', 0), moment('on', 0), 'unknown'],
    ['reset', moment('on', 3), moment('on', 3), 'did-not-happen'],
    ['cycle', moment('on', 7), moment('on', 7), 'did-not-happen'],
    ['reset', moment('off', 3), moment('off', 3), 'did-not-happen'],
    ['cycle', moment('off', 3), moment('off', 3), 'unknown'],
    ['cycle', moment('on', 3), moment('off', 3), 'unknown'],
    ['cycle', moment('off', 3), moment('on', 3), 'unknown'],
  ])('%s, %j, then %j: %s', (verb, before, after, verdict) => {
    expect(verbEvidence(verb, before, after, known).verdict).toBe(verdict);
  });

  test('an unchanged cause proves nothing on a controller that may not record commands', () => {
    const evidence = verbEvidence('reset', moment('on', 7), moment('on', 7));
    expect(evidence).toEqual({ verdict: 'unknown', reason: expect.stringMatching(/may not record commands/) });
  });

  test('every combination has a verdict and a reason', () => {
    const verbs: readonly PowerVerb[] = ['on', 'off', 'soft-off', 'cycle', 'reset', 'diag'];
    const moments = (['on', 'off'] as const).flatMap((power) =>
      [null, ...Array.from({ length: 16 }, (_none, cause) => cause)].map((cause) => moment(power, cause)),
    );
    for (const verb of verbs) {
      for (const before of moments) {
        for (const after of moments) {
          const { verdict, reason } = verbEvidence(verb, before, after);
          expect(['happened', 'did-not-happen', 'unknown']).toContain(verdict);
          expect(reason).not.toBe('');
        }
      }
    }
  });
});

describe('verdicts are never false on a controller, whether it has carried the verb out or not', () => {
  const actions = {
    on: ChassisControl.powerUp,
    off: ChassisControl.powerDown,
    cycle: ChassisControl.powerCycle,
    reset: ChassisControl.hardReset,
    'soft-off': ChassisControl.softShutdown,
    diag: ChassisControl.pulseDiagnosticInterrupt,
  } as const;

  async function look(requester: DirectRequester): Promise<ChassisMoment> {
    const status = await requester.ask(getChassisStatus, undefined, never);
    return { power: status.powerOn ? 'on' : 'off', restart: await readRestartCause(requester, never) };
  }

  const boards: readonly BmcSettingsOptions[] = [0, 1, 3, 7].flatMap((restartCause) =>
    [true, false].map((recordsChassisControl) => ({ restartCause, recordsChassisControl })),
  );
  const verbs: readonly PowerVerb[] = ['on', 'off', 'soft-off', 'cycle', 'reset', 'diag'];
  const cases = verbs.flatMap((verb) =>
    [true, false].flatMap((poweredOn) =>
      [true, false].flatMap((lost) => boards.map((settings) => ({ verb, poweredOn, lost, settings }))),
    ),
  );

  test.each(cases)(
    '$verb, on: $poweredOn, request lost: $lost, $settings',
    async ({ verb, poweredOn, lost, settings }) => {
      const { requester } = createController({ poweredOn, settings });
      const before = await look(requester);
      requester.intercept((request, pass) => {
        if (request.command !== chassisControl.command) return pass();
        if (!lost) pass();
        return 'silent';
      });
      await requester.once(chassisControl, { action: actions[verb] }, never);
      requester.intercept(undefined);
      const after = await look(requester);
      const options = settings.recordsChassisControl === true ? { recordsChassisControl: true } : {};
      const { verdict } = verbEvidence(verb, before, after, options);
      expect(verdict).not.toBe(lost ? 'happened' : didSomething(verb, poweredOn) ? 'did-not-happen' : 'happened');
      // What proving a reset is there for: a machine that runs, and a cause that was another one.
      const restarts = verb === 'reset' || verb === 'cycle';
      if (restarts && poweredOn && settings.recordsChassisControl && settings.restartCause !== 1) {
        const unknownBefore = settings.restartCause === 0;
        expect(verdict).toBe(lost ? (unknownBefore ? 'unknown' : 'did-not-happen') : 'happened');
      }
    },
  );

  /** Verbs for which the state allows something to happen at all. */
  function didSomething(verb: PowerVerb, poweredOn: boolean): boolean {
    return poweredOn ? verb !== 'on' : verb === 'on';
  }
});
