import { describe, expect, test } from 'vitest';
import { type AnswerTimes, answerWaits, createAnswerTimes } from '../../../src/drivers/bmc/ipmi/link/answer-times.ts';
import type { FaultHook } from '../../../src/simulator/bmc/faults.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createRig, never } from './rig.ts';
import { createSeededEntropy } from './seeded-entropy.ts';

/** A handshake of this simulated BMC is not over in the 3 s that others give it. */
const PATIENT = { halfOpenMs: 30_000 };

describe('a BMC that takes 2 s for each answer', () => {
  test('has one session, and is asked everything once', async () => {
    await using rig = await createRig({ bmc: { personality: { answerDelayMs: 2_000 }, limits: PATIENT } });
    await rig.value(rig.bmc.powerState(never));
    const before = rig.network.carried.length;
    for (let read = 0; read < 10; read++) {
      const result = await rig.finish(rig.bmc.powerState(never));
      expect(result).toMatchObject({ kind: 'value', value: 'off' });
      expect(result.ms).toBeLessThanOrEqual(2_100);
    }
    expect(rig.network.carried.length - before).toBe(20);
    expect(rig.simulated.requests.get('Close Session')).toBeUndefined();
    expect(rig.simulated.activeSessions).toBe(1);
  });

  test('switches power once, and says so', async () => {
    await using rig = await createRig({ bmc: { personality: { answerDelayMs: 2_000 }, limits: PATIENT } });
    expect(await rig.value(rig.bmc.power('on', never))).toEqual({ kind: 'accepted' });
    expect(rig.simulated.powerLog.map(({ action }) => action)).toEqual(['on']);
  });
});

describe('a BMC that becomes slow', () => {
  test('costs one login to find out, and none after that', async () => {
    let slow = false;
    const faults: FaultHook = ({ direction, data }) =>
      slow && direction === 'from-bmc' && data[5] === 0xc0 ? { kind: 'delay', ms: 2_000 } : undefined;
    await using rig = await createRig({ bmc: { faults } });
    await rig.value(rig.bmc.powerState(never));
    slow = true;
    for (let read = 0; read < 10; read++) expect(await rig.value(rig.bmc.powerState(never))).toBe('off');
    const logins = rig.network.carried.filter(({ data }) => data[5] === 0x10).length;
    expect(logins).toBe(2);
    // Some copies of the reads before it was found out, and then each once.
    expect(rig.simulated.requests.get('Get Chassis Status')).toBeLessThanOrEqual(1 + 2 + 4 + 10);
  });
});

test('a network that loses packets is not taken for a slow BMC', async () => {
  let count = 0;
  const faults: FaultHook = ({ direction }) =>
    direction === 'from-bmc' && count++ > 6 && count % 2 === 0 ? { kind: 'drop' } : undefined;
  await using rig = await createRig({ bmc: { faults } });
  await rig.value(rig.bmc.powerState(never));
  for (let read = 0; read < 20; read++) {
    const result = await rig.finish(rig.bmc.powerState(never));
    expect(result.kind).toBe('value');
    expect(result.ms).toBeLessThanOrEqual(420);
  }
});

describe('waits for answers', () => {
  const settings = { firstWaitMs: 400, attempts: 4 };
  const waits = (times: AnswerTimes, attempts = 4) => [
    ...answerWaits({ times, entropy: createSeededEntropy('waits') }, settings, attempts),
  ];

  test('are the settings’ while nothing is known', () => {
    expect(waits(createAnswerTimes(createManualClock()))).toEqual([400, 800, 1_600, 3_200]);
  });

  test('are never shorter than the longest answer of late and half of that, and never longer than the longest', () => {
    const times = createAnswerTimes(createManualClock());
    times.took(600);
    times.took(20);
    expect(waits(times)).toEqual([900, 900, 1_600, 3_200]);
    times.took(60_000);
    expect(waits(times, 2)).toEqual([3_200, 3_200]);
  });

  test('forget a bad time after ten minutes', async () => {
    const clock = createManualClock();
    const times = createAnswerTimes(clock);
    times.took(2_000);
    await clock.advance(599_000);
    times.took(10);
    expect(times.longest()).toBe(2_000);
    await clock.advance(2_000);
    expect(times.longest()).toBe(0);
    times.took(10);
    expect(times.longest()).toBe(10);
  });
});
