import { describe, expect, test } from 'vitest';
import type { PowerVerb } from '../../../src/domain/ports/bmc.ts';
import { type PowerResult, reachPower } from '../../../src/drivers/bmc/ipmi/chassis/reach-power.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { type Chassis, createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import type { FaultHook } from '../../../src/simulator/bmc/faults.ts';
import { BMC_ADDRESS, createRig, never, type Rig } from './rig.ts';

const verbs: readonly PowerVerb[] = ['on', 'off', 'soft-off', 'cycle', 'reset', 'diag'];
/** More datagrams than any verb's way takes. */
const MOST_DATAGRAMS = 14;

async function reach(rig: Rig, verb: PowerVerb, options = {}): Promise<PowerResult> {
  const target = { host: BMC_ADDRESS.address, user: 'admin', password: Secret.fromText('secret') };
  const board = await rig.bmcs.openBoard(target, never);
  return rig.value(reachPower({ clock: rig.clock }, board.requester, verb, options, '', never));
}

const cases = verbs.flatMap((verb) =>
  (['to-bmc', 'from-bmc'] as const).flatMap((direction) =>
    Array.from({ length: MOST_DATAGRAMS }, (_, index) => ({ verb, direction, lost: index + 1 })),
  ),
);

describe('a power verb as a goal', () => {
  test.each(cases)('$verb, datagram $lost $direction lost: once, or unknown; never twice', async (each) => {
    const { verb, direction, lost } = each;
    const chassis = createPlainChassis({ poweredOn: verb !== 'on' });
    const faults: FaultHook = (point) =>
      point.direction === direction && point.count === lost ? { kind: 'drop' } : undefined;
    await using rig = await createRig({ bmc: { chassis, faults } });
    const result = await reach(rig, verb, { settleMs: 5_000 });
    await rig.clock.advance(30_000);
    const carriedOut = rig.simulated.powerLog.length;
    expect(carriedOut).toBeLessThanOrEqual(1);
    if (result.outcome === 'reached') expect(carriedOut).toBe(1);
    else expect(result.outcome).toBe('unknown');
  });

  test.each<[PowerVerb, boolean, PowerResult['outcome']]>([
    ['on', true, 'already'],
    ['off', false, 'already'],
    ['soft-off', false, 'already'],
    ['reset', false, 'refused'],
    ['cycle', false, 'refused'],
    ['diag', false, 'refused'],
  ])('%s of a machine that is on: %s: %s, and nothing is sent', async (verb, poweredOn, outcome) => {
    await using rig = await createRig({ bmc: { chassis: createPlainChassis({ poweredOn }) } });
    expect((await reach(rig, verb)).outcome).toBe(outcome);
    expect(rig.simulated.powerLog).toHaveLength(0);
  });

  test('a controller that accepts and does nothing: no-effect after the settling time, not sent again', async () => {
    const plain = createPlainChassis();
    const stuck: Chassis = { ...plain, control: () => 'done', poweredOn: () => false };
    await using rig = await createRig({ bmc: { chassis: stuck } });
    expect(await reach(rig, 'on', { settleMs: 5_000 })).toEqual({ outcome: 'no-effect', power: 'off' });
    expect(rig.simulated.powerLog).toHaveLength(1);
  });

  test('an account that may not switch power is refused, with what to do', async () => {
    const users = [{ name: 'admin', password: 'secret', privilege: 2 }];
    await using rig = await createRig({ bmc: { users } });
    const result = await reach(rig, 'on');
    expect(result).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(/^D4h/) });
  });
});
