import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import {
  intel20,
  intel82571,
  noCipherQuery,
  onlyIpmi15,
  openSessionPrivilege,
  type Personality,
  sunIlom,
  supermicro20,
} from '../../../src/simulator/bmc/personality.ts';
import type { Ipmi15 } from '../../../src/simulator/bmc/sessions.ts';
import { createSimulatedBmc, type SimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { hasTool, runTool, toolVersion } from './tools.ts';

const never = new AbortController().signal;
const users = [
  { name: 'admin', password: 'secret', privilege: 4 },
  { name: 'long', password: 'eighteen bytes ...', privilege: 4 },
];

function createBmc(personality: Partial<Personality>, ipmi15: Ipmi15 = 'per-message'): Promise<SimulatedBmc> {
  const cipherSuites = [0, 1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17];
  const options = {
    users,
    cipherSuites,
    ipmi15,
    personality,
    address: '127.0.0.1',
    port: 0,
    chassis: createPlainChassis(),
  };
  return createSimulatedBmc({ udp: systemUdp, clock: systemClock, entropy: systemEntropy }, options, never);
}

/** Power status as a foreign tool sees it. */
async function ask(tool: 'ipmitool' | 'ipmipower', bmc: SimulatedBmc, how: string, user = users[0]): Promise<string> {
  const { address, port } = bmc.local;
  const [name, password] = [user?.name ?? '', user?.password ?? ''];
  const args =
    tool === 'ipmitool'
      ? ['-H', address, '-p', String(port), '-U', name, '-P', password, 'chassis', 'power', 'status']
      : ['-h', `${address}:${port}`, '-u', name, '-p', password, '--session-timeout', '2000', '--stat'];
  return (await runTool(tool, [...how.split(' '), ...args])).output;
}

/**
 * The authors of FreeIPMI and ipmitool have met these boards: their client must fail at our imitation as it did at the
 * board, and their work-around must get through.
 */
describe.skipIf(!hasTool('ipmipower'))(`defects, met by ${toolVersion('ipmipower', '--version')}`, () => {
  const v20 = (suite: number): string => `-D LAN_2_0 -I ${suite} -l ADMIN`;
  const v15 = '-D LAN -a MD5 -l ADMIN';

  test.each<[string, Partial<Personality>, string, RegExp]>([
    ['opensesspriv', openSessionPrivilege, v20(3), /password invalid/],
    ['opensesspriv', openSessionPrivilege, v20(17), /password invalid/],
    ['intel20', intel20, v20(1), /privilege level cannot be obtained/],
    ['intel20', intel20, v20(3), /privilege level cannot be obtained/],
    ['intel20', intel20, v20(6), /privilege level cannot be obtained/],
    ['intel20', intel20, v20(8), /privilege level cannot be obtained/],
    ['sun20', sunIlom, v20(3), /password invalid/],
    ['supermicro20', supermicro20, v20(0), /password invalid/],
    ['supermicro20', supermicro20, v20(3), /password invalid/],
    ['supermicro20', supermicro20, v20(8), /password invalid/],
    ['integritycheckvalue', { checkValueUnasked: 'there' }, v20(0), /k_g invalid/],
    ['nochecksumcheck', { innerChecksums: 'wrong' }, v20(3), /session timeout/],
    ['authcap', { capabilityBits: 'wrong' }, v20(3), /username invalid/],
    ['idzero', { v15SessionId: 'zero' }, v15, /session timeout/],
    ['endianseq', { v15SequenceOrder: 'big-endian' }, v15, /session timeout/],
    ['endianseq', sunIlom, v15, /session timeout/],
  ])('-W %s: %o, %s', async (flag, personality, how, failure) => {
    const bmc = await createBmc(personality);
    expect(await ask('ipmipower', bmc, how)).toMatch(failure);
    expect(await ask('ipmipower', bmc, `${how} -W ${flag}`)).toMatch(/: off$/);
    await bmc[Symbol.asyncDispose]();
  });

  test('-W intel20: a password of more than 16 bytes with HMAC-MD5', async () => {
    const bmc = await createBmc(intel20);
    expect(await ask('ipmipower', bmc, `${v20(8)} -W intel20`, users[1])).toMatch(/: off$/);
    await bmc[Symbol.asyncDispose]();
  });

  test('no flag helps where packets carry no code', async () => {
    const bmc = await createBmc({ packetCodes: 'left-out' });
    expect(await ask('ipmipower', bmc, v20(8))).toMatch(/session timeout/);
    await bmc[Symbol.asyncDispose]();
  });

  test.each<[string, Partial<Personality>, string, RegExp]>([
    ['another integrity pad', { integrityPad: 'without-trailer' }, v20(2), /: off$/],
    ['skipping numbers', { sequenceStep: 2 }, v20(3), /: off$/],
    ['the user’s limit alone', { v15Level: 'limit-only' }, v15, /: off$/],
    ['less than the user’s limit', { v15Level: 'limit-only' }, '-D LAN -a MD5 -l OPERATOR', /privilege level/],
    ['IPMI 1.5 alone', onlyIpmi15, v15, /: off$/],
    ['IPMI 1.5 alone, asked for 2.0', onlyIpmi15, v20(3), /ipmi 2\.0 unavailable|error|timeout/i],
  ])('%s', async (_what, personality, how, expected) => {
    const bmc = await createBmc(personality);
    expect(await ask('ipmipower', bmc, how)).toMatch(expected);
    await bmc[Symbol.asyncDispose]();
  });

  test('per-message authentication switched off', async () => {
    const bmc = await createBmc({}, 'at-activation');
    expect(await ask('ipmipower', bmc, v15)).toMatch(/: off$/);
    expect(bmc.activeSessions).toBe(0);
    await bmc[Symbol.asyncDispose]();
  });
});

describe.skipIf(!hasTool('ipmitool'))(`defects, met by ${toolVersion('ipmitool', '-V')}`, () => {
  test('-o i82571spt: a cleared role bit', async () => {
    const bmc = await createBmc(intel82571);
    expect(await ask('ipmitool', bmc, '-I lanplus -C 3')).toMatch(/Unable to establish/);
    expect(await ask('ipmitool', bmc, '-I lanplus -C 3 -o i82571spt')).toBe('Chassis Power is off');
    await bmc[Symbol.asyncDispose]();
  });

  test.each<[string, Partial<Personality>, string]>([
    ['another integrity pad', { integrityPad: 'without-trailer' }, '-I lanplus -C 2 -o icts'],
    ['a check value unasked', { checkValueUnasked: 'there' }, '-I lanplus -C 0'],
    ['wrong inner checksums', { innerChecksums: 'wrong' }, '-I lanplus -C 3'],
    ['no presence pong', { presencePing: 'ignored' }, '-I lan -A MD5'],
    ['no list of suites, and one named', noCipherQuery, '-I lanplus -C 17'],
    ['IPMI 1.5 alone', onlyIpmi15, '-I lan -A MD5'],
    // This is a defect of ipmitool's: it takes an answer without a code in a session that signs.
    ['answers without codes', { packetCodes: 'left-out' }, '-I lanplus -C 3'],
  ])('%s', async (_what, personality, how) => {
    const bmc = await createBmc(personality);
    expect(await ask('ipmitool', bmc, how)).toMatch(/^Chassis Power is off$/m);
    await bmc[Symbol.asyncDispose]();
  });

  test('per-message authentication switched off', async () => {
    const bmc = await createBmc({}, 'at-activation');
    expect(await ask('ipmitool', bmc, '-I lan -A MD5')).toBe('Chassis Power is off');
    expect(bmc.activeSessions).toBe(0);
    await bmc[Symbol.asyncDispose]();
  });
});
