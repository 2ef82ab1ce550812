import { describe, expect, test } from 'vitest';
import { HostKeyMismatchError } from '../../../src/drivers/ssh/host-key-mismatch-error.ts';
import { createSimulatedHost, eventually, newKey, type SimulatedHost } from '../../support/simulated-host.ts';

const signal = AbortSignal.timeout(60_000);

async function up(): Promise<SimulatedHost> {
  const host = createSimulatedHost({ simulated: { disks: [] } });
  host.simulated.chassis.control('on');
  await host.simulated.reached('stage-3', signal);
  return host;
}

async function bootId(host: SimulatedHost): Promise<string> {
  await using system = await host.hosts.system(host.machine, signal);
  return (await system.look(signal)).bootId;
}

const made = (host: SimulatedHost): number | undefined => host.simulated.servers.get(3)?.counts.connections;

describe('connections kept for their next use', () => {
  test('one serves look after look, and a sighting in between', async () => {
    await using host = await up();
    for (let i = 0; i < 3; i++) {
      await bootId(host);
      expect(await host.hosts.sight(host.machine, signal)).toMatchObject({ kind: 'stage-3' });
    }
    expect(made(host)).toBe(1);
  });

  test('two users at a time have one each', async () => {
    await using host = await up();
    await Promise.all([bootId(host), bootId(host)]);
    expect(made(host)).toBe(2);
  });

  test('a machine that was reset meanwhile is looked at anew, never taken for the old boot', async () => {
    await using host = await up();
    const before = await bootId(host);
    host.simulated.chassis.control('reset');
    expect(await host.hosts.sight(host.machine, signal)).toMatchObject({ kind: 'absent' });
    await host.simulated.reached('stage-3', signal);
    expect(await bootId(host)).not.toBe(before);
  });

  test('another pinned key is another target: the kept connection proves nothing for it', async () => {
    await using host = await up();
    await bootId(host);
    const { machine } = host;
    const stage3 = { ...machine.spec.stage3, hostKeys: [newKey().public] };
    const repinned = { ...machine, spec: { ...machine.spec, stage3 } };
    expect(await host.hosts.sight(repinned, signal)).toMatchObject({ kind: 'stranger' });
    await expect(host.hosts.system(repinned, signal)).rejects.toThrow(HostKeyMismatchError);
  });

  test('after an abort the connection is not used again', async () => {
    await using host = await up();
    const abort = new AbortController();
    {
      await using system = await host.hosts.system(host.machine, signal);
      const look = system.look(abort.signal);
      abort.abort(new Error('enough'));
      await expect(look).rejects.toThrow('enough');
    }
    await eventually(async () => bootId(host));
    expect(made(host)).toBe(2);
  });
});
