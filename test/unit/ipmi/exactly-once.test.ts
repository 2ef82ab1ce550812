import { describe, expect, test } from 'vitest';
import type { PowerVerb } from '../../../src/domain/ports/bmc.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { type Fault, onDatagram } from '../../../src/simulator/bmc/faults.ts';
import { createRig, never } from './rig.ts';

const verbs: readonly PowerVerb[] = ['on', 'off', 'soft-off', 'cycle', 'reset', 'diag'];

/**
 * Handshake 1 to 3; of `reset` and `cycle`, which leave the power as it was, Get Chassis Status and Get System Restart
 * Cause; Set Session Privilege Level; Chassis Control: each way.
 */
const positionOf = (verb: PowerVerb): number => (verb === 'reset' || verb === 'cycle' ? 7 : 5);
const positions = (verb: PowerVerb): readonly number[] =>
  Array.from({ length: positionOf(verb) }, (_, index) => index + 1);
const directions = ['to-bmc', 'from-bmc'] as const;
const faults: readonly Fault[] = [
  { kind: 'drop' },
  { kind: 'duplicate' },
  { kind: 'delay', ms: 450 },
  { kind: 'delay', ms: 6_000 },
];

const cases = verbs.flatMap((verb) =>
  directions.flatMap((direction) =>
    positions(verb).flatMap((count) => faults.map((fault) => ({ verb, direction, count, fault }))),
  ),
);

describe('a power verb is carried out at most once', () => {
  test.each(cases)('$verb, datagram $count $direction: $fault', async ({ verb, direction, count, fault }) => {
    const chassis = createPlainChassis({ poweredOn: true });
    await using rig = await createRig({ bmc: { chassis, faults: onDatagram(direction, count, fault) } });
    const result = await rig.finish(rig.bmc.power(verb, never));
    await rig.clock.advance(30_000);
    expect(rig.simulated.powerLog.length).toBeLessThanOrEqual(1);
    expect(result.kind).toBe('value');
    const outcome = result.kind === 'value' ? result.value : undefined;
    // Only the verb's own datagrams can make the outcome silent; before them, everything recovers.
    const late = fault.kind === 'drop' || (fault.kind === 'delay' && fault.ms > 5_000);
    const unanswered = count === positionOf(verb) && late;
    // The restart cause tells that a verb was carried out whose answer was lost.
    const shown = unanswered && direction === 'from-bmc' && (verb === 'reset' || verb === 'cycle');
    expect(outcome?.kind).toBe(unanswered && !shown ? 'silent' : 'accepted');
    if (shown) expect(outcome).toMatchObject({ evidence: expect.stringMatching(/restart cause has become/) });
    if (outcome?.kind === 'accepted') expect(rig.simulated.powerLog.map(({ action }) => action)).toEqual([verb]);
  });
});

describe('what becomes of a verb', () => {
  test('the BMC carries it out but the answer is lost: silent, not sent again', async () => {
    await using rig = await createRig({ bmc: { faults: onDatagram('from-bmc', 5, { kind: 'drop' }) } });
    expect(await rig.finish(rig.bmc.power('on', never))).toMatchObject({ value: { kind: 'silent' }, ms: 5_000 });
    expect(rig.simulated.powerLog).toHaveLength(1);
    expect(await rig.value(rig.bmc.powerState(never))).toBe('on');
  });

  test('reset of a host that is off (D5h): already', async () => {
    await using rig = await createRig();
    expect(await rig.value(rig.bmc.power('reset', never))).toEqual({ kind: 'already' });
  });

  test('a dead session is found out before the verb is spent on it', async () => {
    await using rig = await createRig();
    await rig.value(rig.bmc.powerState(never));
    rig.simulated.forgetSessions();
    expect(await rig.value(rig.bmc.power('on', never))).toEqual({ kind: 'accepted' });
    expect(rig.simulated.powerLog).toHaveLength(1);
  });

  test('no answer at all: the verb is never sent, and the error says so by its class', async () => {
    await using rig = await createRig({ bmc: { faults: () => ({ kind: 'drop' }) } });
    const result = await rig.finish(rig.bmc.power('on', never));
    expect(result).toMatchObject({ kind: 'error', error: { code: 'unreachable' } });
    expect(rig.simulated.powerLog).toHaveLength(0);
  });

  test('a deadline that passes before the verb is an error; none cuts its own wait short', async () => {
    const faults = onDatagram('from-bmc', 5, { kind: 'delay', ms: 4_000 });
    await using rig = await createRig({ bmc: { faults }, client: { operationMs: 1_000 } });
    expect(await rig.finish(rig.bmc.power('on', never))).toMatchObject({ value: { kind: 'accepted' }, ms: 4_000 });
  });

  test('an abort while the answer is awaited is rethrown, and the verb stays sent once', async () => {
    await using rig = await createRig({ bmc: { faults: onDatagram('from-bmc', 5, { kind: 'drop' }) } });
    const controller = new AbortController();
    const work = rig.bmc.power('on', controller.signal);
    work.catch(() => undefined);
    await rig.clock.advance(100);
    controller.abort(new Error('cancelled'));
    expect(await rig.finish(work)).toMatchObject({ kind: 'error', error: { message: 'cancelled' } });
    await rig.clock.advance(10_000);
    expect(rig.simulated.powerLog).toHaveLength(1);
  });
});

describe('boot override', () => {
  test.each([5, 6, 7, 8, 9, 10])(
    'answer %i lost: each write goes out once, the read-back tells what is set',
    async (count) => {
      await using rig = await createRig({ bmc: { faults: onDatagram('from-bmc', count, { kind: 'drop' }) } });
      const report = await rig.value(rig.bmc.setBootOverride({ device: 'pxe', persistent: false, efi: true }, never));
      expect(report).toEqual({ device: 'pxe', valid: true, persistent: false, efi: true });
      expect(rig.simulated.requests.get('Set System Boot Options')).toBe(6);
    },
  );

  test('outlives the 60 s after which a controller clears one by default', async () => {
    await using rig = await createRig();
    await rig.value(rig.bmc.setBootOverride({ device: 'pxe', persistent: false, efi: true }, never));
    await rig.clock.advance(61_000);
    expect(rig.chassis.bootFlags()).toEqual({ valid: true, persistent: false, efi: true, device: 1 });
  });
});
