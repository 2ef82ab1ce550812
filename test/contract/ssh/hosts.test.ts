import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../../src/domain/machine.ts';
import { HostKeyMismatchError } from '../../../src/drivers/ssh/host-key-mismatch-error.ts';
import {
  AuthenticationError,
  ConfigError,
  InvalidRequestError,
  UnreachableError,
} from '../../../src/foundation/errors.ts';
import { forgingServer } from '../../support/forging-ssh-server.ts';
import { createSimulatedHost, newKey, type SimulatedHost } from '../../support/simulated-host.ts';

const signal = AbortSignal.timeout(60_000);

async function inStage(stage: 1 | 3, options: Parameters<typeof createSimulatedHost>[0] = {}): Promise<SimulatedHost> {
  const host = createSimulatedHost({
    ...options,
    simulated: { ...(stage === 3 ? { disks: [] } : {}), ...options.simulated },
  });
  host.simulated.chassis.control('on');
  await host.simulated.reached(`stage-${stage}`, signal);
  return host;
}

/** The machine with other pinned keys. */
function pinning(machine: Machine, change: { stage1?: readonly string[]; stage3?: readonly string[] }): Machine {
  const { stage1, stage3 } = machine.spec;
  if (stage1 === undefined) throw new Error('the machine has a stage 1');
  return {
    ...machine,
    spec: {
      ...machine.spec,
      stage1: { ...stage1, hostKeys: change.stage1 ?? stage1.hostKeys },
      stage3: { ...stage3, hostKeys: change.stage3 ?? stage3.hostKeys },
    },
  };
}

describe('sight', () => {
  test('nobody there: absent, with the reason', async () => {
    await using host = createSimulatedHost();
    expect(await host.hosts.sight(host.machine, signal)).toMatchObject({
      kind: 'absent',
      why: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test.each([1, 3] as const)('stage %i by its key, on the same port, without an authentication', async (stage) => {
    await using host = await inStage(stage);
    expect(await host.hosts.sight(host.machine, signal)).toMatchObject({
      kind: `stage-${stage}`,
      fingerprint: expect.stringMatching(/^SHA256:/),
    });
    expect(host.simulated.servers.get(stage)?.counts).toEqual({ connections: 1, authentications: 0, commands: 0 });
  });

  test.each([1, 3] as const)('stage %i with a port for each stage', async (stage) => {
    await using host = await inStage(stage, { simulated: { ports: { stage1: 2223, stage3: 2222 } } });
    expect(await host.hosts.sight(host.machine, signal)).toMatchObject({ kind: `stage-${stage}` });
  });

  test('another key: stranger, with what was seen and expected, and no authentication', async () => {
    await using host = await inStage(1);
    const other = pinning(host.machine, { stage1: [newKey().public], stage3: [newKey().public] });
    const sighting = await host.hosts.sight(other, signal);
    expect(sighting).toMatchObject({ kind: 'stranger', seenKey: host.machine.spec.stage1?.hostKeys[0] });
    expect(sighting.kind === 'stranger' && sighting.expected.map(({ stage }) => stage)).toEqual([1, 3]);
    expect(host.simulated.servers.get(1)?.counts).toEqual({ connections: 1, authentications: 0, commands: 0 });
  });

  test('pinned keys of another type only: still a stranger with its key', async () => {
    await using host = await inStage(1);
    const ecdsa =
      'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAnMl+6u+qS46e4RZ8rRNRs1eajy5CUHyFOvSfnTxtxJ4N4oaBrM0k8a8yxKJ2IYFqMPQzZvnGm/8hOlhVGBIfo=';
    const other = pinning(host.machine, { stage1: [ecdsa], stage3: [ecdsa.replace('fo=', 'fk=')] });
    expect(await host.hosts.sight(other, signal)).toMatchObject({
      kind: 'stranger',
      seenKey: host.machine.spec.stage1?.hostKeys[0],
    });
    await expect(host.hosts.initrd(other, signal)).rejects.toThrow(HostKeyMismatchError);
  });

  test('a port that says nothing: absent, within its own deadline', async () => {
    await using host = createSimulatedHost();
    const silent = createServer((socket) => socket.on('error', () => socket.destroy()));
    await new Promise<void>((resolve) => silent.listen(2222, host.machine.spec.address, resolve));
    try {
      expect(await host.hosts.sight(host.machine, signal)).toMatchObject({
        kind: 'absent',
        why: expect.stringContaining('no result within'),
      });
    } finally {
      silent.close();
    }
  });

  test('a server that shows a pinned key without holding it is not believed', async () => {
    await using host = await inStage(1);
    // An attacker who knows the public key but signs with his own: the handshake must not count before the signature does.
    const pinned = newKey();
    await using forger = await forgingServer(pinned.public);
    const { stage1 } = host.machine.spec;
    if (stage1 === undefined) throw new Error('the machine has a stage 1');
    const fooled = pinning(host.machine, { stage1: [pinned.public] });
    const machine: Machine = {
      ...fooled,
      spec: {
        ...fooled.spec,
        address: forger.address,
        stage1: { ...stage1, hostKeys: [pinned.public], port: forger.port },
        stage3: { ...fooled.spec.stage3, port: forger.port },
      },
    };
    expect(await host.hosts.sight(machine, signal)).toMatchObject({
      kind: 'absent',
      why: expect.stringContaining('signature'),
    });
    await expect(host.hosts.initrd(machine, signal)).rejects.toThrow(UnreachableError);
    expect(forger.authentications()).toBe(0);
  });

  test('one key for both stages is refused', async () => {
    await using host = createSimulatedHost();
    const shared = host.machine.spec.stage3.hostKeys;
    await expect(host.hosts.sight(pinning(host.machine, { stage1: shared }), signal)).rejects.toThrow(ConfigError);
  });

  test('an abort comes through untouched', async () => {
    await using host = await inStage(1);
    const reason = new Error('enough');
    await expect(host.hosts.sight(host.machine, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('connecting', () => {
  test('a wrong host key: seen, expected and how to enrol; nothing is sent, not even a user name', async () => {
    await using host = await inStage(1);
    const expected = newKey().public;
    const failure = await host.hosts.initrd(pinning(host.machine, { stage1: [expected] }), signal).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(HostKeyMismatchError);
    expect(failure).toMatchObject({
      code: 'host-key-mismatch',
      retry: 'give-up',
      details: {
        stage: 1,
        seenKey: host.machine.spec.stage1?.hostKeys[0],
        hint: expect.stringContaining('stage1.hostKeys'),
      },
    });
    expect(host.simulated.servers.get(1)?.counts).toEqual({ connections: 1, authentications: 0, commands: 0 });
  });

  test('the other stage’s key: it booted on since it was seen, so it may be looked at again', async () => {
    await using host = await inStage(3);
    const failure = await host.hosts.initrd(host.machine, signal).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'unreachable', retry: 'retry' });
    expect(String(failure)).toMatch(/key of stage 3/);
    expect(host.simulated.servers.get(3)?.counts.authentications).toBe(0);
  });

  test('several pinned keys: any will do', async () => {
    await using host = await inStage(3);
    const keys = [newKey().public, ...host.machine.spec.stage3.hostKeys];
    await using system = await host.hosts.system(pinning(host.machine, { stage3: keys }), signal);
    expect((await system.look(signal)).bootId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('our key refused: authentication failed, tried once', async () => {
    await using host = await inStage(3, { simulated: { authorizedKeys: [newKey().public] } });
    await expect(host.hosts.system(host.machine, signal)).rejects.toThrow(AuthenticationError);
    expect(host.simulated.servers.get(3)?.counts.authentications).toBe(1);
  });

  test('an identity that is no private key is a configuration error without its text', async () => {
    await using host = await inStage(3, { environment: { IDENTITY: 'planted-not-a-key' } });
    const failure = await host.hosts.system(host.machine, signal).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(String(failure)).not.toContain('planted');
  });

  test('a machine without stage 1 has no initrd', async () => {
    await using host = await inStage(3);
    const { stage1: _, ...spec } = host.machine.spec;
    await expect(host.hosts.initrd({ ...host.machine, spec }, signal)).rejects.toThrow(InvalidRequestError);
  });

  test('power lost in the middle of a session: unreachable, at once', async () => {
    await using host = await inStage(3);
    await using system = await host.hosts.system(host.machine, signal);
    await system.look(signal);
    host.simulated.chassis.control('off');
    await expect(system.look(signal)).rejects.toThrow(UnreachableError);
  });
});
