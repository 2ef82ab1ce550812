import { describe, expect, test } from 'vitest';
import type { BootDevice } from '../../../../src/domain/ports/bmc.ts';
import { readBootOverride, setBootOverride } from '../../../../src/drivers/bmc/ipmi/chassis/boot-override.ts';
import { deviceOf, selectorFor } from '../../../../src/drivers/bmc/ipmi/chassis/boot-selectors.ts';
import { DecodeError, UnreachableError } from '../../../../src/foundation/errors.ts';
import { getDeviceId } from '../../../../src/protocols/ipmi/commands/application/get-device-id.ts';
import { getSystemBootOptions } from '../../../../src/protocols/ipmi/commands/chassis/get-system-boot-options.ts';
import { setSystemBootOptions } from '../../../../src/protocols/ipmi/commands/chassis/set-system-boot-options.ts';
import { CompletionCodeError } from '../../../../src/protocols/ipmi/completion-code.ts';
import { answered, type DirectRequester, refused } from '../../../support/direct-requester.ts';
import { createController, never } from './controller.ts';

const devices: readonly BootDevice[] = ['none', 'pxe', 'disk', 'cdrom', 'setup'];
const pxe = { device: 'pxe', persistent: false, efi: true } as const;

/** What was written, parameter first, in order. */
const writes = ({ requests }: DirectRequester): readonly string[] =>
  requests.filter(({ command }) => command === setSystemBootOptions.command).map(({ data }) => data.toString('hex'));

const isSet = (data: Buffer, parameter: number): boolean => (data[0] ?? 0) === parameter;

describe('setting the boot override', () => {
  test('in the order of the specification, each write once, the 60 s timer switched off', async () => {
    const { requester, clock } = createController();
    expect(await setBootOverride(requester, pxe, never)).toEqual({ ...pxe, valid: true });
    expect(writes(requester)).toEqual(['0001', '0308', '040101', '05a004000000', '0002', '0000']);
    await clock.advance(120_000);
    expect((await readBootOverride(requester, never)).valid).toBe(true);
  });

  test.each(
    devices.flatMap((device) =>
      [true, false].flatMap((persistent) => [true, false].map((efi) => ({ device, persistent, efi }))),
    ),
  )('$device, persistent $persistent, EFI $efi: reads back as set', async (override) => {
    const { requester } = createController();
    expect(await setBootOverride(requester, override, never)).toEqual({ ...override, valid: true });
    expect(requester.count(getDeviceId)).toBe(override.device === 'disk' && override.efi ? 1 : 0);
  });

  test.each([0, 3, 4])('parameter %i may be refused or unanswered', async (parameter) => {
    for (const answer of [refused(0x80), 'silent'] as const) {
      const { requester } = createController();
      requester.intercept((request, pass) =>
        request.command === setSystemBootOptions.command && isSet(request.data, parameter) ? answer : pass(),
      );
      expect(await setBootOverride(requester, pxe, never)).toEqual({ ...pxe, valid: true });
    }
  });

  test('refused flags are told, nothing is committed, and "in progress" is taken back', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) =>
      request.command === setSystemBootOptions.command && isSet(request.data, 5) ? refused(0xcc) : pass(),
    );
    const failure = setBootOverride(requester, pxe, never);
    await expect(failure).rejects.toBeInstanceOf(CompletionCodeError);
    await expect(failure).rejects.toThrow(/set boot device pxe on BMC .*CCh/);
    expect(writes(requester).slice(-2)).toEqual(['05a004000000', '0000']);
  });

  test('silent flags are not sent again; the read-back tells', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) => {
      const answer = pass();
      return request.command === setSystemBootOptions.command && isSet(request.data, 5) ? 'silent' : answer;
    });
    expect(await setBootOverride(requester, pxe, never)).toEqual({ ...pxe, valid: true });
    expect(writes(requester).filter((data) => data.startsWith('05'))).toHaveLength(1);
  });

  test('a persistent override that the controller made one-time, and a lost EFI bit, are told', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) => {
      if (request.command !== setSystemBootOptions.command || !isSet(request.data, 5)) return pass();
      const data = Buffer.from(request.data);
      data[1] = 0x80;
      return pass({ ...request, data });
    });
    const report = await setBootOverride(requester, { device: 'pxe', persistent: true, efi: true }, never);
    expect(report).toEqual({ device: 'pxe', valid: true, persistent: false, efi: false });
  });

  test('no read-back: whether it is set is not known', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) => (request.command === getSystemBootOptions.command ? 'silent' : pass()));
    const failure = setBootOverride(requester, pxe, never);
    await expect(failure).rejects.toBeInstanceOf(UnreachableError);
    await expect(failure).rejects.toThrow(/whether the override is set is not known/);
  });
});

describe('Supermicro and a UEFI disk', () => {
  test.each([10876, 47488])('manufacturer %i: selector 24h, read back as disk', async (manufacturerId) => {
    const { requester, chassis } = createController({ manufacturerId });
    const override = { device: 'disk', persistent: true, efi: true } as const;
    expect(await setBootOverride(requester, override, never)).toEqual({ ...override, valid: true });
    expect(writes(requester)).toContain('05e024000000');
    expect(chassis.bootFlags().device).toBe(9);
  });

  test.each([
    [10876, false, '058008000000'],
    [343, true, '05a008000000'],
  ])('manufacturer %i, EFI %s: by the specification', async (manufacturerId, efi, bytes) => {
    const { requester } = createController({ manufacturerId });
    await setBootOverride(requester, { device: 'disk', persistent: false, efi }, never);
    expect(writes(requester)).toContain(bytes);
  });

  test('the rule is one of UEFI alone', () => {
    expect(selectorFor('disk', true, 10876)).toBe(9);
    expect(selectorFor('disk', false, 10876)).toBe(2);
    expect(deviceOf(9, false, 10876)).toBe('other');
  });

  test('a board that does not say who made it gets the specification’s selector', async () => {
    const { requester } = createController({ manufacturerId: 10876 });
    requester.intercept((request, pass) =>
      request.netFn === getDeviceId.netFn && request.command === getDeviceId.command ? refused(0xc1) : pass(),
    );
    await setBootOverride(requester, { device: 'disk', persistent: false, efi: true }, never);
    expect(writes(requester)).toContain('05a008000000');
  });

  test('selector 24h of another board is another device', async () => {
    const { requester, chassis } = createController({ manufacturerId: 343 });
    chassis.setBootFlags({ valid: true, persistent: false, efi: true, device: 9 });
    expect((await readBootOverride(requester, never)).device).toBe('other');
  });
});

describe('reading the boot override', () => {
  test.each([
    ['8004', { device: 'pxe', valid: true, persistent: false, efi: false }],
    ['e014000000000000000000000000000000', { device: 'cdrom', valid: true, persistent: true, efi: true }],
    ['003c000000', { device: 'other', valid: false, persistent: false, efi: false }],
  ])('%s', async (flags, report) => {
    const { requester } = createController();
    requester.intercept(() => answered(Buffer.from(`0105${flags}`, 'hex')));
    expect(await readBootOverride(requester, never)).toEqual(report);
  });

  test('one byte is no boot flags', async () => {
    const { requester } = createController();
    requester.intercept(() => answered([1, 5, 0x80]));
    await expect(readBootOverride(requester, never)).rejects.toBeInstanceOf(DecodeError);
  });
});
