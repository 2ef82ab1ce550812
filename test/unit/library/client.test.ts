import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ConfigError, UnreachableError } from '../../../src/foundation/errors.ts';
import { IpmiClosedError } from '../../../src/library/closed-error.ts';
import { commands } from '../../../src/library/commands.ts';
import { CompletionCodeError } from '../../../src/protocols/ipmi/completion-code.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import type { FaultHook } from '../../../src/simulator/bmc/faults.ts';
import { account, createLibraryRig, PASSWORD } from './rig.ts';

describe('an IPMI client', () => {
  it('sends nothing until something is asked, and then answers', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open();
    expect(rig.network.carried).toHaveLength(0);
    expect(rig.ipmi.sessions).toBe(0);
    expect(await rig.value(client.powerState())).toBe('off');
    expect(rig.ipmi.sessions).toBe(1);
    expect(client.describe).toBe('IPMI 192.0.2.7:623 as "admin"');
    expect(await rig.value(client.deviceId())).toMatchObject({ firmware: '1.07', ipmi: '2.0' });
  });

  it('shares one session among the clients of a BMC and account', async () => {
    await using rig = await createLibraryRig();
    const clients = await Promise.all([rig.open(), rig.open(), rig.open({ password: Buffer.from(PASSWORD) })]);
    await rig.value(Promise.all(clients.map((client) => client.powerState())));
    expect(rig.simulated.sessions).toBe(1);
    const [first, ...others] = clients;
    await rig.value(first?.[Symbol.asyncDispose]() ?? Promise.reject(new Error('no client')));
    await rig.value(Promise.all(others.map((client) => client.powerState())));
    expect(rig.simulated.sessions).toBe(1);
  });

  it('reads chassis, users, suites and power in one session, within the account’s rights', async () => {
    await using rig = await createLibraryRig({ bmc: { chassis: createPlainChassis({ poweredOn: true }) } });
    const client = await rig.open();
    expect(await rig.value(client.chassis())).toMatchObject({ power: 'on', powerWatts: 180 });
    expect((await rig.value(client.users())).users.map(({ name }) => name)).toContain('admin');
    expect(await rig.value(client.cipherSuites())).toEqual([
      {
        id: 3,
        authentication: ['hmacSha1'],
        integrity: ['hmacSha1x96'],
        confidentiality: ['aesCbc128'],
        admission: 'default',
      },
      {
        id: 17,
        authentication: ['hmacSha256'],
        integrity: ['hmacSha256x128'],
        confidentiality: ['aesCbc128'],
        admission: 'default',
      },
    ]);
    expect(await rig.value(client.powerReading())).toMatchObject({ current: 180 });
    expect(await rig.value(client.setBootOverride({ device: 'pxe', efi: true }))).toMatchObject({
      device: 'pxe',
      efi: true,
    });
    expect(rig.simulated.sessions).toBe(1);
  });

  it('brings the power where it is wanted, with one verb on the wire', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open();
    expect(await rig.value(client.power('on'))).toMatchObject({ outcome: 'reached', power: 'on' });
    expect(await rig.value(client.power('on'))).toEqual({ outcome: 'already', power: 'on' });
    expect(rig.simulated.powerLog.map(({ action }) => action)).toEqual(['on']);
  });

  it('says unknown after a verb whose answer was lost, and keeps to `settleMs`', async () => {
    const chassis = createPlainChassis({ poweredOn: true });
    await using rig = await createLibraryRig({
      bmc: {
        chassis: { ...chassis, control: () => 'done' },
        faults: muteAfterVerb(() => rig.simulated.powerLog.length),
      },
    });
    const client = await rig.open();
    const began = rig.clock.elapsed();
    expect(await rig.value(client.power('off', { settleMs: 60_000 }))).toMatchObject({ outcome: 'unknown' });
    expect(rig.simulated.powerLog).toHaveLength(1);
    expect(rig.clock.elapsed() - began).toBeGreaterThan(55_000);
  });

  it('sends raw bytes, with data as an array too, and takes a refusal for an answer', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open();
    const answer = await rig.value(client.raw({ netFn: 0x06, command: 0x01 }));
    expect(answer).toMatchObject({ kind: 'answered', completionCode: 0 });
    const refused = await rig.value(client.raw({ netFn: 0x06, command: 0xee, data: [1, 2, 3] }));
    expect(refused).toMatchObject({ kind: 'answered', completionCode: 0xc1 });
  });

  it('carries out typed commands, repeatable or not', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open();
    expect(await rig.value(client.request(commands.getChassisStatus, undefined))).toMatchObject({ powerOn: false });
    await rig.value(client.request(commands.chassisControl, { action: 1 }));
    expect(rig.chassis.poweredOn()).toBe(true);
    const unknown = { ...commands.chassisControl, name: 'Unknown', command: 0xee };
    expect(await rig.failure(client.request(unknown, { action: 1 }))).toBeInstanceOf(CompletionCodeError);
    expect(await rig.value(client.attempt(unknown, { action: 1 }))).toMatchObject({
      kind: 'refused',
      completionCode: 0xc1,
    });
  });

  it('tells of a command sent once, without an answer, that it was sent', async () => {
    await using rig = await createLibraryRig({
      bmc: { faults: muteAfterVerb(() => rig.simulated.powerLog.length) },
    });
    const client = await rig.open();
    const failed = await rig.failure(client.request(commands.chassisControl, { action: 1 }));
    expect(failed).toBeInstanceOf(UnreachableError);
    expect(failed).toMatchObject({ retry: 'give-up', details: { sent: true } });
    expect(rig.simulated.powerLog).toHaveLength(1);
  });

  it('shows no secret, however it is printed', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open({ kg: Buffer.from('k-g-under-test') });
    await rig.failure(client.powerState());
    const wrong = await rig.open({ password: 'other-under-test' });
    const failed = await rig.failure(wrong.powerState());
    const long = await rig.failure(rig.open({ password: 'much-too-long-under-test-and-longer' }));
    expect(long).toBeInstanceOf(ConfigError);
    for (const value of [rig.ipmi, client, wrong, failed, long]) {
      const printed = [inspect(value, { depth: 20, showHidden: true }), JSON.stringify(value), String(value)].join();
      expect(printed).not.toContain('under-test');
    }
  });
});

describe('the end of a client', () => {
  it('ends its calls, refuses later ones, and leaves other clients alone', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open();
    const other = await rig.open();
    await rig.value(client.powerState());
    const call = rig.failure(client.chassis());
    await rig.value(client[Symbol.asyncDispose]());
    expect(await call).toBeInstanceOf(IpmiClosedError);
    expect(await rig.failure(client.powerState())).toBeInstanceOf(IpmiClosedError);
    expect(() => client.openConsole(() => undefined)).toThrow(IpmiClosedError);
    expect(await rig.value(other.powerState())).toBe('off');
    await rig.value(client[Symbol.asyncDispose]());
  });

  it('lets the session linger, and then closes it', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open();
    await rig.value(client.powerState());
    await rig.value(client[Symbol.asyncDispose]());
    expect(rig.ipmi.sessions).toBe(1);
    await rig.clock.advance(16_000);
    expect(rig.ipmi.sessions).toBe(0);
    expect(rig.simulated.sessions).toBe(0);
  });

  it('comes with the end of the whole: sessions are closed on the BMC, and nothing is left that waits', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open();
    await rig.value(client.powerState());
    await rig.value(rig.ipmi[Symbol.asyncDispose]());
    expect(rig.simulated.sessions).toBe(0);
    expect(rig.clock.sleepers).toBe(0);
    expect(await rig.failure(client.powerState())).toBeInstanceOf(IpmiClosedError);
    expect(await rig.failure(rig.open())).toBeInstanceOf(IpmiClosedError);
    expect(await rig.failure(rig.ipmi.resetAuthentication(account))).toBeInstanceOf(IpmiClosedError);
  });

  it('also ends an opening that still waits for its password', async () => {
    await using rig = await createLibraryRig();
    const asked = Promise.withResolvers<void>();
    const opening = rig.failure(
      rig.open({
        password: (signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            asked.resolve();
          }),
      }),
    );
    await asked.promise;
    await rig.value(rig.ipmi[Symbol.asyncDispose]());
    expect(await opening).toBeInstanceOf(IpmiClosedError);
  });

  it('can be one call’s only, by its signal', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open();
    const caller = new AbortController();
    const call = rig.failure(client.chassis({ signal: caller.signal }));
    caller.abort('enough');
    expect(await call).toBe('enough');
    expect(await rig.value(client.powerState())).toBe('off');
  });
});

describe('rejected credentials', () => {
  it('are not tried again until their authentication is reset', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open({ password: 'wrong' });
    await rig.failure(client.powerState());
    const before = rig.network.carried.length;
    expect(await rig.failure(client.powerState())).toMatchObject({ code: 'authentication-failed' });
    expect(rig.network.carried).toHaveLength(before);
    await rig.value(rig.ipmi.resetAuthentication(account));
    await rig.failure(client.powerState());
    expect(rig.network.carried.length).toBeGreaterThan(before);
    const right = await rig.open();
    expect(await rig.value(right.powerState())).toBe('off');
  });
});

/** Everything passes until the BMC has received a verb; from then on it is not heard any more. */
function muteAfterVerb(verbs: () => number): FaultHook {
  return ({ direction }) => (direction === 'from-bmc' && verbs() > 0 ? { kind: 'drop' } : undefined);
}
