import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { type Chassis, createPlainChassis, NO_BOOT_OVERRIDE } from '../../../src/simulator/bmc/chassis.ts';
import { createSimulatedBmc, type SimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { hasTool, runTool, type ToolResult, toolVersion } from './tools.ts';

const never = new AbortController().signal;
const suites = [3, 17];

let bmc: SimulatedBmc;
let chassis: Chassis;
let verbsBefore = 0;

beforeAll(async () => {
  chassis = createPlainChassis();
  bmc = await createSimulatedBmc(
    { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
    { users: [{ name: 'admin', password: 'secret', privilege: 4 }], address: '127.0.0.1', port: 0, chassis },
    never,
  );
});
afterAll(() => bmc[Symbol.asyncDispose]());
beforeEach(() => {
  chassis.control('off');
  chassis.setBootFlags(NO_BOOT_OVERRIDE);
  verbsBefore = bmc.powerLog.length;
});

/** Verbs received since the test began. */
const verbs = (): readonly string[] => bmc.powerLog.slice(verbsBefore).map(({ action }) => action);

describe.skipIf(!hasTool('ipmitool'))(`simulated BMC, used by ${toolVersion('ipmitool', '-V')}`, () => {
  function ipmitool(suite: number, command: string, password = 'secret'): Promise<ToolResult> {
    const { address, port } = bmc.local;
    const login = [
      '-I',
      'lanplus',
      '-H',
      address,
      '-p',
      String(port),
      '-U',
      'admin',
      '-P',
      password,
      '-C',
      String(suite),
    ];
    return runTool('ipmitool', [...login, ...command.split(' ')]);
  }

  test.each(suites)('suite %i: power status, on, cycle, off', async (suite) => {
    expect(await ipmitool(suite, 'chassis power status')).toEqual({ exitCode: 0, output: 'Chassis Power is off' });
    expect((await ipmitool(suite, 'chassis power on')).exitCode).toBe(0);
    expect(await ipmitool(suite, 'chassis power status')).toEqual({ exitCode: 0, output: 'Chassis Power is on' });
    expect((await ipmitool(suite, 'chassis power cycle')).exitCode).toBe(0);
    expect((await ipmitool(suite, 'chassis power off')).exitCode).toBe(0);
    expect(verbs()).toEqual(['on', 'cycle', 'off']);
    expect(bmc.sessions).toBe(0);
  });

  test.each(suites)('suite %i: bootdev, and reading it back', async (suite) => {
    expect((await ipmitool(suite, 'chassis bootdev pxe options=efiboot,persistent')).output).toBe(
      'Set Boot Device to pxe',
    );
    expect(chassis.bootFlags()).toEqual({ valid: true, persistent: true, efi: true, device: 1 });
    const { output } = await ipmitool(suite, 'chassis bootparam get 5');
    expect(output).toMatch(/Boot Flag Valid[\s\S]*all future boots[\s\S]*BIOS EFI boot[\s\S]*Force PXE/);
  });

  test.each(suites)('suite %i: mc info', async (suite) => {
    const { exitCode, output } = await ipmitool(suite, 'mc info');
    expect(exitCode).toBe(0);
    expect(output).toMatch(/Firmware Revision\s+: 1\.07[\s\S]*IPMI Version\s+: 2\.0/);
  });

  test('without -C it asks for the suites before the session, and takes 17', async () => {
    const { address, port } = bmc.local;
    const login = ['-I', 'lanplus', '-H', address, '-p', String(port), '-U', 'admin', '-P', 'secret'];
    const asked = bmc.requests.get('Get Channel Cipher Suites') ?? 0;
    expect((await runTool('ipmitool', [...login, 'chassis', 'power', 'status'])).output).toBe('Chassis Power is off');
    expect(bmc.requests.get('Get Channel Cipher Suites')).toBe(asked + 1);
  });

  test('a reset of a host that is off is refused as the specification says', async () => {
    expect((await ipmitool(17, 'chassis power reset')).output).toMatch(/not supported in present state/);
  });

  test('an unknown command is refused with C1h', async () => {
    expect((await ipmitool(17, 'raw 0x06 0x7f')).output).toMatch(/rsp=0xc1/);
  });

  test('a wrong password is refused', async () => {
    expect((await ipmitool(17, 'chassis power status', 'wrong')).output).toMatch(/Unable to establish/);
  });
});

const freeIpmi = hasTool('ipmipower') && hasTool('bmc-info');

describe.skipIf(!freeIpmi)(`simulated BMC, used by ${toolVersion('ipmipower', '--version')}`, () => {
  function freeipmi(tool: string, suite: number, ...options: string[]): Promise<ToolResult> {
    const host = `${bmc.local.address}:${bmc.local.port}`;
    const login = ['-D', 'LAN_2_0', '-I', String(suite), '-h', host, '-u', 'admin', '-p', 'secret'];
    return runTool(tool, [...login, ...options]);
  }

  test.each(suites)('suite %i: ipmipower status, on, cycle, off', async (suite) => {
    expect((await freeipmi('ipmipower', suite, '--stat')).output).toMatch(/: off$/);
    expect((await freeipmi('ipmipower', suite, '--on', '--wait-until-on')).output).toMatch(/: ok$/);
    expect((await freeipmi('ipmipower', suite, '--stat')).output).toMatch(/: on$/);
    expect((await freeipmi('ipmipower', suite, '--cycle')).output).toMatch(/: ok$/);
    expect((await freeipmi('ipmipower', suite, '--off')).output).toMatch(/: ok$/);
    expect(verbs()).toEqual(['on', 'cycle', 'off']);
  });

  test.each(suites)('suite %i: bmc-info', async (suite) => {
    const { exitCode, output } = await freeipmi('bmc-info', suite, '--get-device-id');
    expect(exitCode).toBe(0);
    expect(output).toMatch(/Firmware Revision\s+: 1\.07/);
  });
});
