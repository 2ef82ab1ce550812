import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { hasTool, toolVersion } from './tools.ts';

const never = new AbortController().signal;

describe.skipIf(!hasTool('ipmi_sim'))(`the driver and ${toolVersion('ipmi_sim', '--version')}`, () => {
  let folder: string;
  let port: number;
  let sim: ChildProcess;
  let bmcs: IpmiBmcs;
  const meter = createMeter();
  const open = (password = 'secret', options: { readonly cipherSuites?: readonly number[] } = {}): Promise<Bmc> =>
    bmcs.open(
      {
        host: '127.0.0.1',
        port,
        user: 'admin',
        password: Secret.fromText(password),
        ...options,
      },
      never,
    );
  /** What ipmi_sim asked of the chassis script since it started, one call a line. */
  const chassisLog = (): readonly string[] => readFileSync(join(folder, 'log'), 'utf8').split('\n').filter(Boolean);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bootwright-ipmi-sim-'));
    port = await freePort();
    writeConfiguration(folder, port);
    sim = spawn('ipmi_sim', ['-n', '-c', 'lan.conf', '-f', 'bmc.emu', '-s', 'state'], { cwd: folder, stdio: 'ignore' });
    bmcs = createIpmiBmcs({ udp: systemUdp, clock: systemClock, entropy: systemEntropy, log: silentLog, meter });
    await using first = await open();
    await first.identity(never);
  }, 20_000);

  afterAll(async () => {
    await bmcs[Symbol.asyncDispose]();
    sim.kill();
    rmSync(folder, { recursive: true, force: true });
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
    const before = chassisLog().length;
    expect(await bmc.power('on', never)).toEqual({ kind: 'accepted' });
    expect(await bmc.powerState(never)).toBe('on');
    expect(await bmc.power('off', never)).toEqual({ kind: 'accepted' });
    expect(await bmc.powerState(never)).toBe('off');
    expect(await bmc.power('cycle', never)).toEqual({ kind: 'accepted' });
    expect(await bmc.power('reset', never)).toEqual({ kind: 'accepted' });
    const sets = chassisLog()
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

async function freePort(): Promise<number> {
  await using socket = await systemUdp.bind({ address: '127.0.0.1', port: 0 }, () => undefined, never);
  return socket.local.port;
}

function writeConfiguration(folder: string, port: number): void {
  // Called as `chassis 0x20 get NAME...` and `chassis 0x20 set NAME VALUE`; keeps each value in a file of that name.
  const script = `#!/bin/sh
cd "${folder}" || exit 1
echo "call $*" >> log
[ "$1" = get ] || [ "$1" = set ] || shift
op=$1; shift
if [ "$op" = get ]; then for k in "$@"; do echo "$k:$(cat "value-$k" 2>/dev/null || echo 0)"; done
else while [ $# -gt 1 ]; do echo "$2" > "value-$1"; shift 2; done; fi
`;
  writeFileSync(join(folder, 'chassis'), script);
  chmodSync(join(folder, 'chassis'), 0o755);
  writeFileSync(join(folder, 'log'), '');
  writeFileSync(
    join(folder, 'lan.conf'),
    `name "interop"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${join(folder, 'chassis')}"
  user 2 true "admin" "secret" admin 10 none md2 md5 straight
`,
  );
  writeFileSync(
    join(folder, 'bmc.emu'),
    `mc_setbmc 0x20
mc_add 0x20 0x20 no-device-sdrs 0x01 2 0x33 0x9f 0x001291 0x0f02
mc_enable 0x20
`,
  );
}
