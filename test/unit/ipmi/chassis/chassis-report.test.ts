import { describe, expect, test } from 'vitest';
import { readChassis } from '../../../../src/drivers/bmc/ipmi/chassis/chassis-report.ts';
import { DecodeError, UnreachableError } from '../../../../src/foundation/errors.ts';
import { chassisControl } from '../../../../src/protocols/ipmi/commands/chassis/chassis-control.ts';
import { getChassisStatus } from '../../../../src/protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { getPohCounter } from '../../../../src/protocols/ipmi/commands/chassis/get-poh-counter.ts';
import { getSystemRestartCause } from '../../../../src/protocols/ipmi/commands/chassis/get-system-restart-cause.ts';
import { CompletionCodeError } from '../../../../src/protocols/ipmi/completion-code.ts';
import { answered, refused } from '../../../support/direct-requester.ts';
import { createController, never } from './controller.ts';

const noMeter = (): Promise<null> => Promise.resolve(null);

describe('the chassis report', () => {
  test('all that a plain board tells', async () => {
    const { requester } = createController({ poweredOn: true, settings: { powerOnMinutes: 7_530 } });
    expect(await readChassis(requester, () => Promise.resolve(212), never)).toEqual({
      power: 'on',
      powerFault: false,
      powerControlFault: false,
      powerOverload: false,
      interlock: false,
      restorePolicy: 'stay-off',
      lastPowerEvents: [],
      intrusion: false,
      frontPanelLocked: false,
      driveFault: false,
      coolingFault: false,
      identify: 'off',
      restartCause: 'power button',
      powerOnHours: 125,
      powerWatts: 212,
    });
  });

  test('it follows the verbs, and the hours with power on', async () => {
    const { requester, clock } = createController({ settings: { powerOnMinutes: 0 } });
    await clock.advance(5 * 3_600_000);
    await requester.once(chassisControl, { action: 1 }, never);
    await clock.advance(2 * 3_600_000);
    expect(await readChassis(requester, noMeter, never)).toMatchObject({
      power: 'on',
      restartCause: 'Chassis Control command',
      lastPowerEvents: ['by-command'],
      powerOnHours: 2,
    });
  });

  test('every bit of the status has its field', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) =>
      request.command === getChassisStatus.command ? answered([0x5e, 0x1f, 0x6f]) : pass(),
    );
    expect(await readChassis(requester, noMeter, never)).toMatchObject({
      power: 'off',
      powerOverload: true,
      interlock: true,
      powerFault: true,
      powerControlFault: true,
      restorePolicy: 'power-up',
      lastPowerEvents: ['ac-failed', 'overload', 'interlock', 'fault', 'by-command'],
      intrusion: true,
      frontPanelLocked: true,
      driveFault: true,
      coolingFault: true,
      identify: 'on',
    });
  });

  test.each([
    [0x00, null],
    [0x30, null],
    [0x40, 'off'],
    [0x50, 'timed'],
    [0x60, 'on'],
    [0x70, null],
  ] as const)('miscellaneous state %i: identify light %s', async (state, identify) => {
    const { requester } = createController();
    requester.intercept((request, pass) =>
      request.command === getChassisStatus.command ? answered([0x01, 0, state]) : pass(),
    );
    expect((await readChassis(requester, noMeter, never)).identify).toBe(identify);
  });

  test.each([0xc1, 0xc7, 0xcb, 0xcc, 0xd4, 0xd5, 0xff])('what is refused with %i is null', async (code) => {
    const { requester } = createController({ poweredOn: true });
    const optional: readonly number[] = [getSystemRestartCause.command, getPohCounter.command];
    requester.intercept((request, pass) => (optional.includes(request.command) ? refused(code) : pass()));
    const meter = (): Promise<number> => Promise.reject(new CompletionCodeError('read power', code));
    expect(await readChassis(requester, meter, never)).toMatchObject({
      power: 'on',
      restartCause: null,
      powerOnHours: null,
      powerWatts: null,
    });
  });

  test('what is answered with nonsense is null; a cause of one byte is one', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) => {
      if (request.command === getSystemRestartCause.command) return answered([0x0a]);
      return request.command === getPohCounter.command ? answered([60, 1]) : pass();
    });
    const meter = (): Promise<number> => Promise.reject(new DecodeError('power reading'));
    const report = await readChassis(requester, meter, never);
    expect(report).toMatchObject({ restartCause: 'soft reset', powerOnHours: null, powerWatts: null });
  });

  test('a counter without a unit is null', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) =>
      request.command === getPohCounter.command ? answered([0, 9, 0, 0, 0]) : pass(),
    );
    expect((await readChassis(requester, noMeter, never)).powerOnHours).toBeNull();
  });

  test('without a chassis status there is no report, and silence is not "not there"', async () => {
    const { requester } = createController();
    requester.intercept(() => refused(0xd2));
    await expect(readChassis(requester, noMeter, never)).rejects.toBeInstanceOf(CompletionCodeError);
    requester.intercept((request, pass) => (request.command === getPohCounter.command ? 'silent' : pass()));
    await expect(readChassis(requester, noMeter, never)).rejects.toBeInstanceOf(UnreachableError);
  });
});
