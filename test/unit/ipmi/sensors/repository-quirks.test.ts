import { describe, expect, test } from 'vitest';
import { readRepository } from '../../../../src/drivers/bmc/ipmi/sensors/read-repository.ts';
import { surveySdrs } from '../../../../src/drivers/bmc/ipmi/sensors/sdr-source.ts';
import { getSdr } from '../../../../src/protocols/ipmi/commands/storage/get-sdr.ts';
import { getSdrRepositoryInfo } from '../../../../src/protocols/ipmi/commands/storage/get-sdr-repository-info.ts';
import { reserveSdrRepository } from '../../../../src/protocols/ipmi/commands/storage/reserve-sdr-repository.ts';
import { CompletionCode } from '../../../../src/protocols/ipmi/completion-code.ts';
import type { IpmiRequest } from '../../../../src/protocols/ipmi/message.ts';
import { answered, type DirectAnswer, type Intercept, refused } from '../../../support/direct-requester.ts';
import { createSensorRig, never, type SensorRig } from './rig.ts';

/** What a controller by the book gives, for comparison. */
const all = await createSensorRig().read();
const RECORDS = createSensorRig().bank.records().size;
const LAST = RECORDS;

const isGetSdr = ({ netFn, command }: IpmiRequest): boolean => netFn === getSdr.netFn && command === getSdr.command;
const isInfo = ({ netFn, command }: IpmiRequest): boolean =>
  netFn === getSdrRepositoryInfo.netFn && command === getSdrRepositoryInfo.command;
const isReserve = ({ netFn, command }: IpmiRequest): boolean =>
  netFn === reserveSdrRepository.netFn && command === reserveSdrRepository.command;

type Ask = { readonly reservation: number; readonly id: number; readonly offset: number; readonly size: number };
const askOf = ({ data }: IpmiRequest): Ask => ({
  reservation: data.readUInt16LE(0),
  id: data.readUInt16LE(2),
  offset: data.readUInt8(4),
  size: data.readUInt8(5),
});

/** Changes the answers to Get SDR. */
const onGetSdr =
  (
    change: (ask: Ask, pass: (instead?: IpmiRequest) => DirectAnswer, request: IpmiRequest) => DirectAnswer,
  ): Intercept =>
  (request, pass) =>
    isGetSdr(request) ? change(askOf(request), pass, request) : pass();

function rigWith(hook: Intercept, options: Parameters<typeof createSensorRig>[0] = {}): SensorRig {
  const rig = createSensorRig(options);
  rig.requester.intercept(hook);
  return rig;
}

describe('records in parts', () => {
  test.each([1, 2, 5, 13, 16, 22, 32, 40, 63])('a controller that can send %i bytes at once', async (maximumChunk) => {
    const { requester, read } = createSensorRig({ maximumChunk: Math.max(5, maximumChunk) });
    requester.intercept(
      onGetSdr(({ offset, size }, pass) =>
        offset > 0 && size > maximumChunk ? refused(CompletionCode.cannotReturnRequestedBytes) : pass(),
      ),
    );
    expect(await read()).toEqual(all);
  });

  test.each([
    CompletionCode.timeout,
    CompletionCode.requestDataLengthInvalid,
    CompletionCode.requestDataLimitExceeded,
    CompletionCode.parameterOutOfRange,
    CompletionCode.invalidDataField,
    CompletionCode.unspecified,
  ])('too much at once is refused with %i', async (code) => {
    const { read } = rigWith(onGetSdr(({ size }, pass) => (size > 20 ? refused(code) : pass())));
    expect(await read()).toEqual(all);
  });

  test('after a few refusals the size is known, and is not tried out again for each record', async () => {
    let refusals = 0;
    const { read } = rigWith(
      onGetSdr(({ size }, pass) => {
        if (size <= 21) return pass();
        refusals++;
        return refused(CompletionCode.cannotReturnRequestedBytes);
      }),
    );
    expect(await read()).toEqual(all);
    expect(refusals).toBeLessThan(8);
  });

  test('answers shorter than asked for are put together', async () => {
    const { read } = rigWith(
      onGetSdr(({ size }, pass) => {
        const { data } = pass();
        return answered(size === 0xff ? data.subarray(0, 12) : data.subarray(0, 2 + Math.min(size, 9)));
      }),
    );
    expect(await read()).toEqual(all);
  });

  test('a whole read that is shorter than the record: Xyratex HB-F8-SRAY', async () => {
    const { requester, read } = rigWith(
      onGetSdr(({ size }, pass) => {
        const { data } = pass();
        return answered(size === 0xff ? data.subarray(0, data.length - 3) : data);
      }),
    );
    expect(await read()).toEqual(all);
    const whole = requester.requests.filter((each) => isGetSdr(each) && askOf(each).size === 0xff);
    expect(whole).toHaveLength(1);
  });

  test('answers longer than asked for are cut', async () => {
    const { read } = rigWith(
      onGetSdr(({ size }, pass) => {
        if (size === 0xff) return refused(CompletionCode.cannotReturnRequestedBytes);
        return answered(Buffer.concat([pass().data, Buffer.alloc(12, 0xee)]));
      }),
    );
    expect(await read()).toEqual(all);
  });

  test.each(['whole', 'parts'])(
    'a record that states 5 bytes more than it has, %s: HP ProLiant DL585 G7',
    async (how) => {
      const { requester, read } = rigWith(
        onGetSdr(({ offset, size }, pass) => {
          if (how === 'parts' && size === 0xff) return refused(CompletionCode.cannotReturnRequestedBytes);
          const { data, completionCode } = pass();
          if (completionCode !== 0) return refused(completionCode);
          if (data.length === 2) return refused(CompletionCode.parameterOutOfRange);
          if (offset === 0) data.writeUInt8(data.readUInt8(6) + 5, 6);
          return answered(data);
        }),
      );
      expect(await read()).toEqual(all);
      // The end of each record is looked for anew, and the size that did before is kept.
      expect(requester.count(getSdr)).toBeLessThan(8 * RECORDS);
    },
  );

  test('bytes after a record are left out: HP ProLiant DL585 G7', async () => {
    const { read } = rigWith(onGetSdr((_ask, pass) => answered(Buffer.concat([pass().data, Buffer.alloc(7, 0x41)]))));
    expect(await read()).toEqual(all);
  });
});

describe('reservations', () => {
  test('whole records are read without one', async () => {
    const { requester, read } = createSensorRig();
    await read();
    expect(requester.count(reserveSdrRepository)).toBe(0);
  });

  test('a controller that wants one for whole records, too', async () => {
    const { requester, read } = rigWith(
      onGetSdr(({ reservation }, pass) => (reservation === 0 ? refused(CompletionCode.reservationInvalid) : pass())),
    );
    expect(await read()).toEqual(all);
    expect(requester.count(reserveSdrRepository)).toBe(1);
  });

  test('one without reservations (Artesyn ATCA-7367) is read with id 0', async () => {
    const { read } = rigWith((request, pass) => {
      if (isReserve(request)) return refused(CompletionCode.invalidCommand);
      if (!isGetSdr(request)) return pass();
      const { offset, size } = askOf(request);
      if (size > 32) return refused(CompletionCode.cannotReturnRequestedBytes);
      // It does not look at the reservation: any byte of the record from a whole read.
      const whole = Buffer.from(request.data);
      whole.writeUInt8(0, 4);
      whole.writeUInt8(0xff, 5);
      const { data } = pass({ ...request, data: whole });
      return answered(Buffer.concat([data.subarray(0, 2), data.subarray(2 + offset, 2 + offset + size)]));
    });
    expect(await read()).toEqual(all);
  });

  test('another reader comes between now and then', async () => {
    let reads = 0;
    const rig = createSensorRig({ maximumChunk: 16 });
    rig.requester.intercept(
      onGetSdr((_ask, pass) => {
        if (++reads % 40 === 0) rig.bank.reserve();
        return pass();
      }),
    );
    expect(await rig.read()).toEqual(all);
  });

  test('another reader comes between every time: it gives up, with C5h, which may be tried again', async () => {
    const rig = createSensorRig({ maximumChunk: 16 });
    rig.requester.intercept(
      onGetSdr((_ask, pass) => {
        rig.bank.reserve();
        return pass();
      }),
    );
    await expect(rig.read()).rejects.toMatchObject({ completionCode: 0xc5, retry: 'retry' });
    expect(rig.requester.requests.length).toBeLessThan(40);
  });

  test('records that change meanwhile are read anew', async () => {
    let changed = false;
    const rig = createSensorRig({ maximumChunk: 16 });
    let reads = 0;
    rig.requester.intercept((request, pass) => {
      const answer = pass();
      if (isInfo(request) && changed) answer.data.writeUInt32LE(1_800_000_000, 5);
      if (isGetSdr(request) && ++reads === 50) {
        changed = true;
        rig.bank.reserve();
      }
      return answer;
    });
    expect(await rig.read()).toEqual(all);
    expect(rig.requester.requests.filter((each) => isGetSdr(each) && askOf(each).id === 0).length).toBeGreaterThan(3);
    const asked = rig.requester.count(getSdr);
    await rig.read();
    expect(rig.requester.count(getSdr)).toBe(asked);
  });
});

describe('lists that do not keep to the book', () => {
  test.each([3, 200, 0xffff])('the number of records is told as %i: Fujitsu RX300 S8', async (count) => {
    const { read } = rigWith((request, pass) => {
      const answer = pass();
      if (isInfo(request)) answer.data.writeUInt16LE(count, 1);
      return answer;
    });
    expect(await read()).toEqual(all);
  });

  test('the id in a record is not the one that was asked for: Supermicro X6DHR-iG', async () => {
    const { read } = rigWith(
      onGetSdr(({ offset }, pass) => {
        const answer = pass();
        if (offset === 0) answer.data.writeUInt16LE(0x0777, 2);
        return answer;
      }),
    );
    expect(await read()).toEqual(all);
  });

  test.each([RECORDS, 0])('a list that leads back to its third record, %i records announced', async (count) => {
    const { requester, read } = rigWith((request, pass) => {
      const answer = pass();
      if (isInfo(request)) answer.data.writeUInt16LE(count, 1);
      if (isGetSdr(request) && askOf(request).id === LAST) answer.data.writeUInt16LE(3, 0);
      return answer;
    });
    expect(await read()).toEqual(all);
    expect(requester.count(getSdr)).toBe(RECORDS);
  });

  test('a last record that names itself as the next', async () => {
    const { read } = rigWith(
      onGetSdr(({ id }, pass) => {
        const answer = pass();
        if (id === LAST) answer.data.writeUInt16LE(LAST, 0);
        return answer;
      }),
    );
    expect(await read()).toEqual(all);
  });

  test.each([RECORDS, 0])('a list that never ends, %i records announced: Inspur', async (count) => {
    const { requester, read } = rigWith((request, pass) => {
      if (isInfo(request)) {
        const answer = pass();
        answer.data.writeUInt16LE(count, 1);
        return answer;
      }
      if (!isGetSdr(request)) return pass();
      const { id } = askOf(request);
      if (id < LAST) return pass();
      // Every id from the last on is the last record, and there is always a next.
      const instead = Buffer.from(request.data);
      instead.writeUInt16LE(LAST, 2);
      const answer = pass({ ...request, data: instead });
      answer.data.writeUInt16LE(id + 1, 0);
      answer.data.writeUInt16LE(id, 2);
      return answer;
    });
    expect(await read()).toEqual(all);
    expect(requester.count(getSdr)).toBeLessThan(RECORDS + 12);
  });

  test('a list that never ends and never repeats is cut off', async () => {
    const rig = createSensorRig();
    rig.requester.intercept((request, pass) => {
      if (!isGetSdr(request)) return pass();
      const { id } = askOf(request);
      const data = Buffer.from([0, 0, 0, 0, 0x51, 0xc0, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
      data.writeUInt16LE(id + 1, 0);
      data.writeUInt32LE(id, 10);
      return answered(data);
    });
    const survey = await surveySdrs(rig.requester, never);
    const { records } = await readRepository(rig.requester, survey, never);
    expect(records).toHaveLength(4_096);
  });

  test('records that come byte by byte and never end are cut off', async () => {
    const rig = createSensorRig();
    rig.requester.intercept((request, pass) => {
      if (!isGetSdr(request)) return pass();
      const { id, offset, size } = askOf(request);
      if (offset === 0 && size > 5) return refused(CompletionCode.cannotReturnRequestedBytes);
      const head = Buffer.from([0, 0, 0, 0, 0x51, 0xc0, 250]);
      head.writeUInt16LE(id + 1, 0);
      return answered(offset === 0 ? head : [0, 0, id & 0xff]);
    });
    const survey = await surveySdrs(rig.requester, never);
    const { records } = await readRepository(rig.requester, survey, never);
    expect(records.length).toBeGreaterThan(50);
    expect(rig.requester.requests.length).toBeLessThan(17_000);
  });

  test('sensors without end are cut off', async () => {
    const rig = createSensorRig();
    rig.requester.intercept((request, pass) => {
      if (!isGetSdr(request)) return pass();
      const { id } = askOf(request);
      // A compact record of 15 sensors, each behind another controller.
      const answer = pass({ ...request, data: Buffer.from([0, 0, 12, 0, 0, 0xff]) });
      answer.data.writeUInt16LE(id + 1, 0);
      answer.data.writeUInt8((id & 0x3f) << 1, 7);
      answer.data.writeUInt8(id >> 6, 9);
      answer.data.writeUInt8(0x4f, 25);
      return answer;
    });
    expect(await rig.read()).toHaveLength(2_040);
  });

  test('the last record is refused with C3h: Dell PowerEdge FC830', async () => {
    const { requester, read } = rigWith(
      onGetSdr(({ id }, pass) => (id === LAST ? refused(CompletionCode.timeout) : pass())),
    );
    expect(await read()).toEqual(all);
    // And that is how it is: it is not read anew for it.
    const asked = requester.count(getSdr);
    await read();
    expect(requester.count(getSdr)).toBe(asked);
  });

  test('a record in the middle is refused: the others are told, and next time it is tried again', async () => {
    let broken = true;
    const { read } = rigWith(
      onGetSdr(({ id }, pass) => (broken && id === 5 ? refused(CompletionCode.unspecified) : pass())),
    );
    const without = await read();
    expect(without).toHaveLength(all.length - 1);
    broken = false;
    expect(await read()).toEqual(all);
  });

  test('a record of a broken form is left out', async () => {
    const { read } = rigWith(
      onGetSdr(({ id }, pass) => {
        const answer = pass();
        if (id !== 5) return answer;
        answer.data.writeUInt8(10, 6);
        return answered(answer.data.subarray(0, 17));
      }),
    );
    expect(await read()).toHaveLength(all.length - 1);
  });

  test('the first record is refused: that is what is told', async () => {
    const { read } = rigWith(onGetSdr(() => refused(CompletionCode.insufficientPrivilege)));
    await expect(read()).rejects.toMatchObject({ completionCode: 0xd4 });
  });

  test('no Get SDR Repository Info, and records all the same: Artesyn ATCA-7367', async () => {
    const { read } = rigWith((request, pass) => (isInfo(request) ? refused(CompletionCode.invalidCommand) : pass()));
    expect(await read()).toEqual(all);
    // Nothing tells whether they have changed, so they are read every time.
    expect(await read()).toEqual(all);
  });

  test('a controller that is busy now and then', async () => {
    let requests = 0;
    const { read } = rigWith((_request, pass) => (++requests % 7 === 1 ? refused(CompletionCode.nodeBusy) : pass()));
    expect(await read()).toEqual(all);
  });

  test.each([0, 1, 2, 5])('answers of %i bytes', async (count) => {
    const { read } = rigWith(onGetSdr(() => answered(Buffer.alloc(count))));
    await expect(read()).rejects.toMatchObject({ name: 'CompletionCodeError' });
  });

  test('a cancelled read ends with the reason', async () => {
    const stop = new AbortController();
    const rig = createSensorRig();
    rig.requester.intercept((_request, pass) => {
      if (rig.requester.requests.length === 5) stop.abort(new Error('enough'));
      return pass();
    });
    const survey = await surveySdrs(rig.requester, never);
    await expect(readRepository(rig.requester, survey, stop.signal)).rejects.toThrow('enough');
    expect(rig.requester.requests).toHaveLength(5);
  });
});
