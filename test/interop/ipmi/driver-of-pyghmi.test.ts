import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bmc } from '../../../src/domain/ports/bmc.ts';
import type { SerialConsoleEvent } from '../../../src/domain/ports/serial-console.ts';
import { createIpmiBmcs, type IpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import type { IpmiTarget } from '../../../src/drivers/bmc/ipmi/options.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';

const never = new AbortController().signal;
const MODULE = '/usr/lib/python3/dist-packages/pyghmi/ipmi/bmc.py';

describe.skipIf(!existsSync(MODULE))('the driver and the BMC of pyghmi', () => {
  let port: number;
  let child: ChildProcess;
  let bmcs: IpmiBmcs;
  const told: string[] = [];

  const deps = { udp: systemUdp, clock: systemClock, entropy: systemEntropy, log: silentLog, meter: createMeter() };
  const target = (own: Partial<IpmiTarget> = {}): IpmiTarget => ({
    host: '127.0.0.1',
    port,
    user: 'admin',
    password: Secret.fromText('secret'),
    privilege: 'administrator',
    ...own,
  });
  /** One session a source port is all that pyghmi has, so that another login needs a client of its own. */
  const open = (): Promise<Bmc> => bmcs.open(target(), never);

  beforeAll(async () => {
    await using probe = await systemUdp.bind({ address: '127.0.0.1', port: 0 }, () => undefined, never);
    port = probe.local.port;
    await probe[Symbol.asyncDispose]();
    child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'pyghmi-bmc.py'), String(port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ready = Promise.withResolvers<void>();
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) =>
        line === 'READY' ? ready.resolve() : told.push(line),
      );
    }
    await ready.promise;
    bmcs = createIpmiBmcs(deps, { firstWaitMs: 300, onceWaitMs: 2_000 });
  }, 30_000);

  afterAll(async () => {
    await bmcs[Symbol.asyncDispose]();
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.stdin?.end();
    await exited;
  });

  test('it grants suite 3 to whatever is asked: 17 is not believed, 3 is used', async () => {
    await using first = createIpmiBmcs(deps);
    const only17 = await first.open(target({ cipherSuites: [17] }), never);
    await expect(only17.powerState(never)).rejects.toThrow(/other algorithms granted than asked for/);
    await using second = createIpmiBmcs(deps);
    const both = await second.open(target(), never);
    expect(await both.powerState(never)).toBe('off');
  });

  test('identity, from its malformed Get Device ID', async () => {
    await using bmc = await open();
    expect((await bmc.identity(never)).ipmiVersion).toBe('2.0');
  });

  test('every verb once', async () => {
    await using bmc = await open();
    told.length = 0;
    for (const verb of ['on', 'cycle', 'reset', 'diag', 'soft-off', 'off'] as const) {
      expect(await bmc.power(verb, never)).toEqual({ kind: 'accepted' });
    }
    // Its words come by a pipe, after its answers.
    await expect.poll(() => told.length).toBeGreaterThanOrEqual(6);
    expect(told).toEqual(['on', 'cycle', 'reset', 'diag', 'soft-off', 'off']);
  });

  test('boot override: it keeps the device, and the report says what stuck', async () => {
    await using bmc = await open();
    const report = await bmc.setBootOverride({ device: 'pxe', persistent: false, efi: true }, never);
    expect(report).toEqual({ device: 'pxe', valid: true, persistent: false, efi: false });
  });

  test('what it does not have is refused, and told so', async () => {
    await using bmc = await open();
    await expect(bmc.sensors(never)).rejects.toThrow(/C1h invalid command/);
    expect(await bmc.inventory(never)).toEqual([]);
    expect(await bmc.chassis(never)).toMatchObject({ power: 'off', restartCause: null, powerOnHours: null });
  });

  test('its console echoes', async () => {
    await using bmc = await open();
    const text: string[] = [];
    const seen = Promise.withResolvers<void>();
    const up = Promise.withResolvers<void>();
    const onEvent = (event: SerialConsoleEvent): void => {
      if (event.kind === 'connected') up.resolve();
      if (event.kind === 'output') text.push(event.bytes.toString('latin1'));
      if (text.join('').includes('HELLO')) seen.resolve();
    };
    await using line = bmc.console?.(onEvent, {});
    await up.promise;
    await line?.write(Buffer.from('hello'), never);
    await seen.promise;
    expect(text.join('')).toBe('HELLO');
  }, 15_000);

  test('a wrong password is silence there: no session, and no second password is sent', async () => {
    await using own = createIpmiBmcs(deps, { firstWaitMs: 200 });
    const bmc = await own.open(target({ password: Secret.fromText('wrong'), cipherSuites: [3] }), never);
    await expect(bmc.powerState(never)).rejects.toThrow(/RAKP message (1|2|3)/);
  }, 20_000);
});
