import { describe, expect, test } from 'vitest';
import { cipherSuiteById } from '../../../../src/protocols/ipmi/cipher-suites.ts';
import { encodeDatagramV1 } from '../../../../src/protocols/ipmi/datagram.ts';
import { emptyReceiveWindow } from '../../../../src/protocols/ipmi/receive-window.ts';
import { sessionlessV1 } from '../../../../src/protocols/ipmi/session-v1.ts';
import { PayloadType } from '../../../../src/protocols/ipmi/session-v2.ts';
import { createPlainChassis } from '../../../../src/simulator/bmc/chassis.ts';
import { forgetfulChassis } from '../../../../src/simulator/bmc/forgetful-chassis.ts';
import { strict } from '../../../../src/simulator/bmc/personality.ts';
import { createSessionTable, DEFAULT_LIMITS } from '../../../../src/simulator/bmc/session-table.ts';
import type { ActiveSession } from '../../../../src/simulator/bmc/sessions.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { createSeededEntropy } from '../seeded-entropy.ts';
import { CONSOLE, createWire, handshake, logIn, never, openSession, requestPayload } from './wire-console.ts';

const suite = cipherSuiteById(17);
if (suite === undefined) throw new Error('no suite 17');
const halfOpen = { remoteConsoleSessionId: 1, suite, requestedPrivilege: 4, grantedPrivilege: 4 };
const user = { name: 'admin', password: 'secret', privilege: 4 };

function createTable(limits: Partial<typeof DEFAULT_LIMITS> = {}) {
  const clock = createManualClock();
  const ended: number[] = [];
  const entropy = createSeededEntropy('table');
  const table = createSessionTable(clock, entropy, { ...DEFAULT_LIMITS, ...limits }, ({ id }) => ended.push(id));
  const activate = (): ActiveSession => {
    const opened = table.open(halfOpen);
    if (opened === undefined) throw new Error('full');
    const session: ActiveSession = {
      state: 'active',
      format: 'v2.0',
      id: opened.id,
      remoteConsoleSessionId: 1,
      protection: { suite: halfOpen.suite, k1: Buffer.alloc(20), k2: Buffer.alloc(20) },
      user,
      maximumPrivilege: 4,
      privilege: 2,
      received: emptyReceiveWindow,
      lastSentSequence: 0,
      peer: CONSOLE,
      lastUsed: clock.elapsed(),
    };
    table.activate(session);
    return session;
  };
  return { clock, table, ended, activate };
}

describe('the session table of a simulated BMC', () => {
  test('tells of every session that ends: closed, idle, forgotten; of handshakes nothing', async () => {
    const { clock, table, ended, activate } = createTable();
    const [closed, idle] = [activate(), activate()];
    table.open(halfOpen);
    expect(table.close(closed.id)).toBe(true);
    expect(table.close(closed.id)).toBe(false);
    expect(ended).toEqual([closed.id]);
    await clock.advance(60_001);
    expect(table.active()).toEqual([]);
    expect(ended).toEqual([closed.id, idle.id]);
    const forgotten = activate();
    table.clear();
    expect(ended).toEqual([closed.id, idle.id, forgotten.id]);
  });

  test('half-open sessions take places for 3 s, challenges take none and last 30 s', async () => {
    const { clock, table } = createTable({ maximumSessions: 2 });
    const promised = table.challenge({ user, challenge: Buffer.alloc(16) });
    expect([table.open(halfOpen), table.open(halfOpen)].every(Boolean)).toBe(true);
    expect(table.open(halfOpen)).toBeUndefined();
    expect(table.hasRoom()).toBe(false);
    await clock.advance(3_001);
    expect(table.hasRoom()).toBe(true);
    expect(table.find(promised.id)?.state).toBe('challenged');
    await clock.advance(27_000);
    expect(table.find(promised.id)).toBeUndefined();
  });

  test('ids are never 0 and never given twice at once', () => {
    const { table } = createTable({ maximumSessions: 500 });
    const ids = Array.from({ length: 500 }, () => table.open(halfOpen)?.id ?? 0);
    expect(new Set(ids).size).toBe(500);
    expect(ids).not.toContain(0);
  });
});

describe('odds and ends of the wire', () => {
  test('repeated handshake messages are answered under the tag of the repeat', async () => {
    await using wire = await createWire({ personality: { repeatedRakpMessage3: 'answered' } });
    const opened = await openSession(wire, { suite: 17 });
    const head = Buffer.concat([Buffer.alloc(4), opened?.subarray(8, 12) ?? Buffer.alloc(0), Buffer.alloc(16, 1)]);
    const message1 = Buffer.concat([head, Buffer.of(0x14, 0, 0, 5), Buffer.from('admin')]);
    const answers = [];
    for (const tag of [7, 8]) {
      message1[0] = tag;
      answers.push(await handshake(wire, PayloadType.rakpMessage1, message1));
    }
    expect(answers.map((answer) => answer?.[0])).toEqual([7, 8]);
    expect(answers[1]?.subarray(1)).toEqual(answers[0]?.subarray(1));

    const { message3, message4 } = await logIn(wire, { suite: 17 });
    const again = Buffer.from(message3 ?? Buffer.alloc(0));
    again[0] = 0x55;
    const answer = await handshake(wire, PayloadType.rakpMessage3, again);
    expect(answer?.[0]).toBe(0x55);
    expect(answer?.subarray(1)).toEqual(message4?.subarray(1));
  });

  test('a packet outside any session that claims authentication is dropped', async () => {
    await using wire = await createWire({ ipmi15: 'per-message' });
    const bare = sessionlessV1(requestPayload(0x06, 0x38, [0x8e, 4]));
    const claiming = { ...bare, authenticationType: 2, authenticationCode: Buffer.alloc(16) };
    expect(await wire.exchange(encodeDatagramV1(claiming))).toEqual([]);
    expect(await wire.exchange(encodeDatagramV1(bare))).toHaveLength(1);
    expect(wire.bmc.dropped).toBe(1);
  });

  test('boot flags that were set again are not lost with the ones before', async () => {
    const clock = createManualClock();
    const plain = createPlainChassis();
    const chassis = forgetfulChassis(clock, plain, { ...strict, bootFlagsLostAfterMs: 5_000 }, never);
    const flags = { valid: true, persistent: false, efi: false, device: 1 } as const;
    chassis.setBootFlags({ ...flags });
    await clock.advance(3_000);
    chassis.setBootFlags({ ...flags });
    await clock.advance(3_000);
    expect(plain.bootFlags().valid).toBe(true);
    await clock.advance(2_000);
    expect(plain.bootFlags().valid).toBe(false);
  });
});
