import { describe, expect, test } from 'vitest';
import type { IpmiTarget } from '../../../src/drivers/bmc/ipmi/options.ts';
import { AuthenticationError, ConfigError, RefusedError, UnreachableError } from '../../../src/foundation/errors.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { PrivilegeLevel } from '../../../src/protocols/ipmi/privilege-level.ts';
import type { FaultHook } from '../../../src/simulator/bmc/faults.ts';
import { settle } from '../../support/manual-clock.ts';
import { admin, createRig, never, type Rig } from './rig.ts';

async function errorOf(rig: Rig, work: Promise<unknown>): Promise<unknown> {
  const result = await rig.finish(work);
  if (result.kind === 'value') throw new Error('no error');
  return result.error;
}

const openSessions = (rig: Rig): readonly Buffer[] =>
  rig.network.carried.filter(({ data }) => data[5] === 0x10).map(({ data }) => data);

describe('wrong credentials', () => {
  test('wrong password: AuthenticationError that names stage, causes and next step', async () => {
    await using rig = await createRig({ target: { password: Secret.fromText('wrong') } });
    const error = await errorOf(rig, rig.bmc.powerState(never));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ retry: 'give-up', details: { stage: 'RAKP message 2' } });
    expect(String(error)).toMatch(/192\.0\.2\.7:623.*admin.*does not know this password.*likely: .*next: /);
    expect(String(error)).not.toContain('wrong"');
  });

  test('a BMC from before RMCP+ is among the causes of silence', async () => {
    await using rig = await createRig({ bmc: { personality: { rmcpPlus: 'unknown' }, ipmi15: 'per-message' } });
    const error = await errorOf(rig, rig.bmc.powerState(never));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(String(error)).toMatch(/no answer to Open Session.*it speaks IPMI 1\.5 only; next: .*`version` 1\.5/);
  });

  test('unknown user (0Dh): AuthenticationError', async () => {
    await using rig = await createRig({ target: { user: 'nobody' } });
    const error = await errorOf(rig, rig.bmc.powerState(never));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(String(error)).toMatch(/RAKP message 1 refused with 0Dh unauthorized name/);
  });

  test('K_G that we do not have: AuthenticationError that says so', async () => {
    await using rig = await createRig({ bmc: { kg: Buffer.from('bmc key') } });
    expect(String(await errorOf(rig, rig.bmc.powerState(never)))).toMatch(/the BMC has a K_G and none is configured/);
  });

  test('the right K_G, one that starts with a zero byte too, opens the session', async () => {
    const kg = Buffer.from([0, 1, 2, 3]);
    await using rig = await createRig({ bmc: { kg }, target: { kg: new Secret(Buffer.from(kg)) } });
    expect(await rig.value(rig.bmc.powerState(never))).toBe('off');
  });

  test('an account with less than asked for is logged in with what it has, and refused the rest with advice', async () => {
    await using rig = await createRig({ bmc: { users: [{ ...admin, privilege: PrivilegeLevel.user }] } });
    expect(await rig.value(rig.bmc.powerState(never))).toBe('off');
    const outcome = await rig.value(rig.bmc.power('on', never));
    expect(outcome).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/^D4h.*logged in with USER/) });
    expect(rig.simulated.powerLog).toHaveLength(0);
  });

  test('the level that an account has is remembered: the next login asks for it at once', async () => {
    await using rig = await createRig({ bmc: { users: [{ ...admin, privilege: PrivilegeLevel.user }] } });
    await rig.value(rig.bmc.powerState(never));
    const before = openSessions(rig).length;
    rig.simulated.forgetSessions();
    await rig.value(rig.bmc.powerState(never));
    expect(openSessions(rig)).toHaveLength(before + 1);
  });

  test('an account that has no level at all is refused with advice', async () => {
    await using rig = await createRig({ bmc: { users: [{ ...admin, privilege: PrivilegeLevel.callback }] } });
    const error = await errorOf(rig, rig.bmc.powerState(never));
    expect(error).toBeInstanceOf(RefusedError);
    expect(String(error)).toMatch(/0Ah.*privilege limit.*lower `privilege`/);
  });
});

describe('the auth brake', () => {
  test('after one rejection nothing more is sent, also by another opened BMC, until reset', async () => {
    await using rig = await createRig({ target: { password: Secret.fromText('wrong') } });
    await errorOf(rig, rig.bmc.powerState(never));
    const sent = rig.network.carried.length;
    const again = await rig.open();
    const error = await errorOf(rig, again.power('on', never));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(String(error)).toMatch(/not tried, since the credential was rejected/);
    expect(rig.network.carried.length).toBe(sent);
    await rig.bmcs.resetAuthentication({ host: '192.0.2.7' }, { unpin: false }, never);
    await errorOf(rig, again.powerState(never));
    expect(rig.network.carried.length).toBeGreaterThan(sent);
  });

  test('another password is another credential', async () => {
    await using rig = await createRig({ target: { password: Secret.fromText('wrong') } });
    await errorOf(rig, rig.bmc.powerState(never));
    const right = await rig.open({ password: Secret.fromText('secret') });
    expect(await rig.value(right.powerState(never))).toBe('off');
  });

  test('no answer and no free session do not brake', async () => {
    await using rig = await createRig({ bmc: { limits: { maximumSessions: 0 } } });
    await errorOf(rig, rig.bmc.powerState(never));
    const sent = rig.network.carried.length;
    await errorOf(rig, rig.bmc.powerState(never));
    expect(rig.network.carried.length).toBeGreaterThan(sent);
  });
});

describe('a BMC that is not there or has no room', () => {
  test('silence: UnreachableError after four attempts, each with a new tag and session id', async () => {
    await using rig = await createRig({ bmc: { faults: () => ({ kind: 'drop' }) } });
    const result = await rig.finish(rig.bmc.powerState(never));
    expect(result).toMatchObject({
      kind: 'error',
      ms: 6_000,
      error: { retry: 'retry', details: { stage: 'Open Session' } },
    });
    expect(result.kind === 'error' && result.error).toBeInstanceOf(UnreachableError);
    const requests = openSessions(rig);
    expect(requests).toHaveLength(4);
    expect(new Set(requests.map((data) => data.subarray(20, 24).toString('hex'))).size).toBe(4);
  });

  test('no free session (01h): may pass, and the other likely cause is named', async () => {
    await using rig = await createRig({ bmc: { limits: { maximumSessions: 0 } } });
    const error = await errorOf(rig, rig.bmc.powerState(never));
    expect(error).toMatchObject({ retry: 'retry', details: { stage: 'Open Session', status: 1 } });
    expect(String(error)).toMatch(/every session of the BMC is in use, or the cipher suite is disabled/);
  });

  test('a caller that waits for its turn can give up; the others are served', async () => {
    await using rig = await createRig({
      bmc: { faults: ({ count }) => (count === 1 ? { kind: 'delay', ms: 300 } : undefined) },
    });
    const controller = new AbortController();
    const first = rig.bmc.powerState(never);
    const second = rig.bmc.powerState(controller.signal);
    const third = rig.bmc.powerState(never);
    second.catch(() => undefined);
    await settle();
    controller.abort(new Error('gave up'));
    await expect(second).rejects.toThrow('gave up');
    expect(await rig.value(Promise.all([first, third]))).toEqual(['off', 'off']);
  });
});

describe('cipher suites', () => {
  test('17 refused: 3 in one more round trip; 3 at once the next time', async () => {
    await using rig = await createRig({ bmc: { cipherSuites: [3] } });
    expect(await rig.finish(rig.bmc.powerState(never))).toMatchObject({ value: 'off', ms: 0 });
    expect(openSessions(rig)).toHaveLength(2);
    rig.simulated.forgetSessions();
    await rig.value(rig.bmc.powerState(never));
    expect(openSessions(rig)).toHaveLength(3);
  });

  /** From now on the BMC says that it does not know suite 17: somebody on the path, or a changed setting. */
  const refuse17: FaultHook = ({ direction, data }) =>
    direction === 'from-bmc' && data[5] === 0x11 && data[32] === 3
      ? {
          kind: 'rewrite',
          rewrite: (whole) =>
            Buffer.concat([whole.subarray(0, 14), Buffer.of(2, 0), whole.subarray(16, 17), Buffer.of(0x11)]),
        }
      : undefined;

  test.each([
    [false, undefined, 'refused'],
    [true, undefined, 'off'],
    [false, [3], 'off'],
  ] as const)(
    'downgrade after 17 was agreed: allowDowngrade %s, configured %s: %s',
    async (allowDowngrade, cipherSuites, expected) => {
      let steering = false;
      const faults: FaultHook = (point) => (steering ? refuse17(point) : undefined);
      await using rig = await createRig({ bmc: { faults }, client: { allowDowngrade, lingerMs: 0 } });
      expect(await rig.value(rig.bmc.powerState(never))).toBe('off');
      await rig.finish(rig.bmc[Symbol.asyncDispose]());
      steering = true;
      const again = await rig.open(cipherSuites ? { cipherSuites } : {});
      const result = await rig.finish(again.powerState(never));
      if (expected === 'off') expect(result).toMatchObject({ kind: 'value', value: 'off' });
      else {
        expect(result.kind === 'error' && result.error).toBeInstanceOf(RefusedError);
        expect(result.kind === 'error' && String(result.error)).toMatch(/agreed to a stronger one before/);
      }
    },
  );

  test('a BMC that grants algorithms other than asked is not believed', async () => {
    const weaken = (whole: Buffer): Buffer => {
      const forged = Buffer.from(whole);
      forged.writeUInt8(0, 16 + 32);
      return forged;
    };
    const faults: FaultHook = ({ direction, data }) =>
      direction === 'from-bmc' && data[5] === 0x11 ? { kind: 'rewrite', rewrite: weaken } : undefined;
    await using rig = await createRig({ bmc: { faults } });
    const error = await errorOf(rig, rig.bmc.powerState(never));
    expect(error).toBeInstanceOf(RefusedError);
    expect(String(error)).toMatch(/other algorithms granted than asked for/);
    expect(rig.network.carried.some(({ data }) => data[5] === 0x12)).toBe(false);
  });
});

describe('a target that cannot be used is refused when opened, never cut', () => {
  test.each<[string, Partial<IpmiTarget>, RegExp]>([
    ['a password of 21 bytes', { password: Secret.fromText('x'.repeat(21)) }, /password has 21 bytes/],
    ['a user name of 17 bytes', { user: 'x'.repeat(17) }, /user name has 17 bytes/],
    ['a user name of 9 letters and 18 bytes', { user: 'é'.repeat(9) }, /18 bytes/],
    ['a K_G of 21 bytes', { kg: Secret.fromText('x'.repeat(21)) }, /K_G has 21 bytes/],
    ...[0, 1, 2, 6, 7, 11, 15].map((id): [string, Partial<IpmiTarget>, RegExp] => [
      `cipher suite ${id}`,
      { cipherSuites: [17, id] },
      /lets anybody .* allowInsecureSuites/,
    ]),
    ['a suite with RC4', { cipherSuites: [4] }, /suite 4 is not supported/],
    [
      'a password of 17 bytes over IPMI 1.5',
      { version: '1.5', password: Secret.fromText('x'.repeat(17)) },
      /allows 16/,
    ],
    ['K_G over IPMI 1.5', { version: '1.5', kg: Secret.fromText('key') }, /neither K_G/],
    ['no cipher suite', { cipherSuites: [] }, /no cipher suite/],
  ])('%s', async (_what, target, message) => {
    await using rig = await createRig();
    const opening = rig.open(target);
    await expect(opening).rejects.toBeInstanceOf(ConfigError);
    await expect(opening).rejects.toThrow(message);
    expect(rig.network.carried).toHaveLength(0);
  });

  test('20 bytes of password and 16 of name are fine', async () => {
    const user = { name: 'n'.repeat(16), password: 'p'.repeat(20), privilege: PrivilegeLevel.operator };
    await using rig = await createRig({ bmc: { users: [user] } });
    const bmc = await rig.open({ user: user.name, password: Secret.fromText(user.password) });
    expect(await rig.value(bmc.power('on', never))).toEqual({ kind: 'accepted' });
  });
});

describe('disposing', () => {
  test('closes the session at the BMC, some time after the last one let go', async () => {
    await using rig = await createRig({ client: { lingerMs: 10_000 } });
    const other = await rig.open();
    await rig.value(Promise.all([rig.bmc.powerState(never), other.powerState(never)]));
    expect(rig.simulated.sessions).toBe(1);
    await rig.bmc[Symbol.asyncDispose]();
    await rig.clock.advance(15_000);
    expect(rig.simulated.sessions).toBe(1);
    await other[Symbol.asyncDispose]();
    await rig.clock.advance(9_000);
    expect(rig.simulated.sessions).toBe(1);
    await rig.clock.advance(1_001);
    expect(rig.simulated.sessions).toBe(0);
    expect(rig.bmcs.sessions).toBe(0);
  });

  test('closes every session when all BMCs are disposed of, held or not', async () => {
    await using rig = await createRig();
    await rig.value(rig.bmc.powerState(never));
    await rig.finish(rig.bmcs[Symbol.asyncDispose]());
    expect(rig.simulated.sessions).toBe(0);
  });

  test('takes a second at most when the BMC is gone', async () => {
    let gone = false;
    await using rig = await createRig({ bmc: { faults: () => (gone ? { kind: 'drop' } : undefined) } });
    await rig.value(rig.bmc.powerState(never));
    gone = true;
    const result = await rig.finish(rig.bmcs[Symbol.asyncDispose]());
    expect(result.kind).toBe('value');
    expect(result.ms).toBeLessThanOrEqual(1_000);
  });

  test('two clients of one BMC take turns: one request in flight', async () => {
    let inFlight = 0;
    let most = 0;
    const faults: FaultHook = ({ direction }) => {
      inFlight += direction === 'to-bmc' ? 1 : -1;
      most = Math.max(most, inFlight);
      return undefined;
    };
    await using rig = await createRig({ bmc: { faults } });
    const other = await rig.open();
    await rig.value(
      Promise.all([
        rig.bmc.powerState(never),
        other.identity(never),
        rig.bmc.power('on', never),
        other.powerState(never),
      ]),
    );
    expect(most).toBe(1);
  });

  test('reads send only commands that read', async () => {
    await using rig = await createRig();
    const { bmc } = rig;
    const reads = [
      bmc.powerState,
      bmc.identity,
      bmc.bootOverride,
      bmc.chassis,
      bmc.sensors,
      bmc.eventLog,
      bmc.inventory,
    ];
    for (const read of reads) await rig.value<unknown>(read(never));
    const sent = [...rig.simulated.requests.keys()];
    expect(sent).toContain('Get Sensor Reading');
    expect(sent).toContain('Get SEL Entry');
    expect(sent).toContain('Read FRU Data');
    // The session's own level is raised for Get System Boot Options; nothing else of the controller changes.
    expect(sent.filter((name) => !/^(Get|Read) /.test(name))).toEqual(['Set Session Privilege Level']);
  });
});
