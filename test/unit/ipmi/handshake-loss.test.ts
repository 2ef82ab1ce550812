import { describe, expect, test } from 'vitest';
import { type FaultPoint, onDatagram } from '../../../src/simulator/bmc/faults.ts';
import { createRig, never } from './rig.ts';

const handshake: readonly (readonly [string, FaultPoint['direction'], number])[] = [
  ['Open Session Request', 'to-bmc', 1],
  ['Open Session Response', 'from-bmc', 1],
  ['RAKP message 1', 'to-bmc', 2],
  ['RAKP message 2', 'from-bmc', 2],
  ['RAKP message 3', 'to-bmc', 3],
  ['RAKP message 4', 'from-bmc', 3],
];

describe('one handshake packet', () => {
  test.each(handshake)('%s lost: the session is up within a second', async (_what, direction, count) => {
    await using rig = await createRig({ bmc: { faults: onDatagram(direction, count, { kind: 'drop' }) } });
    const result = await rig.finish(rig.bmc.powerState(never));
    expect(result).toMatchObject({ kind: 'value', value: 'off' });
    expect(result.ms).toBeLessThanOrEqual(1_000);
  });

  test.each(handshake)('%s twice: the session is up at once', async (_what, direction, count) => {
    await using rig = await createRig({ bmc: { faults: onDatagram(direction, count, { kind: 'duplicate' }) } });
    const result = await rig.finish(rig.bmc.powerState(never));
    expect(result).toMatchObject({ kind: 'value', value: 'off', ms: 0 });
  });

  test.each(handshake)(
    '%s late by 700 ms: the session is up, and the late packet harmless',
    async (_what, direction, count) => {
      const faults = onDatagram(direction, count, { kind: 'delay', ms: 700 });
      await using rig = await createRig({ bmc: { faults } });
      expect(await rig.finish(rig.bmc.powerState(never))).toMatchObject({ kind: 'value', value: 'off' });
      await rig.clock.advance(2_000);
      expect(await rig.value(rig.bmc.powerState(never))).toBe('off');
    },
  );

  test('RAKP message 4 lost: the session that the BMC has opened is closed, not leaked', async () => {
    await using rig = await createRig({ bmc: { faults: onDatagram('from-bmc', 3, { kind: 'drop' }) } });
    await rig.value(rig.bmc.powerState(never));
    expect(rig.simulated.sessions).toBe(1);
  });

  test('RAKP message 3 is never sent twice in one attempt', async () => {
    await using rig = await createRig({ bmc: { faults: onDatagram('to-bmc', 3, { kind: 'drop' }) } });
    await rig.value(rig.bmc.powerState(never));
    const message3 = rig.network.carried.filter(({ data }) => data[5] === 0x14).map(({ data }) => data.toString('hex'));
    expect(message3).toHaveLength(2);
    expect(new Set(message3.map((hex) => hex.slice(40, 48))).size).toBe(2);
  });
});

describe('a slow BMC', () => {
  test('every answer takes 900 ms: the waits grow until the session is up', async () => {
    const faults = ({ direction }: FaultPoint) =>
      direction === 'from-bmc' ? ({ kind: 'delay', ms: 900 } as const) : undefined;
    await using rig = await createRig({ bmc: { faults } });
    expect(await rig.finish(rig.bmc.powerState(never))).toMatchObject({ kind: 'value', value: 'off' });
  });
});

describe('a read', () => {
  test.each(['to-bmc', 'from-bmc'] as const)(
    'one datagram lost %s: sent again, with a new session sequence',
    async (direction) => {
      await using rig = await createRig({ bmc: { faults: onDatagram(direction, 4, { kind: 'drop' }) } });
      const result = await rig.finish(rig.bmc.powerState(never));
      expect(result).toMatchObject({ kind: 'value', value: 'off', ms: 400 });
      expect(rig.simulated.dropped).toBe(0);
    },
  );

  test('an answer that comes after the retransmission is taken once, its twin dropped', async () => {
    const faults = onDatagram('from-bmc', 4, { kind: 'delay', ms: 500 });
    await using rig = await createRig({ bmc: { faults } });
    expect(await rig.value(rig.bmc.powerState(never))).toBe('off');
    await rig.clock.advance(1_000);
    expect(rig.dropped('unmatched-response')).toBe(1);
  });

  test('a BMC that has forgotten the session is logged in to again', async () => {
    await using rig = await createRig();
    await rig.value(rig.bmc.powerState(never));
    rig.simulated.forgetSessions();
    const result = await rig.finish(rig.bmc.powerState(never));
    expect(result).toMatchObject({ kind: 'value', value: 'off' });
    expect(result.ms).toBeLessThanOrEqual(1_300);
  });

  test('a session idle for too long is replaced before it is needed, and its place given back', async () => {
    await using rig = await createRig({ client: { keepAliveMs: 1e9 } });
    await rig.value(rig.bmc.powerState(never));
    await rig.clock.advance(30_000);
    expect(await rig.finish(rig.bmc.powerState(never))).toMatchObject({ kind: 'value', ms: 0 });
    expect(rig.simulated.sessions).toBe(1);
    expect(rig.simulated.requests.get('Close Session')).toBe(1);
  });
});
