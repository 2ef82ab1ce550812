import { describe, expect, test } from 'vitest';
import { addSelEntry } from '../../../../src/protocols/ipmi/commands/storage/add-sel-entry.ts';
import { ClearSelAction, clearSel } from '../../../../src/protocols/ipmi/commands/storage/clear-sel.ts';
import { getSelAllocationInfo } from '../../../../src/protocols/ipmi/commands/storage/get-sel-allocation-info.ts';
import { getSelEntry } from '../../../../src/protocols/ipmi/commands/storage/get-sel-entry.ts';
import { getSelInfo } from '../../../../src/protocols/ipmi/commands/storage/get-sel-info.ts';
import { reserveSel } from '../../../../src/protocols/ipmi/commands/storage/reserve-sel.ts';
import { PrivilegeLevel } from '../../../../src/protocols/ipmi/privilege-level.ts';
import type { ChassisAction } from '../../../../src/simulator/bmc/chassis.ts';
import { logChassisAction } from '../../../../src/simulator/bmc/chassis-events.ts';
import { createEventLog, type EventLogOptions } from '../../../../src/simulator/bmc/event-log.ts';
import { createDirectRequester } from '../../../support/direct-requester.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const never = new AbortController().signal;
const record = Buffer.from('34120200000000200004086200017f3f'.padEnd(32, '0'), 'hex');

function rig(options?: EventLogOptions, privilege?: number) {
  const clock = createManualClock();
  const eventLog = createEventLog(clock, options);
  return { clock, eventLog, requester: createDirectRequester({ eventLog }, privilege) };
}

test('an added entry gets its id and time, and is read back whole', async () => {
  const { clock, requester } = rig();
  expect(await requester.ask(addSelEntry, { record }, never)).toEqual({ recordId: 1 });
  const request = { reservationId: 0, recordId: 1, offset: 0, bytesToRead: 0xff };
  const { nextRecordId, recordData } = await requester.ask(getSelEntry, request, never);
  expect(nextRecordId).toBe(0xffff);
  expect(recordData.readUInt16LE(0)).toBe(1);
  expect(recordData.readUInt32LE(3)).toBe(Math.floor(clock.now() / 1_000));
  expect(recordData.subarray(7)).toEqual(record.subarray(7));
});

test('a record without a time keeps its bytes', () => {
  const { eventLog } = rig();
  eventLog.add(Buffer.from('0000e00102030405060708090a0b0c0d', 'hex'));
  expect(eventLog.records[0]?.toString('hex')).toBe('0100e00102030405060708090a0b0c0d');
});

describe('reservations', () => {
  const part = (reservationId: number) => ({ reservationId, recordId: 1, offset: 4, bytesToRead: 4 });

  test('a part of a record needs one, and a new entry ends it', async () => {
    const { eventLog, requester } = rig();
    eventLog.add(record);
    expect(await requester.attempt(getSelEntry, part(0), never)).toEqual({ kind: 'refused', completionCode: 0xc5 });
    const { reservationId } = await requester.ask(reserveSel, undefined, never);
    expect((await requester.ask(getSelEntry, part(reservationId), never)).recordData).toHaveLength(4);
    eventLog.add(record);
    expect(await requester.attempt(getSelEntry, part(reservationId), never)).toMatchObject({ completionCode: 0xc5 });
  });

  test('a second one ends the first; an erase without any is refused', async () => {
    const { eventLog, requester } = rig();
    eventLog.add(record);
    const { reservationId } = await requester.ask(reserveSel, undefined, never);
    await requester.ask(reserveSel, undefined, never);
    for (const id of [0, reservationId]) {
      const request = { reservationId: id, action: ClearSelAction.initiateErase };
      expect(await requester.once(clearSel, request, never)).toEqual({ kind: 'refused', completionCode: 0xc5 });
    }
    expect(eventLog.records).toHaveLength(1);
  });

  test('none to be had', async () => {
    const { requester } = rig({ reservable: false });
    expect(await requester.attempt(reserveSel, undefined, never)).toEqual({ kind: 'refused', completionCode: 0xc1 });
    expect((await requester.ask(getSelInfo, undefined, never)).supportsReserve).toBe(false);
  });
});

test('a full log refuses entries and says that some were lost', async () => {
  const { eventLog, requester } = rig({ capacity: 2 });
  eventLog.add(record);
  eventLog.add(record);
  expect((await requester.ask(getSelInfo, undefined, never)).overflow).toBe(false);
  expect(await requester.once(addSelEntry, { record }, never)).toEqual({ kind: 'refused', completionCode: 0xc4 });
  expect(await requester.ask(getSelInfo, undefined, never)).toMatchObject({ entries: 2, overflow: true, freeSpace: 0 });
  expect(await requester.ask(getSelAllocationInfo, undefined, never)).toMatchObject({ units: 2, freeUnits: 0 });
});

test('while it is erased other commands are refused with 81h, and ids go on afterwards', async () => {
  const { clock, eventLog, requester } = rig({ eraseMs: 900 });
  eventLog.add(record);
  const { reservationId } = await requester.ask(reserveSel, undefined, never);
  const erase = { reservationId, action: ClearSelAction.initiateErase };
  expect(await requester.once(clearSel, erase, never)).toEqual({ kind: 'answered', response: { progress: 0 } });
  expect(await requester.attempt(getSelInfo, undefined, never)).toEqual({ kind: 'refused', completionCode: 0x81 });
  await clock.advance(900);
  expect(await requester.ask(getSelInfo, undefined, never)).toMatchObject({ entries: 0 });
  expect(eventLog.add(record)).toBe(2);
});

test('a USER may read and reserve, and neither add nor erase', async () => {
  const { requester } = rig({}, PrivilegeLevel.user);
  expect(await requester.attempt(reserveSel, undefined, never)).toMatchObject({ kind: 'answered' });
  expect(await requester.once(addSelEntry, { record }, never)).toMatchObject({ completionCode: 0xd4 });
  const erase = { reservationId: 1, action: ClearSelAction.initiateErase };
  expect(await requester.once(clearSel, erase, never)).toMatchObject({ completionCode: 0xd4 });
});

test.each<[ChassisAction, boolean, readonly string[]]>([
  ['on', false, ['22h 0', '1dh 0']],
  ['on', true, []],
  ['off', true, ['22h 5']],
  ['off', false, []],
  ['soft-off', true, ['22h 5']],
  ['cycle', true, ['22h 5', '22h 0', '1dh 0']],
  ['cycle', false, []],
  ['reset', true, ['1dh 1']],
  ['diag', true, ['13h 0']],
])('%s with the power on: %s', (action, poweredOn, expected) => {
  const { eventLog } = rig();
  logChassisAction(eventLog, action, poweredOn);
  expect(eventLog.records.map((each) => `${each[10]?.toString(16)}h ${each[13]}`)).toEqual(expected);
});
