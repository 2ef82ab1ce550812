import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createBadNetwork } from '../../../src/simulator/bmc/bad-network.ts';
import { type Chassis, createPlainChassis, NO_BOOT_OVERRIDE } from '../../../src/simulator/bmc/chassis.ts';
import {
  createSimulatedBmc,
  type SimulatedBmc,
  type SimulatedBmcOptions,
} from '../../../src/simulator/bmc/simulated-bmc.ts';
import { hasTool, runTool, type ToolResult, toolVersion } from './tools.ts';

const never = new AbortController().signal;
const KG = Buffer.from('ff0102030405060708090a0b0c0d0e0f10111213', 'hex');
const users = [
  { name: 'admin', password: 'secret', privilege: 4 },
  { name: 'oper', password: 'works', privilege: 3 },
  { name: 'viewer', password: 'looks on', privilege: 2 },
  { name: 'twenty', password: 'exactly twenty bytes', privilege: 4 },
  { name: '', password: 'nobody', privilege: 4 },
];
const everySuite = [0, 1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17];

async function createBmc(options: Partial<SimulatedBmcOptions> = {}): Promise<{ bmc: SimulatedBmc; chassis: Chassis }> {
  const chassis = options.chassis ?? createPlainChassis();
  const bmc = await createSimulatedBmc(
    { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
    { users, cipherSuites: everySuite, ipmi15: 'per-message', address: '127.0.0.1', port: 0, chassis, ...options },
    never,
  );
  return { bmc, chassis };
}

let bmc: SimulatedBmc;
let chassis: Chassis;
let withKg: SimulatedBmc;
let verbsBefore = 0;

beforeAll(async () => {
  ({ bmc, chassis } = await createBmc());
  ({ bmc: withKg } = await createBmc({ kg: KG }));
});
afterAll(async () => {
  await bmc[Symbol.asyncDispose]();
  await withKg[Symbol.asyncDispose]();
});
beforeEach(() => {
  chassis.control('off');
  chassis.setBootFlags(NO_BOOT_OVERRIDE);
  verbsBefore = bmc.powerLog.length;
});
afterEach(() => {
  // What a foreign client opens, it closes; the handshakes of refused ones are left half-open and time out.
  expect(bmc.activeSessions).toBe(0);
});

/** Verbs received since the test began. */
const verbs = (): readonly string[] => bmc.powerLog.slice(verbsBefore).map(({ action }) => action);

describe.skipIf(!hasTool('ipmitool'))(`simulated BMC, used by ${toolVersion('ipmitool', '-V')}`, () => {
  type Options = { readonly to?: SimulatedBmc; readonly user?: string; readonly password?: string };

  function ipmitool(how: string, command: string, options: Options = {}): Promise<ToolResult> {
    const { to = bmc, user = 'admin', password = 'secret' } = options;
    const login = ['-H', to.local.address, '-p', String(to.local.port), '-U', user, '-P', password];
    return runTool('ipmitool', [...how.split(' '), ...login, ...command.split(' ')]);
  }
  const suite = (id: number): string => `-I lanplus -C ${id}`;
  const suites = everySuite.filter((id) => id !== 11 && id !== 12);

  test.each([...suites.map((id) => ({ how: suite(id) })), { how: '-I lan -A MD5' }])(
    '$how: power status, on, cycle, off',
    async ({ how }) => {
      expect(await ipmitool(how, 'chassis power status')).toEqual({ exitCode: 0, output: 'Chassis Power is off' });
      expect((await ipmitool(how, 'chassis power on')).exitCode).toBe(0);
      expect(await ipmitool(how, 'chassis power status')).toEqual({ exitCode: 0, output: 'Chassis Power is on' });
      expect((await ipmitool(how, 'chassis power cycle')).exitCode).toBe(0);
      expect((await ipmitool(how, 'chassis power off')).exitCode).toBe(0);
      expect(verbs()).toEqual(['on', 'cycle', 'off']);
    },
  );

  // Suites 11 and 12 are left to FreeIPMI: ipmitool 1.8.19 ends itself there by a failed assertion.

  test.each([suite(3), suite(17), '-I lan -A MD5'])('%s: bootdev, reading it back, mc info', async (how) => {
    expect((await ipmitool(how, 'chassis bootdev pxe options=efiboot,persistent')).output).toBe(
      'Set Boot Device to pxe',
    );
    expect(chassis.bootFlags()).toEqual({ valid: true, persistent: true, efi: true, device: 1 });
    const { output } = await ipmitool(how, 'chassis bootparam get 5');
    expect(output).toMatch(/Boot Flag Valid[\s\S]*all future boots[\s\S]*BIOS EFI boot[\s\S]*Force PXE/);
    const info = await ipmitool(how, 'mc info');
    expect(info.exitCode).toBe(0);
    expect(info.output).toMatch(/Firmware Revision\s+: 1\.07[\s\S]*IPMI Version\s+: 2\.0/);
  });

  test('without -C it asks for the suites before the session, page by page, and takes 17', async () => {
    const asked = bmc.requests.get('Get Channel Cipher Suites') ?? 0;
    expect((await ipmitool('-I lanplus', 'chassis power status')).output).toBe('Chassis Power is off');
    expect(bmc.requests.get('Get Channel Cipher Suites')).toBe(asked + 4);
  });

  test('channel getciphers lists all twelve suites', async () => {
    const { output } = await ipmitool(suite(17), 'channel getciphers ipmi 1');
    const ids = [...output.matchAll(/^(\d+)\s+N\/A/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(everySuite);
  });

  describe.each([suite(3), suite(17), '-I lan -A MD5'])('%s: levels', (how) => {
    test.each([
      ['viewer', 'looks on', 'USER', false],
      ['oper', 'works', 'OPERATOR', true],
      ['admin', 'secret', 'ADMINISTRATOR', true],
      ['admin', 'secret', 'USER', false],
    ])('%s (%s) as %s', async (user, password, level, mayPower) => {
      const as = `${how} -L ${level}`;
      expect((await ipmitool(as, 'chassis power status', { user, password })).output).toBe('Chassis Power is off');
      const { output } = await ipmitool(as, 'chassis power on', { user, password });
      if (mayPower) expect(verbs()).toEqual(['on']);
      else expect(output).toMatch(/Insufficient privilege level/);
    });

    test('more than the user may is refused', async () => {
      const result = await ipmitool(`${how} -L ADMINISTRATOR`, 'chassis power on', {
        user: 'viewer',
        password: 'looks on',
      });
      expect(result.exitCode).not.toBe(0);
      expect(verbs()).toEqual([]);
    });
  });

  test('the null user by role alone, and a password of 20 bytes', async () => {
    const byRole = { user: '', password: 'nobody' };
    expect((await ipmitool(`${suite(17)} -L ADMINISTRATOR+`, 'chassis power status', byRole)).output).toBe(
      'Chassis Power is off',
    );
    const twenty = { user: 'twenty', password: 'exactly twenty bytes' };
    expect((await ipmitool(suite(17), 'chassis power status', twenty)).output).toBe('Chassis Power is off');
  });

  test.each([3, 8, 16, 17])('suite %i: two-key login by -y, not without, not with another', async (id) => {
    const to = withKg;
    const status = (kg: string): Promise<ToolResult> => ipmitool(`${suite(id)}${kg}`, 'chassis power status', { to });
    expect((await status(` -y ${KG.toString('hex')}`)).output).toBe('Chassis Power is off');
    // ipmitool tells of the second by silence and exit code 0.
    expect((await status('')).output).not.toMatch(/Chassis Power/);
    expect((await status(` -y ${'ab'.repeat(20)}`)).output).not.toMatch(/Chassis Power/);
  });

  test('two-key login by -k', async () => {
    const { bmc: to } = await createBmc({ kg: Buffer.from('a key in words') });
    const login = ['-H', to.local.address, '-p', String(to.local.port), '-U', 'admin', '-P', 'secret'];
    const words = ['-I', 'lanplus', '-C', '17', '-k', 'a key in words', ...login, 'chassis', 'power', 'status'];
    expect((await runTool('ipmitool', words)).output).toBe('Chassis Power is off');
    expect(to.sessions).toBe(0);
    await to[Symbol.asyncDispose]();
  });

  test.each([
    ['a wrong password', suite(17), { password: 'wrong' }],
    ['a wrong password', suite(8), { password: 'wrong' }],
    ['a wrong password', '-I lan -A MD5', { password: 'wrong' }],
    ['an unknown user', suite(17), { user: 'nobody' }],
    ['an unknown user', '-I lan -A MD5', { user: 'nobody' }],
  ])('%s is refused: %s', async (_what, how, login) => {
    expect((await ipmitool(how, 'chassis power on', login)).output).toMatch(/Unable to establish|session/i);
    expect(verbs()).toEqual([]);
  });

  test('suite 0 takes any password of a user that exists: that is what it is', async () => {
    expect((await ipmitool(suite(0), 'chassis power status', { password: 'wrong' })).output).toBe(
      'Chassis Power is off',
    );
    expect((await ipmitool(suite(0), 'chassis power status', { user: 'nobody' })).exitCode).not.toBe(0);
  });

  test('a reset of a host that is off is refused as the specification says, an unknown command with C1h', async () => {
    expect((await ipmitool(suite(17), 'chassis power reset')).output).toMatch(/not supported in present state/);
    expect((await ipmitool(suite(17), 'raw 0x06 0x7f')).output).toMatch(/rsp=0xc1/);
  });

  test.each([suite(3), suite(17)])(
    '%s: a tenth of all datagrams lost, it finishes',
    async (how) => {
      for (const seed of [1, 2, 3]) {
        const { bmc: to } = await createBmc({ faults: createBadNetwork(seed, { loss: 0.1 }) });
        expect((await ipmitool(how, 'chassis power status', { to })).output).toMatch(/^Chassis Power is off$/m);
        await to[Symbol.asyncDispose]();
      }
    },
    90_000,
  );
});

const freeIpmi = hasTool('ipmipower') && hasTool('bmc-info');

describe.skipIf(!freeIpmi)(`simulated BMC, used by ${toolVersion('ipmipower', '--version')}`, () => {
  type Options = { readonly to?: SimulatedBmc; readonly user?: string; readonly password?: string };

  function freeipmi(tool: string, how: string, command: string, options: Options = {}): Promise<ToolResult> {
    const { to = bmc, user = 'admin', password = 'secret' } = options;
    const login = ['-h', `${to.local.address}:${to.local.port}`, '-u', user, '-p', password];
    return runTool(tool, [...how.split(' '), ...login, ...command.split(' ')]);
  }
  const suite = (id: number): string => `-D LAN_2_0 -I ${id}`;
  const ways = [...everySuite.map(suite), '-D LAN -a MD5'];

  test.each(ways)('%s: ipmipower status, on, cycle, off, bmc-info', async (how) => {
    expect((await freeipmi('ipmipower', how, '--stat')).output).toMatch(/: off$/);
    expect((await freeipmi('ipmipower', how, '--on --wait-until-on')).output).toMatch(/: ok$/);
    expect((await freeipmi('ipmipower', how, '--stat')).output).toMatch(/: on$/);
    expect((await freeipmi('ipmipower', how, '--cycle')).output).toMatch(/: ok$/);
    expect((await freeipmi('ipmipower', how, '--off')).output).toMatch(/: ok$/);
    expect(verbs()).toEqual(['on', 'cycle', 'off']);
    const { exitCode, output } = await freeipmi('bmc-info', how, '--get-device-id');
    expect(exitCode).toBe(0);
    expect(output).toMatch(/Firmware Revision\s+: 1\.07/);
  });

  test.each([
    ['viewer', 'looks on', 'USER', /insufficient|privilege/i],
    ['oper', 'works', 'OPERATOR', /: ok$/],
    ['admin', 'secret', 'ADMIN', /: ok$/],
    ['viewer', 'looks on', 'ADMIN', /privilege level cannot be obtained/],
  ])('%s (%s) as %s', async (user, password, level, expected) => {
    for (const how of [suite(3), suite(17)]) {
      expect((await freeipmi('ipmipower', `${how} -l ${level}`, '--on', { user, password })).output).toMatch(expected);
    }
  });

  test.each([3, 8, 12, 17])('suite %i: two-key login by -k, not without, not with another', async (id) => {
    const status = (kg: string): Promise<ToolResult> =>
      freeipmi('ipmipower', `${suite(id)}${kg}`, '--stat', { to: withKg });
    expect((await status(` -k 0x${KG.toString('hex')}`)).output).toMatch(/: off$/);
    expect((await status('')).output).toMatch(/k_g invalid|password/);
    expect((await status(` -k 0x${'ab'.repeat(20)}`)).output).toMatch(/k_g invalid|password/);
  });

  test.each([suite(3), suite(12), suite(17), '-D LAN -a MD5'])(
    '%s: a wrong password or user is refused',
    async (how) => {
      const wrong = await freeipmi('ipmipower', `${how} --session-timeout 3000`, '--on', { password: 'wrong' });
      expect(wrong.output).toMatch(/password invalid|password verification timeout/);
      const unknown = await freeipmi('ipmipower', how, '--on', { user: 'stranger' });
      expect(unknown.output).toMatch(/username invalid/);
      expect(verbs()).toEqual([]);
    },
  );

  test.each([suite(3), suite(12), '-D LAN -a MD5'])(
    '%s: a tenth of all datagrams lost, it finishes',
    async (how) => {
      for (const seed of [1, 2, 3]) {
        // ipmipower repeats RAKP message 3 until its time is over, and most boards answer it again.
        const { bmc: to } = await createBmc({
          faults: createBadNetwork(seed, { loss: 0.1 }),
          personality: { repeatedRakpMessage3: 'answered' },
        });
        expect((await freeipmi('ipmipower', how, '--stat', { to })).output).toMatch(/: off$/);
        await to[Symbol.asyncDispose]();
      }
    },
    90_000,
  );
});
