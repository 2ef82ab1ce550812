import { expect, test } from 'vitest';
import { clearEventLog } from '../../../../src/drivers/bmc/ipmi/event-log/clear-event-log.ts';
import { ConflictError, DeadlineError, UnreachableError } from '../../../../src/foundation/errors.ts';
import { ClearSelAction, clearSel } from '../../../../src/protocols/ipmi/commands/storage/clear-sel.ts';
import { getSelEntry } from '../../../../src/protocols/ipmi/commands/storage/get-sel-entry.ts';
import { reserveSel } from '../../../../src/protocols/ipmi/commands/storage/reserve-sel.ts';
import { CompletionCode, CompletionCodeError } from '../../../../src/protocols/ipmi/completion-code.ts';
import type { IpmiRequest } from '../../../../src/protocols/ipmi/message.ts';
import { PrivilegeLevel } from '../../../../src/protocols/ipmi/privilege-level.ts';
import { bmcEvent } from '../../../../src/simulator/bmc/chassis-events.ts';
import { createEventLog, type EventLogOptions } from '../../../../src/simulator/bmc/event-log.ts';
import { answered, createDirectRequester, refused } from '../../../support/direct-requester.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const never = new AbortController().signal;
const sensor = { sensorType: 0x08, sensorNumber: 0x62 };

function rig(entries: number, options?: EventLogOptions) {
  const clock = createManualClock();
  const eventLog = createEventLog(clock, options);
  const add = (): void => void eventLog.add(bmcEvent(sensor, 1));
  for (let index = 0; index < entries; index++) add();
  const requester = createDirectRequester({ eventLog }, PrivilegeLevel.operator);

  /** Clears while the clock runs; 40 s are more than any erase is waited for. */
  async function clear(newest: number | null): Promise<unknown> {
    const work = clearEventLog({ requester, clock }, newest, never).then(
      () => 'cleared',
      (error: unknown) => error,
    );
    for (let step = 0; step < 80; step++) await clock.advance(500);
    return work;
  }
  const initiated = (): number => requester.requests.filter(isErase).length;
  const polls = (): number => requester.count(clearSel) - initiated();
  return { clock, eventLog, add, requester, clear, initiated, polls };
}

const isErase = ({ command, data }: IpmiRequest): boolean =>
  command === clearSel.command && data[5] === ClearSelAction.initiateErase;
const isPoll = (request: IpmiRequest): boolean => request.command === clearSel.command && !isErase(request);

test('reserve, look, erase once, and ask until it is over', async () => {
  const { eventLog, clear, initiated, polls, requester } = rig(3, { eraseMs: 1_200 });
  expect(await clear(3)).toBe('cleared');
  expect(eventLog.records).toHaveLength(0);
  expect(initiated()).toBe(1);
  expect(polls()).toBe(3);
  expect(requester.requests.slice(0, 4).map(({ command }) => command)).toEqual([0x40, 0x42, 0x43, 0x47]);
  expect(eventLog.info().entries).toBe(0);
});

test('a controller that erases at once is not asked again', async () => {
  const { clear, polls } = rig(3, { eraseMs: 0 });
  expect(await clear(3)).toBe('cleared');
  expect(polls()).toBe(0);
});

test('an entry that the caller has not seen: nothing is erased', async () => {
  const { eventLog, clear, initiated } = rig(4);
  const error = await clear(3);
  expect(error).toBeInstanceOf(ConflictError);
  expect(error).toMatchObject({ message: expect.stringMatching(/entry 4 came in after 3/) });
  expect(initiated()).toBe(0);
  expect(eventLog.records).toHaveLength(4);
});

test('an entry that comes in between the look and the erase: nothing is erased', async () => {
  const { eventLog, add, requester, clear, initiated } = rig(3);
  requester.intercept((request, pass) => {
    const answer = pass();
    if (request.command === getSelEntry.command) add();
    return answer;
  });
  expect(await clear(3)).toBeInstanceOf(ConflictError);
  expect(initiated()).toBe(1);
  expect(eventLog.records).toHaveLength(4);
});

test('whatever is there is erased when no entry is named, and an empty log whatever is named', async () => {
  const first = rig(4);
  expect(await first.clear(null)).toBe('cleared');
  expect(first.requester.count(getSelEntry)).toBe(0);
  expect(await rig(0).clear(7)).toBe('cleared');
});

test('a controller without reservations is asked with reservation 0', async () => {
  const { eventLog, clear, requester } = rig(3, { reservable: false });
  expect(await clear(3)).toBe('cleared');
  expect(eventLog.records).toHaveLength(0);
  expect(requester.requests.find(isErase)?.data.readUInt16LE(0)).toBe(0);
});

test('the reservation is asked for as OPERATOR, one command early', async () => {
  const { clock, requester } = rig(0);
  const asked: unknown[] = [];
  const spy: typeof requester = {
    ...requester,
    attempt: (command, request, signal) => {
      if (command.command === reserveSel.command) asked.push(command.privilege);
      return requester.attempt(command, request, signal);
    },
  };
  const work = clearEventLog({ requester: spy, clock }, null, never);
  for (let step = 0; step < 6; step++) await clock.advance(500);
  await work;
  expect(asked).toEqual([PrivilegeLevel.operator]);
});

test('a silent erase that took place, seen in the log', async () => {
  const { eventLog, requester, clear, initiated } = rig(3);
  requester.intercept((request, pass) => {
    const answer = pass();
    return isErase(request) ? 'silent' : answer;
  });
  expect(await clear(3)).toBe('cleared');
  expect(eventLog.records).toHaveLength(0);
  expect(initiated()).toBe(1);
});

test('a silent erase that did not: not sent again, and said so', async () => {
  const { eventLog, requester, clear, initiated } = rig(3);
  requester.intercept((request, pass) => (isErase(request) ? 'silent' : pass()));
  const error = await clear(3);
  expect(error).toBeInstanceOf(UnreachableError);
  expect(error).toMatchObject({ message: expect.stringMatching(/still has 3 entries/) });
  expect(initiated()).toBe(1);
  expect(eventLog.records).toHaveLength(3);
});

test('a controller that logs "log cleared" and so loses the reservation: the log shows the erase', async () => {
  const { eventLog, add, requester, clear } = rig(3);
  requester.intercept((request, pass) => {
    const answer = pass();
    if (!isErase(request)) return isPoll(request) ? refused(CompletionCode.reservationInvalid) : answer;
    add();
    return answer;
  });
  expect(await clear(3)).toBe('cleared');
  expect(eventLog.records).toHaveLength(1);
});

test('status asked while erasing and refused with 81h is asked again', async () => {
  const { requester, clear, polls } = rig(3, { eraseMs: 1_200 });
  requester.intercept((request, pass) => {
    const answer = pass();
    return isPoll(request) && answer.data[0] === 0 ? refused(0x81) : answer;
  });
  expect(await clear(3)).toBe('cleared');
  expect(polls()).toBe(3);
});

test('an erase that never ends is given up', async () => {
  const { requester, clear, polls } = rig(3);
  requester.intercept((request, pass) => {
    const answer = pass();
    return request.command === clearSel.command ? answered([0]) : answer;
  });
  expect(await clear(3)).toBeInstanceOf(DeadlineError);
  expect(polls()).toBe(60);
});

test.each([
  ['Clear SEL', clearSel.command, CompletionCode.insufficientPrivilege],
  ['Reserve SEL', reserveSel.command, CompletionCode.insufficientPrivilege],
  ['Get SEL Entry', getSelEntry.command, CompletionCode.nodeBusy],
  // No newest entry, in a log that counts three.
  ['Get SEL Entry', getSelEntry.command, CompletionCode.notPresent],
])('%s refused: the refusal is the error', async (name, command, code) => {
  const { eventLog, requester, clear } = rig(3);
  requester.intercept((request, pass) => (request.command === command ? refused(code) : pass()));
  const error = await clear(3);
  expect(error).toBeInstanceOf(CompletionCodeError);
  expect(error).toMatchObject({ completionCode: code, message: expect.stringContaining(name) });
  expect(eventLog.records).toHaveLength(3);
});
