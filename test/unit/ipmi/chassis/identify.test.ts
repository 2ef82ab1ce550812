import { describe, expect, test } from 'vitest';
import type { IdentifyLight } from '../../../../src/domain/ports/bmc.ts';
import { readChassis } from '../../../../src/drivers/bmc/ipmi/chassis/chassis-report.ts';
import { identify } from '../../../../src/drivers/bmc/ipmi/chassis/identify.ts';
import { setPowerRestorePolicy } from '../../../../src/drivers/bmc/ipmi/chassis/power-policy.ts';
import { InvalidRequestError, RefusedError, UnreachableError } from '../../../../src/foundation/errors.ts';
import { chassisIdentify } from '../../../../src/protocols/ipmi/commands/chassis/chassis-identify.ts';
import { getChassisStatus } from '../../../../src/protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { setPowerRestorePolicy as policyCommand } from '../../../../src/protocols/ipmi/commands/chassis/set-power-restore-policy.ts';
import { CompletionCodeError } from '../../../../src/protocols/ipmi/completion-code.ts';
import { answered, type DirectRequester, refused } from '../../../support/direct-requester.ts';
import { createController, never } from './controller.ts';

const noMeter = (): Promise<null> => Promise.resolve(null);
const light = async (requester: DirectRequester): Promise<string | null> =>
  (await readChassis(requester, noMeter, never)).identify;

describe('the identify light', () => {
  test('for seconds, on, and off', async () => {
    const { requester, clock } = createController();
    await identify(requester, { seconds: 20 }, never);
    expect(await light(requester)).toBe('timed');
    await clock.advance(19_999);
    expect(await light(requester)).toBe('timed');
    await clock.advance(1);
    expect(await light(requester)).toBe('off');
    await identify(requester, 'on', never);
    await clock.advance(3_600_000);
    expect(await light(requester)).toBe('on');
    await identify(requester, 'off', never);
    expect(await light(requester)).toBe('off');
  });

  test.each([
    ['off', '00'],
    ['on', 'ff01'],
    [{ seconds: 1 }, '01'],
    [{ seconds: 255 }, 'ff'],
  ] as const)('%j goes out once, as %s', async (wanted, bytes) => {
    const { requester } = createController();
    await identify(requester, wanted, never);
    expect(requester.requests.map(({ data }) => data.toString('hex'))).toEqual([bytes]);
  });

  test.each([0, 256, -1, 1.5, Number.NaN])('%d seconds are nobody’s wish', async (seconds) => {
    const { requester } = createController();
    await expect(identify(requester, { seconds }, never)).rejects.toBeInstanceOf(InvalidRequestError);
    expect(requester.requests).toEqual([]);
  });

  test('a board without "force on" says what it can do instead, and stays dark', async () => {
    const { requester } = createController({ settings: { forceIdentify: false } });
    const refusal = identify(requester, 'on', never);
    await expect(refusal).rejects.toBeInstanceOf(RefusedError);
    await expect(refusal).rejects.toThrow(/C7h.*cannot keep the light on; ask for up to 255 seconds/);
    expect(await light(requester)).toBe('off');
    await identify(requester, { seconds: 255 }, never);
    expect(await light(requester)).toBe('timed');
  });

  test('another refusal is told as it is', async () => {
    const { requester } = createController();
    requester.intercept(() => refused(0xc1));
    await expect(identify(requester, 'on', never)).rejects.toThrow(/refused with C1h invalid command$/);
  });

  test.each(['on', 'off', { seconds: 5 }] as const)('%j: a lost answer is made up for by the state', async (wanted) => {
    const { requester } = createController();
    requester.intercept((request, pass) => {
      const answer = pass();
      return request.command === chassisIdentify.command ? 'silent' : answer;
    });
    await identify(requester, wanted, never);
    expect(requester.count(chassisIdentify)).toBe(1);
  });

  test.each([
    ['on', [0x01, 0, 0x40], /light reads as off/],
    ['on', [0x01, 0, 0x00], /not known/],
  ] as const)('a lost request: %s, status %j', async (wanted: IdentifyLight, status, message) => {
    const { requester } = createController();
    requester.intercept((request) => (request.command === chassisIdentify.command ? 'silent' : answered([...status])));
    const failure = identify(requester, wanted, never);
    await expect(failure).rejects.toBeInstanceOf(UnreachableError);
    await expect(failure).rejects.toThrow(message);
    expect(requester.count(chassisIdentify)).toBe(1);
  });
});

describe('the power restore policy', () => {
  test.each(['power-up', 'restore', 'stay-off'] as const)('%s is set and reads back', async (policy) => {
    const { requester } = createController({ settings: { powerRestorePolicy: policy === 'stay-off' ? 2 : 0 } });
    await setPowerRestorePolicy(requester, policy, never);
    expect((await readChassis(requester, noMeter, never)).restorePolicy).toBe(policy);
    expect(requester.count(policyCommand)).toBe(1);
  });

  test('a refusal is one', async () => {
    const { requester } = createController();
    requester.intercept(() => refused(0xcc));
    await expect(setPowerRestorePolicy(requester, 'restore', never)).rejects.toBeInstanceOf(CompletionCodeError);
  });

  test('accepted, and not kept', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) => (request.command === policyCommand.command ? answered([0x05]) : pass()));
    await expect(setPowerRestorePolicy(requester, 'restore', never)).rejects.toThrow(
      /"restore".*accepted, but "stay-off" is read back; the chassis says that it has: stay-off, power-up/,
    );
  });

  test('a board that does not tell its policy is believed', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) =>
      request.command === getChassisStatus.command ? answered([0x61, 0, 0]) : pass(),
    );
    await setPowerRestorePolicy(requester, 'restore', never);
  });

  test('a lost answer is made up for by the policy itself, a lost request is told', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) => {
      const answer = pass();
      return request.command === policyCommand.command ? 'silent' : answer;
    });
    await setPowerRestorePolicy(requester, 'restore', never);
    requester.intercept((request, pass) => (request.command === policyCommand.command ? 'silent' : pass()));
    await expect(setPowerRestorePolicy(requester, 'power-up', never)).rejects.toThrow(
      /no answer, and "restore" is read back/,
    );
    expect(requester.count(policyCommand)).toBe(2);
  });
});
