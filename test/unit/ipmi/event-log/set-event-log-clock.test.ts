import { expect, test } from 'vitest';
import { setEventLogClock } from '../../../../src/drivers/bmc/ipmi/event-log/set-event-log-clock.ts';
import { InvalidRequestError, UnreachableError } from '../../../../src/foundation/errors.ts';
import { setSelTime } from '../../../../src/protocols/ipmi/commands/storage/set-sel-time.ts';
import { CompletionCode, CompletionCodeError } from '../../../../src/protocols/ipmi/completion-code.ts';
import { PrivilegeLevel } from '../../../../src/protocols/ipmi/privilege-level.ts';
import { bmcEvent } from '../../../../src/simulator/bmc/chassis-events.ts';
import { createEventLog } from '../../../../src/simulator/bmc/event-log.ts';
import { createDirectRequester, refused } from '../../../support/direct-requester.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const never = new AbortController().signal;
const AT = 1_750_000_000_400;

function rig() {
  const clock = createManualClock();
  const eventLog = createEventLog(clock, { clockSet: false });
  const requester = createDirectRequester({ eventLog }, PrivilegeLevel.operator);
  return { clock, eventLog, requester };
}

test('the clock is set to the second, once, and runs on; new entries carry its time', async () => {
  const { clock, eventLog, requester } = rig();
  await setEventLogClock(requester, AT, never);
  expect(eventLog.time()).toBe(1_750_000_000);
  await clock.advance(5_000);
  eventLog.add(bmcEvent({ sensorType: 1, sensorNumber: 1 }, 0));
  expect(eventLog.records[0]?.readUInt32LE(3)).toBe(1_750_000_005);
  expect(requester.count(setSelTime)).toBe(1);
});

test.each([0, 0x2000_0000 * 1_000, 0xffff_ffff * 1_000, Number.NaN])(
  '%d ms is no time of day on the wire',
  async (at) => {
    const { requester } = rig();
    await expect(setEventLogClock(requester, at, never)).rejects.toBeInstanceOf(InvalidRequestError);
    expect(requester.requests).toEqual([]);
  },
);

test('a silent set that took place is seen in the clock; one that did not is said so and not sent again', async () => {
  const { requester } = rig();
  requester.intercept((request, pass) => {
    const answer = pass();
    return request.command === setSelTime.command ? 'silent' : answer;
  });
  await setEventLogClock(requester, AT, never);
  requester.intercept((request, pass) => (request.command === setSelTime.command ? 'silent' : pass()));
  await expect(setEventLogClock(requester, AT + 3_600_000, never)).rejects.toBeInstanceOf(UnreachableError);
  expect(requester.count(setSelTime)).toBe(2);
});

test('a refusal is the error', async () => {
  const { requester } = rig();
  requester.intercept(() => refused(CompletionCode.invalidCommand));
  await expect(setEventLogClock(requester, AT, never)).rejects.toBeInstanceOf(CompletionCodeError);
});
