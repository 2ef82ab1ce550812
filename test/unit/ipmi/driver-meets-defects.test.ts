import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/foundation/secret.ts';
import * as personalities from '../../../src/simulator/bmc/personality.ts';
import { createRig, never } from './rig.ts';

// IPMI 1.5 and names that are filled up on the wire are not met unasked.
const { onlyIpmi15: _v15, intel20: _padded, ...named } = personalities;

const fields: readonly (readonly [string, Partial<personalities.Personality>])[] = [
  ['wrong capability bits', { capabilityBits: 'wrong' }],
  ['no presence pong', { presencePing: 'ignored' }],
  ['36-byte refusals', { openSessionRefusalBytes: 36, cipherSuites: [3] }],
  ['2-byte refusals', { openSessionRefusalBytes: 2, cipherSuites: [3] }],
  ['status 01h for a suite that is off', { disabledSuiteStatus: 0x01, cipherSuites: [3] }],
  ['status 0Ah for a suite that is off', { disabledSuiteStatus: 0x0a, cipherSuites: [3] }],
  ['status 12h for a suite that is off', { disabledSuiteStatus: 0x12, cipherSuites: [3] }],
  ['the highest level echoed', { highestPrivilege: 'echoed' }],
  ['names padded in its hashes', { userName: 'padded-in-hashes' }],
  ['a cleared role bit', { hashedRole: 'without-name-only-bit' }],
  ['a longer code in RAKP message 2', { keyExchangeCode: 'one-byte-more' }],
  ['RAKP message 1 answered once', { repeatedRakpMessage1: 'ignored' }],
  ['RAKP message 3 answered twice', { repeatedRakpMessage3: 'answered' }],
  ['RAKP message 3 answered in the session', { repeatedRakpMessage3: 'answered-in-session' }],
  ['skipping numbers', { sequenceStep: 2 }],
  ['wrong inner checksums', { innerChecksums: 'wrong' }],
  ['another integrity pad', { integrityPad: 'without-trailer' }],
  ['extra bytes', { extraResponseBytes: 12 }],
  ['CFh for repeats', { repeatedRequest: 'refused' }],
];

describe('the driver meets a controller with', () => {
  test.each([...Object.entries(named), ...fields])('%s', async (_name, personality) => {
    await using rig = await createRig({ bmc: { personality: personality as Partial<personalities.Personality> } });
    expect(await rig.value(rig.bmc.power('on', never))).toEqual({ kind: 'accepted' });
    expect(await rig.value(rig.bmc.powerState(never))).toBe('on');
    expect(rig.simulated.powerLog).toHaveLength(1);
  });

  test.each([
    [1, true],
    [3, false],
    [8, false],
    [12, false],
  ] as const)('intel20, in suite %i, where its quirks are asked for', async (suite, insecure) => {
    const password = 'twenty bytes of pass';
    const users = [{ name: 'admin', password, privilege: 4 }];
    const target = {
      cipherSuites: [suite],
      allowInsecureSuites: insecure,
      password: Secret.fromText(password),
      quirks: ['padded-user-name', 'integrity-check-value'],
    } as const;
    await using rig = await createRig({ bmc: { personality: personalities.intel20, users }, target });
    expect(await rig.value(rig.bmc.power('on', never))).toEqual({ kind: 'accepted' });
  });

  test('intel20 where they are not asked for: refused, with the reason', async () => {
    await using rig = await createRig({ bmc: { personality: personalities.intel20 }, target: { cipherSuites: [3] } });
    expect(await rig.finish(rig.bmc.powerState(never))).toMatchObject({
      kind: 'error',
      error: { message: expect.stringMatching(/0Dh unauthorized name/) },
    });
  });
});
