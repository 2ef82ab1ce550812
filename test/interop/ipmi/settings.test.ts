import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { IpmiBoard } from '../../../src/drivers/bmc/ipmi/board.ts';
import { readBootOverride, setBootOverride } from '../../../src/drivers/bmc/ipmi/chassis/boot-override.ts';
import { readChassis } from '../../../src/drivers/bmc/ipmi/chassis/chassis-report.ts';
import { identify } from '../../../src/drivers/bmc/ipmi/chassis/identify.ts';
import { createIpmiBmcs, type IpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import { sendRaw } from '../../../src/drivers/bmc/ipmi/raw.ts';
import { readChannels } from '../../../src/drivers/bmc/ipmi/settings/channels.ts';
import { readGuids } from '../../../src/drivers/bmc/ipmi/settings/guid.ts';
import { readLan } from '../../../src/drivers/bmc/ipmi/settings/lan.ts';
import { readSelfTest } from '../../../src/drivers/bmc/ipmi/settings/self-test.ts';
import { readUsers } from '../../../src/drivers/bmc/ipmi/settings/users.ts';
import { readWatchdog } from '../../../src/drivers/bmc/ipmi/settings/watchdog.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { createSimulatedBmc, type SimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { type IpmiSim, startIpmiSim } from './ipmi-sim.ts';
import { hasTool, runTool, toolVersion } from './tools.ts';

const never = new AbortController().signal;
const deps = { udp: systemUdp, clock: systemClock, entropy: systemEntropy };
const noMeter = (): Promise<null> => Promise.resolve(null);
/** As a Dell's, in SMBIOS order. */
const GUID = Buffer.from('44454c4c580010548033b5c04f475131', 'hex');

let simulated: SimulatedBmc;

beforeAll(async () => {
  simulated = await createSimulatedBmc(
    deps,
    {
      users: [
        { name: 'admin', password: 'secret', privilege: 4 },
        { name: 'oper', password: 'works', privilege: 3 },
      ],
      address: '127.0.0.1',
      port: 0,
      chassis: createPlainChassis(),
      guid: GUID,
      ipmi15: 'per-message',
      settings: { resetMs: 100, lan: { vlan: { enabled: true, id: 42 }, defaultGateway: Buffer.of(127, 0, 0, 254) } },
    },
    never,
  );
});
afterAll(() => simulated[Symbol.asyncDispose]());
afterEach(() => {
  expect(simulated.sessions).toBe(0);
});

describe.skipIf(!hasTool('ipmitool'))(`chassis and settings, read by ${toolVersion('ipmitool', '-V')}`, () => {
  async function ipmitool(command: string): Promise<string> {
    const { address, port } = simulated.local;
    const login = ['-I', 'lanplus', '-H', address, '-p', `${port}`, '-U', 'admin', '-P', 'secret', '-C', '17'];
    const { exitCode, output } = await runTool('ipmitool', [...login, ...command.split(' ')]);
    expect(output).not.toMatch(/error|fail|invalid|unable/i);
    expect(exitCode).toBe(0);
    return output;
  }

  test('chassis policy is kept, and told by chassis status', async () => {
    expect(await ipmitool('chassis policy list')).toBe(
      'Supported chassis power policy:  always-off always-on previous',
    );
    await ipmitool('chassis policy always-on');
    expect(await ipmitool('chassis status')).toMatch(/Power Restore Policy : always-on/);
    await ipmitool('chassis policy previous');
    expect(await ipmitool('chassis status')).toMatch(/Power Restore Policy : previous/);
  });

  test('chassis identify, poh, selftest', async () => {
    expect(await ipmitool('chassis identify 10')).toBe('Chassis identify interval: 10 seconds');
    expect(await ipmitool('chassis identify force')).toBe('Chassis identify interval: indefinite');
    expect(await ipmitool('chassis identify 0')).toBe('Chassis identify interval: off');
    expect(await ipmitool('chassis poh')).toMatch(/POH Counter {2}: 41 days, 16 hours/);
    expect(await ipmitool('chassis selftest')).toMatch(/Self Test Results {4}: passed/);
  });

  test('the restart cause tells a verb', async () => {
    expect(await ipmitool('chassis restart_cause')).toBe('System restart cause: power-up via pushbutton');
    await ipmitool('chassis power on');
    expect(await ipmitool('chassis restart_cause')).toBe('System restart cause: chassis power control command');
    expect(await ipmitool('chassis status')).toMatch(/Last Power Event {5}: command/);
    await ipmitool('chassis power off');
  });

  test('mc guid, in the byte order that we find too', async () => {
    const output = await ipmitool('mc guid');
    expect(output).toMatch(/System GUID {3}: 4c4c4544-0058-5410-8033-b5c04f475131/);
    expect(output).toMatch(/SMBIOS/);
  });

  test('mc info, selftest, watchdog get', async () => {
    expect(await ipmitool('mc info')).toMatch(/Chassis Device/);
    expect(await ipmitool('mc selftest')).toBe('Selftest: passed');
    expect(await ipmitool('mc watchdog get')).toMatch(/SMS\/OS.*\n.*Stopped/);
  });

  test('mc reset cold', async () => {
    const before = simulated.requests.get('Cold Reset') ?? 0;
    expect(await ipmitool('mc reset cold')).toBe('Sent cold reset command to MC');
    expect(simulated.requests.get('Cold Reset')).toBe(before + 1);
  });

  test('user list and summary', async () => {
    const lines = (await ipmitool('user list 1')).split('\n');
    expect(lines).toHaveLength(17);
    expect(lines[2]).toMatch(/^2 +admin +true +true +true +ADMINISTRATOR$/);
    expect(lines[3]).toMatch(/^3 +oper +true +true +true +OPERATOR$/);
    expect(await ipmitool('user summary 1')).toMatch(
      /Maximum IDs\s+: 16\nEnabled User Count\s+: 2\nFixed Name Count\s+: 1/,
    );
  });

  test('lan print', async () => {
    const output = await ipmitool('lan print 1');
    expect(output).toMatch(/Auth Type Support {7}: MD5/);
    expect(output).toMatch(/IP Address Source {7}: Static Address\nIP Address {14}: 127\.0\.0\.1\n/);
    expect(output).toMatch(/MAC Address {13}: 02:00:7f:00:00:01/);
    expect(output).toMatch(/Default Gateway IP {6}: 127\.0\.0\.254/);
    expect(output).toMatch(/802\.1q VLAN ID {10}: 42/);
    expect(output).toMatch(/RMCP\+ Cipher Suites {5}: 3,17\nCipher Suite Priv Max {3}: aaX/);
  });

  test('channel info and getaccess', async () => {
    expect(await ipmitool('channel info 1')).toMatch(/802\.3 LAN[\s\S]*multi-session[\s\S]*always available/);
    expect(await ipmitool('channel getaccess 1 2')).toMatch(/User Name {12}: admin[\s\S]*Privilege Level {6}: ADMIN/);
  });

  test('session info active', async () => {
    const output = await ipmitool('session info active');
    expect(output).toMatch(/active sessions {15}: 1\nuser id {23}: 2\nprivilege level {15}: ADMINISTRATOR/);
    expect(output).toMatch(/session type {18}: IPMIv2\/RMCP\+[\s\S]*console ip {20}: 127\.0\.0\.1/);
  });

  test('raw', async () => {
    expect(await ipmitool('raw 0x00 0x0f')).toBe('3c e8 03 00 00');
  });
});

describe.skipIf(!hasTool('bmc-info'))(`chassis and settings, read by ${toolVersion('bmc-info', '--version')}`, () => {
  async function freeipmi(tool: string, ...options: string[]): Promise<string> {
    const host = `${simulated.local.address}:${simulated.local.port}`;
    const login = ['-D', 'LAN_2_0', '-I', '17', '-h', host, '-u', 'admin', '-p', 'secret', '-l', 'admin'];
    const { exitCode, output } = await runTool(tool, [...login, ...options]);
    expect(output).not.toMatch(/error:|fail|invalid|unable|unsupported command/i);
    expect(exitCode).toBe(0);
    return output;
  }

  test('bmc-info, all parts', async () => {
    const output = await freeipmi('bmc-info');
    expect(output).toMatch(/Chassis Device {8}: supported/);
    // It knows the specification's byte order alone.
    expect(output).toMatch(/System GUID : 3151474f-c0b5-3380-5410-00584c4c4544/);
    // Channels that are refused it prints from memory that it never wrote (FreeIPMI 1.6.10): only the real ones count.
    expect(output).toMatch(/Channel Number {7}: 0\nMedium Type {10}: IPMB/);
    expect(output).toMatch(/Channel Number {7}: 1\nMedium Type {10}: 802\.3 LAN[\s\S]*?multi-session/);
  });

  test('ipmi-chassis: status with the identify light, capabilities, restart cause', async () => {
    await freeipmi('ipmi-chassis', '--chassis-identify=FORCE');
    expect(await freeipmi('ipmi-chassis', '--get-chassis-status')).toMatch(/Identify state +: Indefinite on/);
    await freeipmi('ipmi-chassis', '--chassis-identify=TURN-OFF');
    expect(await freeipmi('ipmi-chassis', '--get-chassis-status')).toMatch(/Identify state +: off/i);
    expect(await freeipmi('ipmi-chassis', '--get-chassis-capabilities')).toMatch(/Diagnostic Interrupt {4}: provided/);
    expect(await freeipmi('ipmi-chassis', '--get-system-restart-cause')).toMatch(/^Restart cause : /);
  });

  test('bmc-device --get-self-test-results', async () => {
    expect(await freeipmi('bmc-device', '--get-self-test-results')).toBe('Self Test Result : No Error');
  });

  test('ipmi-config: users and LAN settings', async () => {
    const section = (name: string): Promise<string> =>
      freeipmi('ipmi-config', '--category=core', '--checkout', '-S', name);
    expect(await section('User2')).toMatch(/Username +admin[\s\S]*?Lan_Privilege_Limit +Administrator/);
    expect(await section('Lan_Channel')).toMatch(/Volatile_Access_Mode +Always_Available/);
    expect(await section('Lan_Conf')).toMatch(/IP_Address_Source +Static\n[\s\S]*?IP_Address +127\.0\.0\.1/);
    expect(await section('Lan_Conf_Misc')).toMatch(/Enable_ARP_Response +Yes/);
  });
});

describe.skipIf(!hasTool('ipmi_sim'))(`our driver and ${toolVersion('ipmi_sim', '--version')}`, () => {
  let sim: IpmiSim;
  let bmcs: IpmiBmcs;
  let board: IpmiBoard & AsyncDisposable;

  beforeAll(async () => {
    sim = await startIpmiSim({ chassis: true });
    bmcs = createIpmiBmcs({ ...deps, log: silentLog, meter: createMeter() });
    const target = {
      host: '127.0.0.1',
      port: sim.port,
      user: 'admin',
      password: Secret.fromText('secret'),
      privilege: 'administrator',
    } as const;
    board = await bmcs.openBoard(target, never);
  }, 20_000);

  afterAll(async () => {
    await board[Symbol.asyncDispose]();
    await bmcs[Symbol.asyncDispose]();
    sim[Symbol.dispose]();
  });

  test('chassis: what it lacks is null', async () => {
    const report = await readChassis(board.requester, noMeter, never);
    expect(report).toMatchObject({ power: 'off', restorePolicy: expect.any(String), powerOnHours: null });
  });

  test('identify for seconds', async () => {
    await identify(board.requester, { seconds: 5 }, never);
  });

  test('boot override: the device is kept and read back', async () => {
    const report = await setBootOverride(board.requester, { device: 'pxe', persistent: false, efi: false }, never);
    expect(report.device).toBe('pxe');
    expect(await readBootOverride(board.requester, never)).toEqual(report);
  });

  test('users', async () => {
    const { users } = await readUsers(board.requester, never);
    expect(users.find(({ name }) => name === 'admin')).toMatchObject({ id: 2, enabled: null, privilegeLimit: 4 });
  });

  test('channels', async () => {
    const channels = await readChannels(board.requester, never);
    expect(channels.find(({ present }) => present)).toMatchObject({ channel: 1, medium: '802.3 LAN' });
  });

  test('LAN settings', async () => {
    const lan = await readLan(board.requester, never);
    expect(lan.cipherSuites?.map(({ id }) => id)).toContain(3);
    expect(lan.problems).toEqual([]);
  });

  test('watchdog, self test, GUID', async () => {
    expect(await readWatchdog(board.requester, never)).toMatchObject({ running: false });
    expect(await readSelfTest(board.requester, never)).toBeNull();
    const { system, device } = await readGuids(board.requester, never);
    expect(system?.raw).toBe('a123456789abcdefa123456789abcdef');
    expect(device).toBeNull();
  });

  test('raw commands', async () => {
    const answer = await sendRaw(board.requester, { netFn: 6, lun: 0, command: 1, data: Buffer.alloc(0) }, never);
    expect(answer).toMatchObject({ kind: 'answered', completionCode: 0 });
    const refusal = await sendRaw(board.requester, { netFn: 6, lun: 0, command: 0x7f, data: Buffer.alloc(0) }, never);
    expect(refusal).toMatchObject({ kind: 'answered', completionCode: 0xc1, meaning: 'C1h invalid command' });
  });
});
