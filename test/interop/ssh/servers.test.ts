import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../../src/domain/machine.ts';
import { HostKeyMismatchError } from '../../../src/drivers/ssh/host-key-mismatch-error.ts';
import { AuthenticationError, UnreachableError } from '../../../src/foundation/errors.ts';
import { startRealHost } from '../../support/real-host.ts';
import { eventually, newKey } from '../../support/simulated-host.ts';

const signal = AbortSignal.timeout(120_000);

const SERVERS = [
  { server: 'sshd', hostKeyType: 'ed25519' },
  { server: 'sshd', hostKeyType: 'rsa' },
  { server: 'sshd', hostKeyType: 'ecdsa' },
  { server: 'dropbear', hostKeyType: 'ed25519' },
  { server: 'dropbear', hostKeyType: 'rsa' },
] as const;

/** SSH's own PATH has no /run/wrappers/bin for a bare command. */
const REPLACE_SYSTEMCTL = 'mount --bind $T/tools/systemctl /usr/bin/systemctl';

/** The machine with another stage-3 key pinned. */
function pinning(machine: Machine, hostKey: string): Machine {
  return { ...machine, spec: { ...machine.spec, stage3: { ...machine.spec.stage3, hostKeys: [hostKey] } } };
}

describe.each(SERVERS)('$server with a host key of type $hostKeyType', (server) => {
  test('is sighted without a try to log in, let in by key, and looked at', async () => {
    await using host = await startRealHost({ ...server, stage: 3 });
    expect(await host.hosts.sight(host.machine, signal)).toMatchObject({ kind: 'stage-3' });
    expect(host.serverLog()).not.toMatch(/authenticating|auth succeeded|Accepted|publickey/i);
    await using system = await host.hosts.system(host.machine, signal);
    const facts = await system.look(signal);
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(facts).toMatchObject({ failedUnits: [], booted: null });
    expect(await system.session('nobody-here', signal)).toEqual({ manager: null, defaultTarget: null });
    // No systemd runs there, so nobody is a user manager's; the question itself has worked.
    expect((await system.session('root', signal)).defaultTarget).toBeNull();
  });

  test('with another key pinned: nothing is sent', async () => {
    await using host = await startRealHost({ ...server, stage: 3 });
    const wrong = pinning(host.machine, newKey().public);
    const failure = await host.hosts.system(wrong, signal).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HostKeyMismatchError);
    expect(failure).toMatchObject({
      details: { seenKey: host.machine.spec.stage3.hostKeys[0]?.split(' ').slice(0, 2).join(' ') },
    });
    expect(await host.hosts.sight(wrong, signal)).toMatchObject({ kind: 'stranger' });
    expect(host.serverLog()).not.toMatch(/authenticating|auth succeeded|Accepted|publickey/i);
  });
});

describe.each(['sshd', 'dropbear'] as const)('%s', (server) => {
  test('our key refused is an authentication failure', async () => {
    await using host = await startRealHost({ server, stage: 3, setup: 'echo >/root/.ssh/authorized_keys' });
    await expect(host.hosts.system(host.machine, signal)).rejects.toThrow(AuthenticationError);
  });

  test('power lost in the middle of a command is told at once', async () => {
    const tools = { systemctl: '#!/bin/sh\necho >/run/shared/waiting\nexec sleep 60\n' };
    await using host = await startRealHost({
      server,
      stage: 3,
      tools,
      setup: 'mkdir /run/shared; mount --bind $T /run/shared',
    });
    await using system = await host.hosts.system(host.machine, signal);
    const failed = expect(system.look(signal)).rejects.toThrow(UnreachableError);
    await eventually(async () => (existsSync(join(host.folder, 'waiting')) ? true : undefined));
    await host.kill();
    await failed;
  });

  test('a reboot that is refused tells why', async () => {
    const tools = { systemctl: '#!/bin/sh\necho "Access denied" >&2\nexit 1\n' };
    await using host = await startRealHost({ server, stage: 3, tools, setup: REPLACE_SYSTEMCTL });
    await using system = await host.hosts.system(host.machine, signal);
    await expect(system.reboot(signal)).rejects.toThrow(/exit code 1: Access denied/);
  });

  test('a reboot that takes its own connection along is no failure', async () => {
    const tools = { systemctl: '#!/bin/sh\nkill -9 $PPID\nsleep 1\n' };
    await using host = await startRealHost({ server, stage: 3, tools, setup: REPLACE_SYSTEMCTL });
    await using system = await host.hosts.system(host.machine, signal);
    await system.reboot(signal);
    expect(host.logged.join('\n')).toContain('reboot ordered {"host"');
    expect(host.logged.join('\n')).toContain('"dropped":true');
  });
});
