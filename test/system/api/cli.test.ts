import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { permissionsOf } from '../../../src/api/access.ts';
import type { RunBody } from '../../../src/api/schema/run.ts';
import type { RunChange } from '../../../src/domain/ports/runs.ts';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import { type ApiService, startApiService, testMachine } from '../../support/api-service.ts';

const COMMAND = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'bootwright.ts');
const folder = mkdtempSync(join(tmpdir(), 'bootwright-cli-'));

let service: ApiService;
let url: string;
beforeAll(async () => {
  service = await startApiService();
  url = await service.listen();
  for (const [role, token] of Object.entries(service.tokens))
    writeFileSync(tokenFile(role), `${token}\n`, { mode: 0o600 });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function tokenFile(role: string): string {
  return join(folder, `token-${role}`);
}

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };
type Started = { readonly child: ChildProcess; readonly ended: Promise<Ended>; out(): string };

/** Starts the command as a user would, with nothing in its environment but what is given. */
function start(args: readonly string[], environment: Record<string, string> = {}, role: TokenRole = 'admin'): Started {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: {
      PATH: '/usr/bin:/bin',
      HOME: folder,
      BOOTWRIGHT_URL: url,
      BOOTWRIGHT_TOKEN_FILE: tokenFile(role),
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  return { child, ended, out: () => out };
}

const cli = (args: readonly string[], role: TokenRole = 'admin'): Promise<Ended> => start(args, {}, role).ended;

async function declare(name: string, number: number): Promise<void> {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, stringify(testMachine(name, number)));
  expect(await cli(['machines', 'add', '-f', file])).toEqual({ code: 0, out: `machine ${name} declared\n`, err: '' });
}

/** Waits until the command has printed something. */
async function printed(started: Started, pattern: RegExp): Promise<string> {
  const end = performance.now() + 15_000;
  for (;;) {
    const match = pattern.exec(started.out());
    if (match) return match[1] ?? match[0];
    if (performance.now() > end) throw new Error(`no ${pattern} in: ${started.out()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Drives the queued run of the store as an engine would: claims it, then writes these changes. */
async function drive(
  changes: readonly (readonly [RunChange, Parameters<typeof service.store.runs.write>[2]])[],
): Promise<void> {
  const run = await service.store.runs.claim('test', 60_000);
  if (run === undefined) throw new Error('no run is queued');
  const guard = { runId: run.id, owner: 'test', fence: run.fence };
  for (const [change, events] of changes) await service.store.runs.write(guard, change, events);
}

const succeed = (): Parameters<typeof drive>[0] => [
  [
    { cursor: 0, stepEnteredAt: Date.now(), stepDeadlineAt: Date.now() + 60_000 },
    [{ type: 'step.entered', source: 'engine', step: 'power', data: { index: 0, round: 1, deadlineMs: 60_000 } }],
  ],
  [
    { state: 'succeeded', endedAt: Date.now(), result: { planIndex: 0, value: { state: 'on' } } },
    [
      {
        type: 'step.done',
        source: 'engine',
        step: 'power',
        stage: '0',
        data: { result: { state: 'on' }, tookMs: 1200 },
      },
      { type: 'run.succeeded', source: 'engine', data: { tookMs: 1500 } },
    ],
  ],
];

describe('machines', () => {
  it('are added from YAML, listed, shown, replaced and removed', async () => {
    await declare('c-one', 1);
    const list = await cli(['machines']);
    expect(list.out.split('\n')[0]).toBe('NAME   ADDRESS    STAGE    SEEN  RUN  LAST RUN');
    expect(list.out).toContain('c-one  10.77.0.1  unknown  -     -    -');
    const show = await cli(['machines', 'show', 'c-one', '--json'], 'viewer');
    expect(JSON.parse(show.out)).toMatchObject({
      name: 'c-one',
      spec: { disks: [{ passphrase: 'credential:cryptroot' }] },
    });
    expect((await cli(['machines', 'show', 'c-one'])).out).toContain('session   alice');

    const file = join(folder, 'two.yaml');
    writeFileSync(
      file,
      stringify({ machines: [{ ...testMachine('c-one', 1), bootTries: 3 }, testMachine('c-two', 2)] }),
    );
    expect((await cli(['machines', 'add', '-f', file])).code).toBe(1);
    const replaced = await cli(['machines', 'add', '--replace', '-f', file]);
    expect([replaced.code, replaced.out]).toEqual([0, 'machine c-one replaced\nmachine c-two declared\n']);
    expect((await cli(['machines', 'remove', 'c-two'])).code).toBe(0);
    const gone = await cli(['machines', 'show', 'c-two']);
    expect(gone).toEqual({ code: 1, out: '', err: 'error: there is no machine c-two\n' });
  });

  it('are added from standard input, and every problem is told', async () => {
    const started = start(['machines', 'add', '-f', '-']);
    started.child.stdin?.end(JSON.stringify({ ...testMachine('c-bad', 3), adress: 1, bootTries: 9 }));
    const { code, err } = await started.ended;
    expect(code).toBe(1);
    expect(err).toContain('did you mean "address"?');
    expect(err).toContain('bootTries: must be at most 5');
  });

  it('cannot be added from what is no file, or no YAML', async () => {
    expect((await cli(['machines', 'add', '-f', join(folder, 'none')])).code).toBe(2);
    writeFileSync(join(folder, 'bad.yaml'), 'a: [');
    expect((await cli(['machines', 'add', '-f', join(folder, 'bad.yaml')])).code).toBe(2);
  });
});

describe('a run', () => {
  it('is ordered, followed with progress, and ends with 0', async () => {
    await declare('r-ok', 10);
    const started = start(['power', 'r-ok', 'on'], {}, 'operator');
    await printed(started, /run ordered/);
    await drive(succeed());
    const { code, out, err } = await started.ended;
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^run \w+: power of r-ok, power\n/);
    expect(out).toMatch(/ {2}\d+\.\d s {2}power {5}step entered/);
    expect(out).toMatch(/power {5}step done: took 1\.2 s {2}\[stage 0\]/);
    expect(out).toMatch(/power of r-ok: succeeded after \d+\.\d s\n$/);
    expect(out).not.toContain('\u001b');
  });

  it('is one JSON value a line for programs, the run last', async () => {
    await declare('r-json', 11);
    const started = start(['--json', 'power', 'r-json', 'on']);
    await printed(started, /run\.queued/);
    await drive(succeed());
    const { code, out } = await started.ended;
    const values = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(values.slice(0, -1).map(({ type }) => type)).toEqual([
      'run.queued',
      'run.started',
      'step.entered',
      'step.done',
      'run.succeeded',
    ]);
    expect(values.at(-1)).toMatchObject({
      state: 'succeeded',
      steps: [{ name: 'power', state: 'done', result: { state: 'on' } }],
    });
  });

  it('that fails ends with 1, and says why, what was last seen and what to do', async () => {
    await declare('r-fail', 12);
    const started = start(['power', 'r-fail', 'off']);
    await printed(started, /run ordered/);
    const error = {
      code: 'unreachable',
      message: 'BMC did not answer',
      step: 'power',
      hint: 'Look at the cable.',
      lastSeen: 'on',
    } as const;
    await drive([
      [{ state: 'failed', error, endedAt: Date.now() }, [{ type: 'run.failed', source: 'engine', data: { ...error } }]],
    ]);
    const { code, err } = await started.ended;
    expect([code, err]).toEqual([1, 'power: BMC did not answer (unreachable)\nlast seen: on\nLook at the cable.\n']);
  });

  it('is ordered and left alone, then cancelled, watched and shown', async () => {
    await declare('r-cancel', 13);
    const detached = await cli(['update', 'r-cancel', '--detach', '--json', '--no-netboot', '--flake', 'github:a/b']);
    const run = JSON.parse(detached.out) as RunBody;
    expect([detached.code, run.request]).toEqual([0, { kind: 'update', netboot: false, flake: 'github:a/b' }]);
    const watching = start(['runs', 'watch', run.id]);
    await printed(watching, /run ordered/);
    expect((await cli(['runs', 'cancel', run.id], 'operator')).out).toBe(`run ${run.id} cancelled\n`);
    expect((await watching.ended).code).toBe(3);
    expect((await cli(['runs', 'cancel', run.id])).code).toBe(1);
    const list = await cli(['runs', '--machine', 'r-cancel', '--state', 'cancelled']);
    expect(list.out).toContain(`${run.id}  r-cancel  update  cancelled`);
    expect((await cli(['runs', 'show', run.id])).out).toMatch(/1 {2}unlock +pending {2}300 s/);
  });

  it('goes on after Ctrl-C, which says so', async () => {
    await declare('r-ctrl-c', 14);
    const started = start(['power', 'r-ctrl-c', 'on']);
    const id = await printed(started, /^run (\w+):/);
    await printed(started, /run ordered/);
    started.child.kill('SIGINT');
    const { code, err } = await started.ended;
    expect(code).toBe(130);
    expect(err).toContain(`stopped watching; run ${id} goes on`);
    expect(err).toContain(`bootwright runs cancel ${id}`);
    expect((await service.store.runs.get(id)).state).toBe('queued');
    await service.store.runs.requestCancel(id, 'test');
  });

  it('is followed over a restart of the service', async () => {
    await declare('r-restart', 15);
    const first = await startApiService();
    const address = new URL(await first.listen());
    writeFileSync(tokenFile('first'), first.tokens.admin, { mode: 0o600 });
    const machine = await first.store.machines.declare(
      (await service.store.machines.get('r-restart')).spec,
      'api',
      'test',
    );
    const run = await first.store.runs.create({
      machineId: machine.id,
      request: { kind: 'power', verb: 'on' },
      plan: [{ step: 'power', params: {}, deadlineMs: 60_000 }],
      actor: 'test',
    });
    const watching = start(['runs', 'watch', run.id], {
      BOOTWRIGHT_URL: address.origin,
      BOOTWRIGHT_TOKEN_FILE: tokenFile('first'),
    });
    await printed(watching, /run ordered/);
    await first.close();
    await first.store.runs.requestCancel(run.id, 'test');
    const second = await first.again({ address: '127.0.0.1', port: Number(address.port) });
    const { code, out } = await watching.ended;
    expect(code).toBe(3);
    expect(out.match(/run ordered/g)).toHaveLength(1);
    await second.close();
    await first.store.close();
  });

  it('shows its output', async () => {
    await declare('r-output', 16);
    const { out } = await cli(['rebuild', 'r-output', '--detach', '--json']);
    const run = JSON.parse(out) as RunBody;
    await service.store.output.append(run.id, 1, 0, Buffer.from('building\n\u001b[2Jdone'));
    expect((await cli(['runs', 'output', run.id])).out).toBe('building\n\ufffd[2Jdone\n');
    await service.store.runs.requestCancel(run.id, 'test');
  });
});

describe('events', () => {
  it('are shown, and followed until Ctrl-C', async () => {
    await declare('e-one', 20);
    const { id } = await service.store.machines.get('e-one');
    const once = await cli(['events', 'e-one']);
    expect(once.out).toMatch(/^ {5}1 {2}\S+Z {2,}machine declared: actor the-admin\n$/);
    const following = start(['events', 'e-one', '--follow', '-n', '1']);
    await printed(following, /machine declared/);
    await service.store.timeline.append(id, [
      { type: 'file.served', source: 'http', data: { name: 'initrd', bytes: 7 } },
    ]);
    await printed(following, /file served: name initrd, bytes 7/);
    following.child.kill('SIGINT');
    expect((await following.ended).code).toBe(0);
  });
});

describe('tokens', () => {
  it('are made into a file of their own, and removed', async () => {
    const file = join(folder, 'new', 'token');
    const made = await cli(['tokens', 'create', 'ci', '--role', 'viewer', '--out', file, '--json']);
    expect(made.out).not.toContain('bw_');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const who = await start(['whoami'], { BOOTWRIGHT_TOKEN_FILE: file }).ended;
    expect(who.out).toBe(`ci, viewer: ${permissionsOf('viewer').join(', ')}\n`);
    const { id } = JSON.parse(made.out);
    expect((await cli(['tokens', 'list'])).out).toContain(`${id}  ci`);
    expect((await cli(['tokens', 'remove', id])).code).toBe(0);
    const refused = await start(['whoami'], { BOOTWRIGHT_TOKEN_FILE: file }).ended;
    expect([refused.code, refused.err]).toEqual([5, expect.stringContaining('not known')]);
    expect((await cli(['tokens', 'create', 'x', '--role', 'viewer'])).out).toMatch(/^bw_\w{32}\n$/);
  });

  it('come from files that only their owner reads', async () => {
    const file = join(folder, 'open');
    writeFileSync(file, readFileSync(tokenFile('viewer')));
    chmodSync(file, 0o644);
    const open = await start(['whoami', '--token-file', file]).ended;
    expect([open.code, open.err]).toEqual([5, expect.stringContaining(`chmod 600 ${file}`)]);
    chmodSync(file, 0o600);
    expect((await start(['whoami', '--token-file', file]).ended).code).toBe(0);
    writeFileSync(file, 'hunter2');
    const none = await start(['whoami', '--token-file', file]).ended;
    expect([none.code, none.err.includes('hunter2')]).toEqual([5, false]);
    expect((await start(['whoami', '--token-file', join(folder, 'nothing')]).ended).code).toBe(5);
  });
});

describe('what goes wrong', () => {
  it.each([
    [['nonsense']],
    [['power', 'm1']],
    [['power', 'm1', 'toggle']],
    [['rebuild', 'm1', '--action', 'x']],
    [['runs', 'list', '--limit', '0']],
    [['tokens', 'create', 'x']],
    [['machines', 'add']],
    [['whoami', '--url', 'ftp://x']],
    [['whoami', '--url', 'nowhere']],
    [['whoami', '--url', 'http://user:pw@127.0.0.1']],
  ])('%j is wrong usage: 2', async (args) => {
    const { code, out, err } = await cli(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: /);
    expect(err).not.toContain(' at ');
  });

  it('nobody there: 4', async () => {
    const { code, err } = await start(['machines', '--url', 'http://127.0.0.1:1']).ended;
    expect([code, err]).toEqual([4, expect.stringContaining('ECONNREFUSED')]);
  });

  it('not allowed: 5, with the role it takes', async () => {
    await declare('w-one', 30);
    const { code, err } = await cli(['power', 'w-one', 'on'], 'viewer');
    expect([code, err]).toEqual([5, 'error: the-viewer is viewer and may not do this\nIt takes the role operator.\n']);
  });

  it('help and version of the words: 0', async () => {
    const { code, out } = await cli(['power', '--help']);
    expect([code, out]).toEqual([0, expect.stringContaining('soft-off')]);
  });

  it('a closed pipe ends the command quietly', async () => {
    const started = start(['machines']);
    started.child.stdout?.destroy();
    const { code, err } = await started.ended;
    expect([code, err]).toEqual([0, '']);
  });

  it('a unix socket is another way to the service', async () => {
    const socket = join(folder, 'api.sock');
    const own = await startApiService({ listen: { socket } });
    await own.listen();
    writeFileSync(tokenFile('socket'), own.tokens.viewer, { mode: 0o600 });
    const { code, out } = await start(['whoami'], {
      BOOTWRIGHT_URL: `unix:${socket}`,
      BOOTWRIGHT_TOKEN_FILE: tokenFile('socket'),
    }).ended;
    expect([code, out]).toEqual([0, `the-viewer, viewer: ${permissionsOf('viewer').join(', ')}\n`]);
    await own[Symbol.asyncDispose]();
  });
});
