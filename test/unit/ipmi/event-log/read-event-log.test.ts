import { expect, test } from 'vitest';
import { readEventLog } from '../../../../src/drivers/bmc/ipmi/event-log/read-event-log.ts';
import { getSelEntry } from '../../../../src/protocols/ipmi/commands/storage/get-sel-entry.ts';
import { getSelTime } from '../../../../src/protocols/ipmi/commands/storage/get-sel-time.ts';
import { CompletionCode, CompletionCodeError } from '../../../../src/protocols/ipmi/completion-code.ts';
import { describeSelRecord, noSensors } from '../../../../src/protocols/ipmi/sel/describe-sel-record.ts';
import type { SelRecord } from '../../../../src/protocols/ipmi/sel/sel-record.ts';
import { bmcEvent } from '../../../../src/simulator/bmc/chassis-events.ts';
import { createEventLog, type EventLogOptions } from '../../../../src/simulator/bmc/event-log.ts';
import {
  answered,
  createDirectRequester,
  type DirectAnswer,
  type DirectRequester,
  refused,
} from '../../../support/direct-requester.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const never = new AbortController().signal;
const describeRecord = (record: SelRecord) => describeSelRecord(record, noSensors);
const supply = { sensorType: 0x08, sensorNumber: 0x62 };

function rig(entries: number, options?: EventLogOptions) {
  const clock = createManualClock();
  const eventLog = createEventLog(clock, options);
  for (let index = 0; index < entries; index++) eventLog.add(bmcEvent(supply, index % 2));
  const requester = createDirectRequester({ eventLog });
  return { clock, eventLog, requester, read: () => readEventLog(requester, describeRecord, never) };
}

/** Changes the answers to Get SEL Entry. */
function onEntry(
  requester: DirectRequester,
  change: (recordId: number, answer: () => DirectAnswer) => DirectAnswer,
): void {
  requester.intercept((request, pass) =>
    request.command === getSelEntry.command ? change(request.data.readUInt16LE(2), () => pass()) : pass(),
  );
}

/** The same entry with another id for what comes next. */
function withNext(answer: DirectAnswer, next: number): DirectAnswer {
  answer.data.writeUInt16LE(next, 0);
  return answer;
}

test('the whole log, oldest first, with nothing reserved and one request an entry', async () => {
  const { requester, clock, read } = rig(3);
  const report = await read();
  expect(report).toMatchObject({ freeBytes: 509 * 16, overflow: false, clockAt: clock.now() });
  expect(report.entries.map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(report.entries[1]).toEqual({
    id: 2,
    at: clock.now(),
    source: 'Power Supply 62h',
    text: 'Power Supply Failure Detected asserted',
    health: 'critical',
    raw: '02000200f1536520000408626f01ffff',
  });
  expect(requester.requests.map(({ command }) => command)).toEqual([0x40, 0x43, 0x43, 0x43, 0x48]);
});

test('an empty log', async () => {
  expect((await rig(0).read()).entries).toEqual([]);
});

test.each([CompletionCode.notPresent, CompletionCode.parameterOutOfRange, CompletionCode.invalidDataField])(
  'an empty log whose first entry is refused with %i',
  async (code) => {
    const { requester, read } = rig(0);
    onEntry(requester, () => refused(code));
    expect((await read()).entries).toEqual([]);
    expect(requester.count(getSelEntry)).toBe(1);
  },
);

test('a full log tells what was lost', async () => {
  const report = await rig(5, { capacity: 4 }).read();
  expect(report).toMatchObject({ freeBytes: 0, overflow: true });
  expect(report.entries).toHaveLength(4);
});

test('a clock that was never set: no times, and none for the log', async () => {
  const { clock, eventLog, read } = rig(0, { clockSet: false });
  await clock.advance(90_000);
  eventLog.add(bmcEvent(supply, 1));
  const report = await read();
  expect(report.clockAt).toBeNull();
  expect(report.entries[0]?.at).toBeNull();
});

test('a controller that does not tell the time of its log', async () => {
  const { requester, read } = rig(1);
  requester.intercept((request, pass) =>
    request.command === getSelTime.command ? refused(CompletionCode.invalidCommand) : pass(),
  );
  expect(await read()).toMatchObject({ clockAt: null, entries: [{ id: 1 }] });
});

test.each([
  ['0000h', 0x0000],
  ['itself', 3],
  ['an earlier one', 2],
])('a last entry that names %s as the next: the log ends there', async (_name, next) => {
  const { requester, read } = rig(3);
  onEntry(requester, (id, answer) => (id === 3 ? withNext(answer(), next) : answer()));
  expect((await read()).entries.map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(requester.count(getSelEntry)).toBe(3);
});

test('a first entry that names itself ends the walk, although it was asked for as 0000h', async () => {
  const { requester, read } = rig(2);
  onEntry(requester, (_id, answer) => withNext(answer(), 1));
  expect((await read()).entries).toHaveLength(1);
});

test('a controller that never stops counting is stopped by the number of ids', async () => {
  const { requester, read } = rig(1);
  onEntry(requester, (id) => answered([(id + 1) & 0xff, (id + 1) >> 8, ...Array<number>(16).fill(0xe0)]));
  const { entries } = await read();
  expect(entries.length).toBeLessThanOrEqual(0xffff);
  expect(requester.count(getSelEntry)).toBe(entries.length);
});

test('entries erased meanwhile: the walk begins anew', async () => {
  const { eventLog, requester, read } = rig(4, { eraseMs: 0 });
  let erased = false;
  onEntry(requester, (id, answer) => {
    if (id === 3 && !erased) {
      erased = true;
      eventLog.erase(eventLog.reserve() ?? 0);
      eventLog.add(bmcEvent(supply, 1));
    }
    return answer();
  });
  expect((await read()).entries.map(({ id }) => id)).toEqual([5]);
});

test('a next entry that never exists: what comes before it is told, after three walks', async () => {
  const { requester, read } = rig(2);
  onEntry(requester, (id, answer) => (id === 2 ? withNext(answer(), 9) : answer()));
  expect((await read()).entries.map(({ id }) => id)).toEqual([1, 2]);
  expect(requester.count(getSelEntry)).toBe(9);
});

test('a record that is cut is told as such, and the rest is read', async () => {
  const { requester, read } = rig(3);
  onEntry(requester, (id, answer) => (id === 2 ? answered(answer().data.subarray(0, 9)) : answer()));
  const { entries } = await read();
  expect(entries.map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(entries[1]).toMatchObject({ at: null, health: 'unknown', text: expect.stringContaining('7 of the') });
});

test('bytes after a record are not part of it', async () => {
  const { requester, read } = rig(1);
  onEntry(requester, (_id, answer) => answered(Buffer.concat([answer().data, Buffer.alloc(4)])));
  expect((await read()).entries[0]?.raw).toHaveLength(32);
});

test('a log that is being erased is refused with its reason', async () => {
  const { eventLog, read } = rig(3);
  eventLog.erase(eventLog.reserve() ?? 0);
  await expect(read()).rejects.toThrow(CompletionCodeError);
  await expect(read()).rejects.toThrow(/81h event log erase in progress/);
});

test('an entry refused for another reason ends the reading', async () => {
  const { requester, read } = rig(3);
  onEntry(requester, (id, answer) => (id === 2 ? refused(CompletionCode.insufficientPrivilege) : answer()));
  await expect(read()).rejects.toThrow(/Get SEL Entry 2 .*D4h/);
});

test('an abort ends the walk', async () => {
  const { requester } = rig(3);
  const stop = new AbortController();
  onEntry(requester, (id, answer) => {
    if (id === 2) stop.abort(new Error('enough'));
    return answer();
  });
  await expect(readEventLog(requester, describeRecord, stop.signal)).rejects.toThrow('enough');
});
