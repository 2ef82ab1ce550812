import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bmc, BootDevice, PowerState, PowerVerb } from '../../../src/domain/ports/bmc.ts';
import { AuthenticationError, UnreachableError } from '../../../src/foundation/errors.ts';

/** A controller under test with its machine off, and ways to look at the machine past the controller. */
export type BmcSubject = AsyncDisposable & {
  readonly bmc: Bmc;
  /** The same controller with a password that it does not know. */
  wrongPassword(): Promise<Bmc>;
  /** A controller where nothing answers. */
  unreachable(): Promise<Bmc>;
  poweredOn(): boolean;
  /** Verbs that reached the controller, in order; undefined where it does not tell. */
  verbs(): readonly PowerVerb[] | undefined;
};

/** What this kind of controller cannot do, each with its reason in the caller. */
export type BmcLimits = {
  /** Keeps only the device of an override. */
  readonly keepsDeviceOnly?: boolean;
};

const never = new AbortController().signal;

/** The suite that every implementation of the `Bmc` port passes. */
export function describeBmcContract(name: string, create: () => Promise<BmcSubject>, limits: BmcLimits = {}): void {
  describe(`Bmc contract: ${name}`, () => {
    let subject: BmcSubject;
    beforeEach(async () => {
      subject = await create();
    });
    afterEach(async () => {
      await subject[Symbol.asyncDispose]();
    });

    test('describes itself without its password', () => {
      expect(subject.bmc.describe).toMatch(/\S/);
      expect(subject.bmc.describe).not.toContain('secret');
    });

    test('tells its identity', async () => {
      const identity = await subject.bmc.identity(never);
      expect(identity.firmware).toMatch(/^\d+\.\d+/);
      expect(identity.ipmiVersion).toMatch(/^\d\.\d$/);
      expect(Number.isInteger(identity.manufacturerId) && Number.isInteger(identity.productId)).toBe(true);
    });

    test.each<[PowerVerb, PowerState]>([
      ['on', 'on'],
      ['off', 'off'],
    ])('power %s leaves the machine %s', async (verb, state) => {
      expect(await subject.bmc.powerState(never)).toBe('off');
      if (state === 'off') await subject.bmc.power('on', never);
      expect(await subject.bmc.power(verb, never)).toEqual({ kind: 'accepted' });
      expect(await subject.bmc.powerState(never)).toBe(state);
      expect(subject.poweredOn()).toBe(state === 'on');
    });

    test.each<PowerVerb>(['soft-off', 'cycle', 'reset', 'diag'])(
      'power %s reaches a machine that is on, once',
      async (verb) => {
        await subject.bmc.power('on', never);
        expect(await subject.bmc.power(verb, never)).toEqual({ kind: 'accepted' });
        const verbs = subject.verbs();
        if (verbs) expect(verbs).toEqual(['on', verb]);
      },
    );

    test('a verb that the state does not allow is told apart', async () => {
      expect((await subject.bmc.power('reset', never)).kind).toBe('already');
      expect(await subject.bmc.powerState(never)).toBe('off');
    });

    test.each<BootDevice>(['none', 'pxe', 'disk', 'cdrom', 'setup'])(
      'boot override %s is set and read back',
      async (device) => {
        const report = await subject.bmc.setBootOverride({ device, persistent: false, efi: true }, never);
        expect(report.device).toBe(device);
        if (!limits.keepsDeviceOnly) expect(report).toEqual({ device, valid: true, persistent: false, efi: true });
      },
    );

    test('a persistent override is read back as such', async () => {
      const report = await subject.bmc.setBootOverride({ device: 'pxe', persistent: true, efi: false }, never);
      if (!limits.keepsDeviceOnly) expect(report).toMatchObject({ persistent: true, efi: false });
    });

    test('calls at the same time are all served', async () => {
      const { bmc } = subject;
      const work = [bmc.powerState(never), bmc.identity(never), bmc.powerState(never), bmc.powerState(never)] as const;
      const [first, , third, fourth] = await Promise.all(work);
      expect([first, third, fourth]).toEqual(['off', 'off', 'off']);
    });

    test('a wrong password is an AuthenticationError', async () => {
      await using bmc = await subject.wrongPassword();
      await expect(bmc.powerState(never)).rejects.toBeInstanceOf(AuthenticationError);
      await expect(bmc.power('on', never)).rejects.toBeInstanceOf(AuthenticationError);
      expect(subject.poweredOn()).toBe(false);
    });

    test('silence is an UnreachableError', async () => {
      await using bmc = await subject.unreachable();
      await expect(bmc.powerState(never)).rejects.toBeInstanceOf(UnreachableError);
      await expect(bmc.power('on', never)).rejects.toBeInstanceOf(UnreachableError);
    });

    test('an abort is rethrown as it is', async () => {
      const reason = new Error('the caller has changed its mind');
      const aborted = AbortSignal.abort(reason);
      await expect(subject.bmc.powerState(aborted)).rejects.toBe(reason);
      await expect(subject.bmc.power('on', aborted)).rejects.toBe(reason);
      await expect(subject.bmc.identity(aborted)).rejects.toBe(reason);
      const override = { device: 'pxe', persistent: false, efi: false } as const;
      await expect(subject.bmc.setBootOverride(override, aborted)).rejects.toBe(reason);
      expect(subject.poweredOn()).toBe(false);
    });

    test('disposing twice is harmless', async () => {
      await subject.bmc.powerState(never);
      await subject.bmc[Symbol.asyncDispose]();
      await subject.bmc[Symbol.asyncDispose]();
    });
  });
}
