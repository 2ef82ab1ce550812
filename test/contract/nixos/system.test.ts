import { describe, expect, test } from 'vitest';
import { InvalidRequestError } from '../../../src/foundation/errors.ts';
import { createSimulatedHost, eventually } from '../../support/simulated-host.ts';

const signal = AbortSignal.timeout(60_000);

describe('System', () => {
  test('tells boot, state, generations and session as they come up', async () => {
    await using host = createSimulatedHost({ simulated: { disks: [] } });
    host.simulated.chassis.control('on');
    await host.simulated.reached('stage-3', signal);
    await using system = await host.hosts.system(host.machine, signal);
    const first = await system.look(signal);
    const toplevel = host.simulated.generations.profile();
    expect(first).toMatchObject({ failedUnits: [], booted: toplevel, current: toplevel, profile: toplevel });
    await eventually(async () => ((await system.look(signal)).state === 'running' ? true : undefined));
    await eventually(async () => ((await system.session('ada', signal)).manager === 'active' ? true : undefined));
    expect(await system.session('ada', signal)).toEqual({ manager: 'active', defaultTarget: 'active' });
    expect(await system.session('nobody-here', signal)).toEqual({ manager: null, defaultTarget: null });
    await expect(system.session('$(reboot)', signal)).rejects.toThrow(InvalidRequestError);
  });

  test('a degraded system names its failed units', async () => {
    await using host = createSimulatedHost({ simulated: { disks: [], fates: { '': 'comes-up-degraded' } } });
    host.simulated.chassis.control('on');
    await host.simulated.reached('stage-3', signal);
    await using system = await host.hosts.system(host.machine, signal);
    const facts = await eventually(async () => {
      const seen = await system.look(signal);
      return seen.state === 'degraded' ? seen : undefined;
    });
    expect(facts.failedUnits).toEqual(['broken.service']);
  });

  test('a reboot is ordered once and brings another boot_id', async () => {
    await using host = createSimulatedHost({ simulated: { disks: [] } });
    host.simulated.chassis.control('on');
    await host.simulated.reached('stage-3', signal);
    const look = async (): Promise<string> => {
      await using system = await host.hosts.system(host.machine, signal);
      return (await system.look(signal)).bootId;
    };
    const before = await look();
    {
      await using system = await host.hosts.system(host.machine, signal);
      await system.reboot(signal);
    }
    await host.simulated.reached('firmware', signal);
    await host.simulated.reached('stage-3', signal);
    expect(await look()).not.toBe(before);
    expect(host.simulated.history.filter(({ phase }) => phase === 'firmware')).toHaveLength(2);
  });
});
