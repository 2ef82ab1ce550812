import { describe, expect, test } from 'vitest';
import { readPowerWatts } from '../../../../src/drivers/bmc/ipmi/chassis/power-reading.ts';
import { type FruLocator, readInventory } from '../../../../src/drivers/bmc/ipmi/inventory/read-inventory.ts';
import { getFruInventoryAreaInfo } from '../../../../src/protocols/ipmi/commands/storage/get-fru-inventory-area-info.ts';
import { FRU_DEVICE_BUSY, readFruData } from '../../../../src/protocols/ipmi/commands/storage/read-fru-data.ts';
import { CompletionCode } from '../../../../src/protocols/ipmi/completion-code.ts';
import { createPlainChassis } from '../../../../src/simulator/bmc/chassis.ts';
import { createDefaultFruDevices, type FruDevices, type SimulatedFru } from '../../../../src/simulator/bmc/fru.ts';
import { encodeFru } from '../../../lab/rig/fru.ts';
import { answered, createDirectRequester, type DirectRequester, refused } from '../../../support/direct-requester.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const never = new AbortController().signal;
const deviceZero = createDefaultFruDevices('00A5A5').get(0) ?? { image: Buffer.alloc(0) };

const wholeInventory = {
  id: 0,
  name: 'device 0',
  chassis: {
    Type: 'Rack Mount Chassis',
    'Part Number': 'CH-1U-0042',
    'Serial Number': 'C00A5A5',
    'Custom 1': 'Rack 4',
  },
  board: {
    'Manufacturing Date': '2023-11-14T22:13Z',
    Manufacturer: 'Bootwright',
    'Product Name': 'Simulated Board',
    'Serial Number': 'B00A5A5',
    'Part Number': '1234-5678',
    'FRU File ID': 'board.fru',
  },
  product: {
    'Manufacturer Name': 'Bootwright',
    'Product Name': 'Simulated Machine',
    'Part/Model Number': 'SM-1',
    Version: '1.0',
    'Serial Number': 'P00A5A5',
    'Asset Tag': 'Asset 7',
    'Custom 1': 'Made of code',
  },
  problems: [],
};

function rig(devices: Readonly<Record<number, SimulatedFru>> = { 0: deviceZero }) {
  const clock = createManualClock();
  const fruDevices: FruDevices = new Map(Object.entries(devices).map(([id, device]) => [Number(id), device]));
  const requester = createDirectRequester({ fruDevices });
  const read = async (locators: readonly FruLocator[] = []) => {
    const work = readInventory({ requester, clock }, locators, never);
    for (let step = 0; step < 40; step++) await clock.advance(50);
    return work;
  };
  return { clock, requester, read };
}

/** Refuses reads of more than so many bytes or words. */
function readsAtMost(requester: DirectRequester, most: number, code: number): void {
  requester.intercept((request, pass) =>
    request.command === readFruData.command && (request.data[3] ?? 0) > most ? refused(code) : pass(),
  );
}

const longest = (requester: DirectRequester): number =>
  Math.max(...requester.requests.filter(({ command }) => command === 0x11).map(({ data }) => data[3] ?? 0));

test('all of device 0, in chunks of 32 bytes', async () => {
  const { requester, read } = rig();
  expect(await read()).toEqual([wholeInventory]);
  expect(longest(requester)).toBe(32);
  expect(requester.requests.length).toBeLessThan(14);
});

test('a device that is read by words', async () => {
  const { requester, read } = rig({ 0: { ...deviceZero, accessedByWords: true } });
  expect(await read()).toEqual([wholeInventory]);
  expect(longest(requester)).toBe(16);
});

test('a word-wise device of an odd size', async () => {
  const image = encodeFru('lab-07').subarray(0, 8 + 32 + 49);
  const { read } = rig({ 0: { image, accessedByWords: true } });
  const [inventory] = await read();
  expect(inventory?.board).toMatchObject({ 'Product Name': 'Lab Board' });
});

describe('reads that are too long', () => {
  const codes = [
    CompletionCode.requestDataLengthInvalid,
    CompletionCode.requestDataLimitExceeded,
    CompletionCode.parameterOutOfRange,
    CompletionCode.cannotReturnRequestedBytes,
    CompletionCode.unspecified,
  ];
  test.each(codes)('refused with %i: smaller ones, and the size is remembered', async (code) => {
    const { requester, read } = rig();
    readsAtMost(requester, 20, code);
    expect(await read()).toEqual([wholeInventory]);
    expect(requester.requests.filter(({ command, data }) => command === 0x11 && data[3] === 32)).toHaveLength(1);
  });

  test.each([2, 3, 8])('down to %i bytes', async (most) => {
    const { requester, read } = rig();
    readsAtMost(requester, most, CompletionCode.cannotReturnRequestedBytes);
    expect(await read()).toEqual([wholeInventory]);
  });

  test('by words, down to one', async () => {
    const { requester, read } = rig({ 0: { ...deviceZero, accessedByWords: true } });
    readsAtMost(requester, 1, CompletionCode.cannotReturnRequestedBytes);
    expect(await read()).toEqual([wholeInventory]);
  });

  test('a read that is refused at any length is a problem of its area', async () => {
    const { requester, read } = rig();
    const boardAt = (deviceZero.image[3] ?? 0) * 8;
    const productAt = (deviceZero.image[4] ?? 0) * 8;
    requester.intercept((request, pass) => {
      const at = request.data.length < 3 ? 0 : request.data.readUInt16LE(1);
      const inBoard = request.command === readFruData.command && at >= boardAt && at < productAt;
      return inBoard ? refused(CompletionCode.parameterOutOfRange) : pass();
    });
    const [inventory] = await read();
    expect(inventory).toMatchObject({ chassis: wholeInventory.chassis, board: null, product: wholeInventory.product });
    expect(inventory?.problems[0]).toMatch(/^board area: read at \d+ refused with C9h/);
  });
});

describe('answers that are not what was asked for', () => {
  test('fewer bytes than asked for: the rest is read on', async () => {
    const { requester, read } = rig();
    requester.intercept((request, pass) => {
      const answer = pass();
      return request.command === readFruData.command ? answered(answer.data.subarray(0, 1 + 7)) : answer;
    });
    expect(await read()).toEqual([wholeInventory]);
  });

  test('half a word: the whole word is read again', async () => {
    const { requester, read } = rig({ 0: { ...deviceZero, accessedByWords: true } });
    requester.intercept((request, pass) => {
      const answer = pass();
      return request.command === readFruData.command ? answered(answer.data.subarray(0, 1 + 7)) : answer;
    });
    expect(await read()).toEqual([wholeInventory]);
  });

  test('more bytes than asked for, and a count that is wrong', async () => {
    const { requester, read } = rig();
    requester.intercept((request, pass) => {
      const answer = pass();
      if (request.command !== readFruData.command) return answer;
      return answered(Buffer.concat([Buffer.of(0xee), answer.data.subarray(1), Buffer.alloc(9, 0x55)]));
    });
    expect(await read()).toEqual([wholeInventory]);
  });

  test('no bytes at all, for ever: a problem, not a loop', async () => {
    const { requester, read } = rig();
    requester.intercept((request, pass) => (request.command === readFruData.command ? answered([0]) : pass()));
    expect((await read())[0]?.problems).toEqual(['common header: read at 0 returned nothing']);
  });

  test("an answer that breaks the specification is that device's problem", async () => {
    const { requester, read } = rig({ 0: deviceZero, 1: deviceZero });
    requester.intercept((request, pass) => (request.data[0] === 1 ? answered([7]) : pass()));
    const inventories = await read([{ id: 1, name: 'PSU' }]);
    expect(inventories[0]).toEqual(wholeInventory);
    expect(inventories[1]).toMatchObject({ name: 'PSU', problems: [expect.stringMatching(/area size/)] });
  });
});

test('a busy device is asked again a little later, and given up after ten times', async () => {
  const { clock, requester, read } = rig();
  let busy = 3;
  requester.intercept((request, pass) =>
    request.command === readFruData.command && busy-- > 0 ? refused(FRU_DEVICE_BUSY) : pass(),
  );
  const start = clock.elapsed();
  expect(await read()).toEqual([wholeInventory]);
  expect(clock.elapsed()).toBeGreaterThan(start + 90);
  requester.intercept((request, pass) => (request.command === readFruData.command ? refused(FRU_DEVICE_BUSY) : pass()));
  expect((await read())[0]?.problems[0]).toMatch(/81h FRU device busy/);
});

describe('devices', () => {
  const psu = { image: encodeFru('PSU-1') };

  test('each that the locators name, by number, and device 0 under its own name there', async () => {
    const { read } = rig({ 0: deviceZero, 3: psu });
    const inventories = await read([
      { id: 3, name: 'PSU 1' },
      { id: 0, name: 'Main board' },
      { id: 3, name: 'PSU 1 again' },
    ]);
    expect(inventories.map(({ id, name }) => [id, name])).toEqual([
      [0, 'Main board'],
      [3, 'PSU 1'],
    ]);
    expect(inventories[1]?.product).toMatchObject({ 'Serial Number': 'PSU-1' });
  });

  test('one that is named and not there is told; device 0 that nobody names is left out', async () => {
    const { read } = rig({});
    expect(await read()).toEqual([]);
    expect(await read([{ id: 4, name: 'PSU 2' }])).toEqual([
      {
        id: 4,
        name: 'PSU 2',
        chassis: null,
        board: null,
        product: null,
        problems: ['not readable: CBh requested sensor, data or record not present'],
      },
    ]);
  });

  test('a controller without inventories', async () => {
    const { requester, read } = rig();
    requester.intercept(() => refused(CompletionCode.invalidCommand));
    expect(await read()).toEqual([]);
    expect(requester.count(getFruInventoryAreaInfo)).toBe(1);
  });

  test('device 0 that is refused for another reason is told', async () => {
    const { requester, read } = rig();
    requester.intercept(() => refused(CompletionCode.initializing));
    expect((await read())[0]?.problems).toEqual(['not readable: D2h BMC initialization in progress']);
  });

  test.each([
    ['blank', { image: Buffer.alloc(256, 0xff) }, 'no inventory: format version 15 is not known'],
    ['tiny', { image: Buffer.alloc(4) }, 'common header: the device has 4 bytes'],
  ])('a %s one', async (_name, device, problem) => {
    expect((await rig({ 0: device }).read())[0]?.problems).toEqual([problem]);
  });

  test('one whose areas go past its end: what is there is told', async () => {
    const cut = { image: deviceZero.image.subarray(0, (deviceZero.image[4] ?? 0) * 8 + 24) };
    const [inventory] = await rig({ 0: cut }).read();
    expect(inventory).toMatchObject({ chassis: wholeInventory.chassis, board: wholeInventory.board });
    expect(inventory?.product).toMatchObject({ 'Manufacturer Name': 'Bootwright' });
    expect(inventory?.problems).toEqual([expect.stringMatching(/^product area: ends after 24 of its \d+ bytes/)]);
  });

  test('an area that begins past its end', async () => {
    const cut = { image: deviceZero.image.subarray(0, (deviceZero.image[4] ?? 0) * 8) };
    const [inventory] = await rig({ 0: cut }).read();
    expect(inventory?.problems).toEqual([
      expect.stringMatching(/^product area: begins at \d+, the device has \d+ bytes/),
    ]);
  });
});

describe('power reading', () => {
  const meter = (poweredOn: boolean, powerWatts: number | null = 180): DirectRequester =>
    createDirectRequester({ chassis: createPlainChassis({ poweredOn }), powerWatts, clock: createManualClock() });

  test('what is drawn, and 0 while off', async () => {
    expect(await readPowerWatts(meter(true), never)).toBe(180);
    expect(await readPowerWatts(meter(false), never)).toBe(0);
  });

  test.each([
    CompletionCode.invalidCommand,
    CompletionCode.invalidDataField,
    CompletionCode.parameterOutOfRange,
    CompletionCode.subFunctionDisabled,
    CompletionCode.insufficientPrivilege,
    0x80,
  ])('null where DCMI is refused with %i', async (code) => {
    const requester = meter(true);
    requester.intercept(() => refused(code));
    expect(await readPowerWatts(requester, never)).toBeNull();
  });

  test.each<[string, (data: Buffer) => Buffer]>([
    ['of another group', (data) => Buffer.concat([Buffer.of(0x00), data.subarray(1)])],
    ['cut short', (data) => data.subarray(0, 9)],
    ['of a meter that is off', (data) => Buffer.concat([data.subarray(0, 17), Buffer.of(0)])],
  ])('null for an answer %s', async (_name, change) => {
    const requester = meter(true);
    requester.intercept((_request, pass) => answered(change(pass().data)));
    expect(await readPowerWatts(requester, never)).toBeNull();
  });

  test('null without a meter', async () => {
    expect(await readPowerWatts(meter(true, null), never)).toBeNull();
  });

  test('a controller that is gone is not taken for one without a meter', async () => {
    const requester = meter(true);
    requester.intercept(() => 'silent');
    await expect(readPowerWatts(requester, never)).rejects.toThrow(/no answer/);
  });
});
