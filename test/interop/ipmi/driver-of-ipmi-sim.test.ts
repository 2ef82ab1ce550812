import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bmc } from '../../../src/domain/ports/bmc.ts';
import { createIpmiBmcs, type IpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { AuthenticationError, RefusedError } from '../../../src/foundation/errors.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { type IpmiSim, startIpmiSim } from './ipmi-sim.ts';
import { hasTool, toolVersion } from './tools.ts';

const never = new AbortController().signal;

describe.skipIf(!hasTool('ipmi_sim'))(`the driver and ${toolVersion('ipmi_sim', '--version')}`, () => {
  let sim: IpmiSim;
  let bmcs: IpmiBmcs;
  const meter = createMeter();
  const open = (password = 'secret', options: { readonly cipherSuites?: readonly number[] } = {}): Promise<Bmc> =>
    bmcs.open(
      {
        host: '127.0.0.1',
        port: sim.port,
        user: 'admin',
        password: Secret.fromText(password),
        ...options,
      },
      never,
    );

  beforeAll(async () => {
    sim = await startIpmiSim({ chassis: true });
    bmcs = createIpmiBmcs({ udp: systemUdp, clock: systemClock, entropy: systemEntropy, log: silentLog, meter });
    await using first = await open();
    await first.identity(never);
  }, 20_000);

  afterAll(async () => {
    await bmcs[Symbol.asyncDispose]();
    sim[Symbol.dispose]();
  });

  test('identity', async () => {
    await using bmc = await open();
    expect(await bmc.identity(never)).toEqual({
      manufacturerId: 0x1291,
      productId: 0x0f02,
      firmware: '2.33',
      ipmiVersion: '2.0',
    });
  });

  test('power on, off and cycle; the chassis is told each verb once', async () => {
    await using bmc = await open();
    const before = sim.chassisLog().length;
    expect(await bmc.power('on', never)).toEqual({ kind: 'accepted' });
    expect(await bmc.powerState(never)).toBe('on');
    expect(await bmc.power('off', never)).toEqual({ kind: 'accepted' });
    expect(await bmc.powerState(never)).toBe('off');
    expect(await bmc.power('cycle', never)).toEqual({ kind: 'accepted' });
    expect(await bmc.power('reset', never)).toEqual({ kind: 'accepted' });
    const sets = sim
      .chassisLog()
      .slice(before)
      .filter((line) => line.includes(' set '));
    expect(sets.map((line) => line.replace(/.* set /, '')).slice(0, 2)).toEqual(['power 1', 'power 0']);
    expect(sets.filter((line) => line.includes('reset'))).toHaveLength(1);
  });

  test('diag, which it does not have, is refused with its reason', async () => {
    await using bmc = await open();
    expect(await bmc.power('diag', never)).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/^CCh/) });
  });

  test('boot override: it keeps the device and nothing else, and the report says so', async () => {
    await using bmc = await open();
    const report = await bmc.setBootOverride({ device: 'pxe', persistent: true, efi: true }, never);
    expect(report).toEqual({ device: 'pxe', valid: false, persistent: false, efi: false });
  });

  test('suite 17 alone is refused, with its 2-byte answer', async () => {
    await using bmc = await open('secret', { cipherSuites: [17] });
    await expect(bmc.powerState(never)).rejects.toBeInstanceOf(RefusedError);
    await expect(bmc.powerState(never)).rejects.toThrow(/Open Session refused with .*suite 17/);
  });

  test('a wrong password is found out, and not tried again', async () => {
    await using bmc = await open('wrong');
    await expect(bmc.powerState(never)).rejects.toBeInstanceOf(AuthenticationError);
    await expect(bmc.powerState(never)).rejects.toThrow(/not tried/);
  });

  test('nothing that it sends is dropped', () => {
    expect(meter.readings()).toEqual([]);
  });
});
