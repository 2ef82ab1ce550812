import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { ShownEvent } from '../../support/api-client.ts';
import { startService } from '../../support/service-process.ts';
import { createRig, onlyMachine, type Rig } from './rig.ts';

// The service as a process: how it starts, how it refuses to, and how it ends.

const MAIN = join(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');

describe.concurrent('starting', () => {
  it('a second time on the same data is refused, and the first one serves on', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    const second = await runMain(['--config', rig.site.configFile]);
    expect(second.code).toBe(78);
    expect(second.output).toMatch(/another instance is running on .*data.*stop it first/);
    const { name } = onlyMachine(rig);
    const run = await rig.run(name, { kind: 'boot' });
    expect(run.error ?? run.state).toBe('succeeded');
  });

  it('after a kill needs nothing cleared away, and shows no second token', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    await rig.service().kill();
    await rig.restart();
    expect(rig.service().token).toBeUndefined();
    expect((await rig.api.call('GET', '/machines')).status, 'the first token still opens').toBe(200);
  });

  it('with a taken port fails at once and says which', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    const other = rewritten(rig, 'other.yaml', (config) => ({
      ...config,
      dataDirectory: join(rig.site.folder, 'other'),
    }));
    const second = await runMain(['--config', other]);
    expect(second.code).toBe(78);
    expect(second.output).toMatch(/EADDRINUSE|in use/);
    expect(second.output).toMatch(/18470|18480|10067|10069|14011/);
  });
});

describe.concurrent('a configuration that cannot be used', () => {
  it('is refused with 78 and every problem with its line', { timeout: 60_000 }, async () => {
    await using rig = await createRig({ machines: 2 });
    const bad = rewritten(rig, 'bad.yaml', (config) => {
      const [first, second] = config.machines as Record<string, unknown>[];
      return {
        ...config,
        colour: 'green',
        listen: { address: '127.0.0.1', port: 70_000 },
        log: { level: 'loud' },
        machines: [
          { ...first, macs: ['52:54:00:88:00:0g'], disks: [{ name: 'cryptroot', passphrase: 'hunter2 in clear' }] },
          { ...second, name: 'SIM 2', stage1: { ...(second?.stage1 as object), hostKeys: ['-----BEGIN PRIVATE KEY'] } },
        ],
      };
    });
    for (const words of [
      ['--config', bad],
      ['--config', bad, '--check'],
    ]) {
      const { code, output } = await runMain(words);
      expect(code).toBe(78);
      const problems = ['colour', 'listen.port', 'log.level', 'machines[0].macs[0]', 'machines[0].disks[0].passphrase'];
      for (const path of [...problems, 'machines[1].name', 'machines[1].stage1.hostKeys[0]'])
        expect(output).toContain(path);
      expect(output).toMatch(/\(line \d+\)/);
      expect(output, 'a secret written where its reference belongs is not repeated').not.toContain('hunter2');
    }
  });

  it('is refused when machines claim the same name, address or MAC', { timeout: 60_000 }, async () => {
    await using rig = await createRig({ machines: 2 });
    const twice = (field: string): string =>
      rewritten(rig, `twice-${field}.yaml`, (config) => {
        const [first, second] = config.machines as Record<string, unknown>[];
        return { ...config, machines: [first, { ...second, [field]: first?.[field] }] };
      });
    for (const field of ['name', 'address', 'macs']) {
      const { code, output } = await runMain(['--config', twice(field), '--check']);
      expect(code).toBe(78);
      expect(output).toContain(`machines[1].${field}`);
      expect(output).toMatch(/sim1/);
    }
  });

  it('is told by --check without starting anything; a good one is fine', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    expect(await runMain(['--config', rig.site.configFile, '--check'])).toEqual({
      code: 0,
      output: expect.stringContaining('configuration is fine: 1 machines'),
    });
    const missing = await runMain(['--config', join(rig.site.folder, 'nowhere.yaml'), '--check']);
    expect([missing.code, missing.output]).toEqual([78, expect.stringContaining('nowhere.yaml')]);
    writeFileSync(join(rig.site.folder, 'broken.yaml'), 'machines: [\n  {name: a\n');
    const broken = await runMain(['--config', join(rig.site.folder, 'broken.yaml'), '--check']);
    expect([broken.code, broken.output]).toEqual([78, expect.stringMatching(/not valid YAML.*\n.*line \d/)]);
    const unknown = await runMain(['--colour']);
    expect([unknown.code, unknown.output]).toEqual([78, expect.stringContaining('usage:')]);
  });
});

describe.concurrent('SIGTERM in the middle of a run', () => {
  const build = {
    outcome: 'builds',
    lines: Array.from({ length: 80 }, (_, n) => `line ${n}`),
    durationMs: 8000,
  } as const;
  const moments: readonly { readonly when: string; readonly is: (event: ShownEvent) => boolean }[] = [
    { when: 'the power verb is being sent', is: started('power-on') },
    { when: 'the machine netboots', is: ({ type }) => type === 'file.served' },
    { when: 'the passphrase is being sent', is: ({ type }) => type === 'unlock.attempted' },
    { when: 'stage 3 is waited for', is: ({ type, step }) => type === 'step.waited' && step === 'system' },
    { when: 'a long build streams its output', is: ({ type, data }) => type === 'output.appended' && data.from !== 0 },
    { when: 'the machine goes down', is: ({ type, step }) => type === 'step.waited' && step === 'reboot' },
  ];

  it.each(moments)(
    'while $when: ends with 0 within 10 s, and the run goes on after the next start',
    {
      timeout: 90_000,
    },
    async ({ is }) => {
      await using rig = await createRig({ simulated: { rebuilds: { sim1: build }, timings: { servicesMs: 1500 } } });
      const { machine, bmc, name } = onlyMachine(rig);
      const { id } = await rig.api.place(name, { kind: 'update' });
      for await (const { id: seq, data } of rig.api.feed(id, AbortSignal.timeout(60_000)))
        if (/^\d+$/.test(seq) && is(JSON.parse(data) as ShownEvent)) break;
      // Whoever is watching must not keep it from ending.
      const watching = drain(rig, id);
      const began = performance.now();
      expect(await rig.service().stop()).toBe(0);
      expect(performance.now() - began).toBeLessThan(10_000);
      await watching;
      await rig.restart();
      const run = await rig.api.ended(id, 60_000);
      expect(run.error ?? run.state).toBe('succeeded');
      const lost = (await rig.events(name)).filter(({ type }) => type === 'run.rewound').length;
      expect(bmc.powerLog.map(({ action }) => action)).toEqual(['on', ...Array(lost).fill(['off', 'on']).flat()]);
      expect(lost).toBeLessThan(2);
      expect(machine.passphrases.map(({ right }) => right)).toEqual([true, true]);
      expect(machine.rebuilds).toHaveLength(1);
      expect(await rig.output(id)).toBe(`${build.lines.join('\n')}\n`);
    },
  );

  it('and with nothing to do: ends at once', { timeout: 60_000 }, async () => {
    await using rig = await createRig();
    await using other = await createRig();
    await using third = await startService({
      configFile: rewritten(other, 'idle.yaml', ({ netboot: _, machines: __, ...config }) => ({
        ...config,
        dataDirectory: join(other.site.folder, 'idle'),
        listen: { address: `${other.site.net}.2`, port: 18_470 },
      })),
    });
    for (const service of [rig.service(), third]) {
      const began = performance.now();
      expect(await service.stop()).toBe(0);
      expect(performance.now() - began).toBeLessThan(2000);
    }
  });
});

function started(label: string) {
  return ({ type, data }: ShownEvent): boolean => type === 'action.started' && data.label === label;
}

/** Reads a feed until the service hangs up. */
async function drain({ api }: Rig, runId: string): Promise<void> {
  try {
    for await (const _message of api.feed(runId, AbortSignal.timeout(60_000)));
  } catch {
    // Hung up in the middle of a message, which is its right.
  }
}

/** Writes the rig's configuration changed, beside the other one. @returns its path */
function rewritten(
  rig: Rig,
  file: string,
  change: (config: Record<string, unknown>) => Record<string, unknown>,
): string {
  const path = join(rig.site.folder, file);
  writeFileSync(path, stringify(change(parse(readFileSync(rig.site.configFile, 'utf8')) as Record<string, unknown>)));
  return path;
}

/** Runs the service's program to its end. */
async function runMain(words: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [MAIN, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '' },
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(late);
  return { code, output: Buffer.concat(chunks).toString('utf8') };
}
