import { describe, expect, test } from 'vitest';
import { UnreachableError } from '../../../../src/foundation/errors.ts';
import type { Udp } from '../../../../src/foundation/udp.ts';
import { createBmcFleet } from '../../../../src/simulator/fleet.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import { createMemoryNetwork } from '../memory-network.ts';
import { createSeededEntropy } from '../seeded-entropy.ts';
import { never } from './wire-console.ts';

function depsWith(udp: Udp = createMemoryNetwork()) {
  return { udp, clock: createManualClock(), entropy: createSeededEntropy('fleet') };
}

describe('a fleet of simulated BMCs', () => {
  test('each has a loopback address of its own, none that ends in 0 or 255', async () => {
    const addresses = { kind: 'addresses', first: '127.2.0.250' } as const;
    await using fleet = await createBmcFleet(depsWith(), { count: 8, addresses }, never);
    expect(fleet.members.map(({ bmc }) => `${bmc.local.address}:${bmc.local.port}`)).toEqual([
      ...[250, 251, 252, 253, 254].map((last) => `127.2.0.${last}:623`),
      ...[1, 2, 3].map((last) => `127.2.1.${last}:623`),
    ]);
  });

  test('or a port of its own on one address', async () => {
    const addresses = { kind: 'ports', address: '127.0.0.1' } as const;
    await using fleet = await createBmcFleet(depsWith(), { count: 50, addresses }, never);
    expect(new Set(fleet.members.map(({ bmc }) => bmc.local.port)).size).toBe(50);
  });

  test('each has its own chassis, and what is its own', async () => {
    const addresses = { kind: 'ports', address: '127.0.0.1' } as const;
    const each = (index: number) => ({ limits: { maximumSessions: index } });
    await using fleet = await createBmcFleet(depsWith(), { count: 3, addresses, each }, never);
    fleet.members[1]?.chassis.control('on');
    expect(fleet.members.map(({ chassis }) => chassis.poweredOn())).toEqual([false, true, false]);
  });

  test('when one cannot listen, those before it are closed again', async () => {
    let open = 0;
    const network = createMemoryNetwork();
    const bind: Udp['bind'] = async (binding, receive, signal) => {
      if (open === 5) throw new UnreachableError('in use');
      open++;
      const socket = await network.bind(binding, receive, signal);
      const close = async (): Promise<void> => {
        open--;
        await socket[Symbol.asyncDispose]();
      };
      return { ...socket, [Symbol.asyncDispose]: close };
    };
    const addresses = { kind: 'ports', address: '127.0.0.1' } as const;
    await expect(createBmcFleet(depsWith({ bind }), { count: 9, addresses }, never)).rejects.toThrow(/in use/);
    expect(open).toBe(0);
  });

  test.each(['10.0.0.1', '127.255.255.250', 'localhost'])('%s is no place for ten of them', async (first) => {
    const addresses = { kind: 'addresses', first } as const;
    await expect(createBmcFleet(depsWith(), { count: 10, addresses }, never)).rejects.toThrow(/loopback/);
  });
});
