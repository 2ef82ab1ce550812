import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { MachineSpec } from '../../../src/domain/machine.ts';
import type { RebuildOrder } from '../../../src/domain/ports/system-builder.ts';
import { ConflictError, InvalidRequestError, UnreachableError } from '../../../src/foundation/errors.ts';
import type { SimulatedMachineSpec } from '../../../src/simulator/machine/spec.ts';
import { createSimulatedHost, type SimulatedHost } from '../../support/simulated-host.ts';

const signal = AbortSignal.timeout(60_000);
const TOKEN = 'github_pat_planted_0123456789abcdefXYZ';

const order: RebuildOrder = { job: 'run-1', action: 'boot', flake: '/etc/nixos', attribute: 'lab', refresh: true };

const rebuilds: NonNullable<SimulatedMachineSpec['rebuilds']> = {
  broken: {
    outcome: 'fails',
    durationMs: 100,
    lines: ["error: builder for '/nix/store/x.drv' failed", 'foo.c:3: error'],
  },
  badswitch: { outcome: 'switch-fails', durationMs: 100, lines: ['error(s) occurred while switching'] },
  slow: { outcome: 'builds', durationMs: 3_000, lines: Array.from({ length: 30 }, (_, i) => `line ${i}`) },
  leaky: { outcome: 'builds', durationMs: 100, lines: ['fetching'], printsTokens: true },
};

async function up(
  machine: Partial<MachineSpec> = {},
  simulated: Partial<SimulatedMachineSpec> = {},
): Promise<SimulatedHost> {
  const host = createSimulatedHost({
    simulated: { disks: [], rebuilds, ...simulated },
    machine,
    environment: { TOKEN },
  });
  host.simulated.chassis.control('on');
  await host.simulated.reached('stage-3', signal);
  return host;
}

async function followAll(host: SimulatedHost, job: string, from = 0) {
  const chunks: { offset: number; bytes: Buffer }[] = [];
  const keep = async (offset: number, bytes: Buffer) => void chunks.push({ offset, bytes });
  const status = await host.builder.follow(host.machine, job, from, keep, signal);
  return { status, chunks, text: Buffer.concat(chunks.map(({ bytes }) => bytes)).toString() };
}

describe('SystemBuilder', () => {
  test('builds detached, streams by offset, tells the exit code, and tidies', async () => {
    await using host = await up({}, { rebuildMs: 2_000 });
    const before = host.simulated.generations.profile();
    expect(await host.builder.status(host.machine, 'run-1', signal)).toEqual({ kind: 'absent' });
    await host.builder.start(host.machine, order, signal);
    expect(await host.builder.status(host.machine, 'run-1', signal)).toEqual({ kind: 'running' });
    await expect(host.builder.start(host.machine, order, signal)).rejects.toThrow(ConflictError);
    await expect(host.builder.tidy(host.machine, 'run-1', signal)).rejects.toThrow(ConflictError);
    const { status, text, chunks } = await followAll(host, 'run-1');
    expect(status).toEqual({ kind: 'ended', exitCode: 0, result: 'success' });
    expect(text).toBe('building the system configuration...\nupdating the boot loader...\n');
    expect(chunks[0]?.offset).toBe(0);
    // Attaching again gives the rest from there on, and nothing twice.
    expect((await followAll(host, 'run-1', 37)).text).toBe('updating the boot loader...\n');
    expect(host.simulated.generations.profile()).not.toBe(before);
    expect(host.simulated.generations.bootDefault()).toBe(host.simulated.generations.profile());
    expect(host.simulated.rebuilds).toMatchObject([{ action: 'boot', flake: '/etc/nixos', attribute: 'lab' }]);
    expect(host.simulated.rebuilds[0]?.command).toBe(
      "nixos-rebuild boot --flake '/etc/nixos#lab' --no-reexec --print-build-logs --refresh",
    );
    await host.builder.tidy(host.machine, 'run-1', signal);
    expect(await host.builder.status(host.machine, 'run-1', signal)).toEqual({ kind: 'absent' });
    await host.builder.tidy(host.machine, 'run-1', signal);
  });

  test('a build that fails leaves the machine alone and tells the compiler’s lines', async () => {
    await using host = await up();
    const before = host.simulated.generations.profile();
    await host.builder.start(host.machine, { ...order, attribute: 'broken' }, signal);
    const { status, text } = await followAll(host, 'run-1');
    expect(status).toEqual({ kind: 'ended', exitCode: 1, result: 'exit-code' });
    expect(text).toContain('foo.c:3: error');
    expect(host.simulated.generations.profile()).toBe(before);
  });

  test('a switch that fails has moved the profile but not what boots', async () => {
    await using host = await up();
    const before = host.simulated.generations.bootDefault();
    await host.builder.start(host.machine, { ...order, attribute: 'badswitch' }, signal);
    expect((await followAll(host, 'run-1')).status).toMatchObject({ exitCode: 1 });
    expect(host.simulated.generations.profile()).not.toBe(before);
    expect(host.simulated.generations.bootDefault()).toBe(before);
  });

  test('tokens go over in a file, are gone with the job, and are blanked in what the build prints', async () => {
    await using host = await up({
      rebuild: { flake: 'github:o/r', accessTokens: [{ host: 'github.com', token: 'env:TOKEN' }] },
    });
    await host.builder.start(host.machine, { ...order, attribute: 'leaky' }, signal);
    const { status, text } = await followAll(host, 'run-1');
    expect(status).toMatchObject({ exitCode: 0 });
    const conf = `!include /root/.config/nix/nix.conf\nextra-access-tokens = github.com=${TOKEN}\n`;
    expect(host.simulated.rebuilds[0]?.nixConfSha256).toBe(createHash('sha256').update(conf).digest('hex'));
    expect(host.simulated.rebuilds[0]?.command).not.toContain(TOKEN);
    expect(host.simulated.holdsTokens()).toBe(false);
    expect(text).toContain(`github.com=${'*'.repeat(TOKEN.length)}\n`);
    expect(text).not.toContain(TOKEN);
  });

  test('a slow taker slows the stream and loses nothing', async () => {
    await using host = await up(
      {},
      { rebuilds: { ...rebuilds, lab: { outcome: 'builds', durationMs: 50, lines: ['x'.repeat(3_000_000)] } } },
    );
    await host.builder.start(host.machine, order, signal);
    let size = 0;
    let at = 0;
    const status = await host.builder.follow(
      host.machine,
      'run-1',
      0,
      async (offset, bytes) => {
        expect(offset).toBe(at);
        at += bytes.length;
        size += bytes.length;
        await new Promise((resolve) => setImmediate(resolve));
      },
      signal,
    );
    expect(status).toMatchObject({ exitCode: 0 });
    expect(size).toBe(3_000_001);
  });

  test('a connection that drops while following is unreachable, and following goes on where it was', async () => {
    await using host = await up();
    await host.builder.start(host.machine, { ...order, attribute: 'slow' }, signal);
    let text = '';
    const follow = host.builder.follow(
      host.machine,
      'run-1',
      0,
      async (_offset, bytes) => {
        text += bytes.toString();
        if (text.length > 50) host.simulated.dropConnections();
      },
      signal,
    );
    await expect(follow).rejects.toThrow(UnreachableError);
    const rest = await followAll(host, 'run-1', text.length);
    expect(text + rest.text).toBe(Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join(''));
  });

  test('stopping ends the job; a reboot forgets it', async () => {
    await using host = await up();
    await host.builder.start(host.machine, { ...order, attribute: 'slow' }, signal);
    await host.builder.stop(host.machine, 'run-1', signal);
    expect(await host.builder.status(host.machine, 'run-1', signal)).toEqual({ kind: 'absent' });
    await host.builder.start(host.machine, { ...order, attribute: 'slow' }, signal);
    host.simulated.chassis.control('reset');
    await host.simulated.reached('stage-3', signal);
    expect(await host.builder.status(host.machine, 'run-1', signal)).toEqual({ kind: 'absent' });
  });

  test.each([
    { flake: 'git+https://user:secret@example.org/r' },
    { flake: 'https://token@example.org/r.tar.gz' },
    { flake: 'git+https://example.org/r?access_token=abc' },
    { flake: '--impure' },
    { flake: "/etc/nixos'; reboot; '" },
    { attribute: 'a b' },
    { attribute: '$(reboot)' },
    { job: '../etc' },
    { job: 'A' },
  ])('refuses %j before anything is sent', async (bad) => {
    await using host = await up();
    await expect(host.builder.start(host.machine, { ...order, ...bad }, signal)).rejects.toThrow(InvalidRequestError);
    expect(host.simulated.servers.get(3)?.counts.connections).toBe(0);
  });
});
