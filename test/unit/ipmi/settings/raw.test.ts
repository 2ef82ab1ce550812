import { describe, expect, test } from 'vitest';
import type { RawCommand } from '../../../../src/domain/hardware.ts';
import { RAW_MAXIMUM_DATA_BYTES, sendRaw } from '../../../../src/drivers/bmc/ipmi/raw.ts';
import { InvalidRequestError } from '../../../../src/foundation/errors.ts';
import { answered, refused } from '../../../support/direct-requester.ts';
import { createController, never } from '../chassis/controller.ts';

const raw = (part: Partial<RawCommand>): RawCommand => ({
  netFn: 6,
  lun: 0,
  command: 1,
  data: Buffer.alloc(0),
  ...part,
});

describe('raw commands', () => {
  test('bytes out and back', async () => {
    const { requester } = createController({ poweredOn: true });
    const answer = await sendRaw(requester, raw({ netFn: 0, command: 1 }), never);
    expect(answer).toEqual({
      kind: 'answered',
      completionCode: 0,
      meaning: '00h completed normally',
      data: Buffer.from('010040', 'hex'),
    });
    expect(requester.requests).toHaveLength(1);
  });

  test('data, LUN and an empty answer', async () => {
    const { requester } = createController();
    requester.intercept(() => answered([]));
    const answer = await sendRaw(requester, raw({ netFn: 0x2e, lun: 3, command: 0xff, data: Buffer.of(1, 2) }), never);
    expect(answer).toMatchObject({ kind: 'answered', completionCode: 0, data: Buffer.alloc(0) });
    expect(requester.requests).toMatchObject([{ netFn: 0x2e, responderLun: 3, command: 0xff, data: Buffer.of(1, 2) }]);
  });

  test('a refusal is an answer, with its meaning', async () => {
    const { requester } = createController();
    expect(await sendRaw(requester, raw({ command: 0x7f }), never)).toEqual({
      kind: 'answered',
      completionCode: 0xc1,
      meaning: 'C1h invalid command',
      data: Buffer.alloc(0),
    });
    requester.intercept(() => refused(0x81));
    expect(await sendRaw(requester, raw({}), never)).toMatchObject({ meaning: '81h command-specific code' });
  });

  test('silence is silence, after one request', async () => {
    const { requester } = createController();
    requester.intercept(() => 'silent');
    expect(await sendRaw(requester, raw({}), never)).toEqual({ kind: 'silent' });
    expect(requester.requests).toHaveLength(1);
  });

  test('the answer is the caller’s own copy', async () => {
    const { requester } = createController();
    const bytes = Buffer.of(1, 2, 3);
    requester.intercept(() => ({ completionCode: 0, data: bytes }));
    const answer = await sendRaw(requester, raw({}), never);
    bytes.fill(9);
    expect(answer).toMatchObject({ data: Buffer.of(1, 2, 3) });
  });

  test.each([
    { netFn: 7 },
    { netFn: -2 },
    { netFn: 64 },
    { netFn: 1.5 },
    { lun: 4 },
    { lun: -1 },
    { command: 256 },
    { command: Number.NaN },
    { data: Buffer.alloc(RAW_MAXIMUM_DATA_BYTES + 1) },
  ])('%j is not sent', async (part) => {
    const { requester } = createController();
    await expect(sendRaw(requester, raw(part), never)).rejects.toBeInstanceOf(InvalidRequestError);
    expect(requester.requests).toEqual([]);
  });

  test('the longest request is sent', async () => {
    const { requester } = createController();
    requester.intercept(() => answered([]));
    const data = Buffer.alloc(RAW_MAXIMUM_DATA_BYTES, 7);
    await sendRaw(requester, raw({ netFn: 0x3e, data }), never);
    expect(requester.requests[0]?.data).toEqual(data);
  });
});
