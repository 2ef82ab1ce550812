import { describe, expect, test } from 'vitest';
import { createIpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createBadNetwork, isProtected } from '../../../src/simulator/bmc/bad-network.ts';
import type { FaultHook } from '../../../src/simulator/bmc/faults.ts';
import { createBmcFleet } from '../../../src/simulator/fleet.ts';

const never = new AbortController().signal;
const deps = { udp: systemUdp, clock: systemClock, entropy: systemEntropy };

/** Spoilt handshakes are covered bit by bit elsewhere: there a spoilt code rightly ends in a rejected credential. */
const badNetwork = (seed: number): FaultHook =>
  createBadNetwork(seed, {
    loss: 0.05,
    duplicate: 0.05,
    reorder: 0.05,
    late: 0.05,
    corrupt: 0.05,
    corruptible: isProtected,
  });

async function createFleet(size: number, faults?: (index: number) => FaultHook) {
  const meter = createMeter();
  const bmcs = createIpmiBmcs({ ...deps, log: silentLog, meter }, { firstWaitMs: 100, attempts: 7, onceWaitMs: 1_000 });
  const each = (index: number) => ({
    users: [{ name: 'admin', password: `secret ${index}`, privilege: 4 }],
    ...(faults ? { faults: faults(index) } : {}),
  });
  const addresses = { kind: 'ports', address: '127.0.0.1' } as const;
  const fleet = await createBmcFleet(deps, { count: size, addresses, each }, never);
  const members = await Promise.all(
    fleet.members.map(async ({ bmc: simulated, chassis }, index) => {
      const password = Secret.fromText(`secret ${index}`);
      const target = { host: '127.0.0.1', port: simulated.local.port, user: 'admin', password };
      return { simulated, chassis, bmc: await bmcs.open(target, never) };
    }),
  );
  return {
    meter,
    members,
    async [Symbol.asyncDispose]() {
      await bmcs[Symbol.asyncDispose]();
      await fleet[Symbol.asyncDispose]();
    },
  };
}

describe('a fleet over loopback', () => {
  test('200 BMCs share one socket and are told apart; sessions are closed in the end', async () => {
    const fleet = await createFleet(200);
    await Promise.all(
      fleet.members.map(async ({ bmc, chassis }, index) => {
        if (index % 3 === 0) chassis.control('on');
        expect(await bmc.powerState(never)).toBe(index % 3 === 0 ? 'on' : 'off');
      }),
    );
    // On a loaded host a message may go out twice and its second answer be one too many. None may be wrong, though.
    for (const reason of ['unknown-source', 'malformed', 'unprotected', 'bad-integrity', 'replayed']) {
      expect(fleet.meter.value('ipmi_dropped', { reason })).toBe(0);
    }
    const { members } = fleet;
    await fleet[Symbol.asyncDispose]();
    for (const { simulated } of members) expect(simulated.requests.get('Close Session')).toBeGreaterThanOrEqual(1);
  });

  test('30 BMCs behind a bad network: reads are right, verbs are carried out at most once', async () => {
    await using fleet = await createFleet(30, (index) => badNetwork(index + 1));
    await Promise.all(
      fleet.members.map(async ({ bmc, chassis, simulated }) => {
        for (let round = 0; round < 3; round++) {
          const verb = round % 2 === 0 ? 'on' : 'off';
          const before = simulated.powerLog.length;
          const outcome = await bmc.power(verb, never);
          const carriedOut = simulated.powerLog.length - before;
          expect(carriedOut).toBeLessThanOrEqual(1);
          if (outcome.kind === 'accepted') expect(carriedOut).toBe(1);
          else expect(outcome.kind).toBe('silent');
          const state = chassis.poweredOn() ? 'on' : 'off';
          expect(await bmc.powerState(never)).toBe(state);
        }
      }),
    );
  }, 60_000);
});
