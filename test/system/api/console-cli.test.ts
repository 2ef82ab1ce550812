import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Machine } from '../../../src/domain/machine.ts';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import { type ApiService, startApiService } from '../../support/api-service.ts';
import { createConsoleBmcs } from '../../support/console-rig.ts';
import { SPEC } from '../../support/step-view.ts';

const COMMAND = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'bootwright.ts');
const folder = mkdtempSync(join(tmpdir(), 'bootwright-console-cli-'));
const hasScript = spawnSync('script', ['--version']).status === 0;
const bmcs = createConsoleBmcs();
const controllers = { open: bmcs.open, resetAuthentication: () => Promise.resolve() };

let service: ApiService;
let url: string;
let machine: Machine;
let number = 0;

beforeAll(async () => {
  service = await startApiService({ bmcs: controllers, console: { lingerMs: 20, flushMs: 10 } });
  url = await service.listen();
  for (const [role, token] of Object.entries(service.tokens)) writeFileSync(tokenFile(role), token, { mode: 0o600 });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  number++;
  const mac = `52:54:00:7a:00:${number.toString(16).padStart(2, '0')}`;
  machine = await service.store.machines.declare({ ...SPEC, name: `k${number}`, macs: [mac] }, 'api', 'test');
});

function tokenFile(role: string): string {
  return join(folder, `token-${role}`);
}

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };
type Started = { readonly child: ChildProcess; readonly ended: Promise<Ended>; out(): string; err(): string };

function run(program: string, args: readonly string[], environment: Record<string, string>): Started {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH ?? '', HOME: folder, TERM: 'xterm', SHELL: '/bin/sh', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('latin1');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('latin1');
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  return { child, ended, out: () => out, err: () => err };
}

/** The command with pipes, as in a script. */
function piped(
  args: readonly string[],
  role: TokenRole = 'operator',
  environment: Record<string, string> = {},
): Started {
  const around = { BOOTWRIGHT_URL: url, BOOTWRIGHT_TOKEN_FILE: tokenFile(role), ...environment };
  return run(process.execPath, [COMMAND, ...args], around);
}

/** The command on a terminal; keys are what is written to its standard input. */
function onTerminal(args: readonly string[], role: TokenRole = 'operator'): Started {
  const command = [process.execPath, COMMAND, ...args].join(' ');
  const around = { BOOTWRIGHT_URL: url, BOOTWRIGHT_TOKEN_FILE: tokenFile(role) };
  return run('script', ['-q', '-e', '-f', '-c', command, '/dev/null'], around);
}

async function until(what: string, holds: () => boolean, started?: Started): Promise<void> {
  const end = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not ${what}: ${started?.out()} ${started?.err()}`);
    await new Promise((wait) => setTimeout(wait, 10));
  }
}

const connected = (started: Started): Promise<void> =>
  until('connected', () => /console connected/.test(started.err() + started.out()), started);

describe('console without a terminal', () => {
  it('copies output as it is, tells the rest apart, and ends with Ctrl-C', async () => {
    const started = piped(['console', machine.spec.name]);
    await connected(started);
    bmcs.line().say('\x1b[2Jlogin: ');
    bmcs.line().emit({ kind: 'lost', why: 'overrun\x1b[2J' });
    bmcs.line().emit({ kind: 'disconnected', reason: 'stolen', why: 'somebody', retryMs: null });
    await until('told', () => started.err().includes('stolen'), started);
    started.child.kill('SIGINT');
    const { code, out, err } = await started.ended;
    expect([code, out]).toEqual([0, '\x1b[2Jlogin: ']);
    expect(err).toContain('[output is missing here: overrun\xef\xbf\xbd[2J]\n');
    expect(err).toContain('[console disconnected (stolen): somebody; ~R connects');
  });

  it('types standard input with --write, and goes on looking after its end', async () => {
    const started = piped(['console', machine.id, '--write']);
    await connected(started);
    const big = 'x'.repeat(200_000);
    started.child.stdin?.end(`root\n~.${big}`);
    await until('typed', () => bmcs.line().written.join('').length === big.length + 7);
    expect(bmcs.line().written.join('')).toBe(`root\n~.${big}`);
    bmcs.line().say('welcome');
    await until('told', () => started.out() === 'welcome', started);
    started.child.kill('SIGINT');
    expect((await started.ended).code).toBe(0);
  });

  it('begins where it is told to', async () => {
    const text = { offset: 0, at: 1, bytes: Buffer.from('0123456789'), lost: null };
    await service.store.consoleText.append([{ machineId: machine.id, chunks: [text] }]);
    const started = piped(['console', machine.spec.name, '--from', '4']);
    await until('told', () => started.out() === '456789', started);
    started.child.kill('SIGINT');
    expect((await started.ended).code).toBe(0);
  });

  it('goes on by offset over a restart of the service, and comes by a unix socket', async () => {
    const socket = join(folder, 'api:1 .sock');
    const own = await startApiService({ listen: { socket }, bmcs: controllers });
    await own.listen();
    await own.store.machines.declare({ ...SPEC, name: 'again' }, 'api', 'test');
    writeFileSync(tokenFile('own'), own.tokens.operator, { mode: 0o600 });
    const started = piped(['console', 'again'], 'operator', {
      BOOTWRIGHT_URL: `unix:${socket}`,
      BOOTWRIGHT_TOKEN_FILE: tokenFile('own'),
    });
    await connected(started);
    bmcs.line().say('before ');
    await until('told', () => started.out() === 'before ', started);
    await own.close();
    await until('gone', () => started.err().includes('trying again'), started);
    const next = await own.again({ socket });
    await until('back', () => started.err().match(/console connected/g)?.length === 2, started);
    bmcs.line().say('after');
    await until('told', () => started.out() === 'before after', started);
    started.child.kill('SIGINT');
    expect((await started.ended).code).toBe(0);
    await next.close();
    await own.store.close();
  });

  it('ends with codes that tell why', async () => {
    const codes: [string[], TokenRole, number, RegExp][] = [
      [['console', machine.spec.name], 'viewer', 5, /It takes the role operator/],
      [['console', 'nobody'], 'operator', 1, /there is no machine nobody/],
      [['console', machine.spec.name, '--from', '-1'], 'operator', 2, /number of a byte/],
      [['console', machine.spec.name, '--url', 'http://127.0.0.1:1'], 'operator', 4, /ECONNREFUSED/],
    ];
    for (const [args, role, expected, says] of codes) {
      const { code, err } = await piped(args, role).ended;
      expect([args, code]).toEqual([args, expected]);
      expect(err).toMatch(says);
    }
    const started = piped(['console', machine.spec.name]);
    await connected(started);
    await service.store.machines.remove(machine.id, 'test');
    const { code, err } = await started.ended;
    expect([code, err]).toEqual([1, expect.stringContaining('the machine was removed')]);
  });
});

describe.skipIf(!hasScript)('console on a terminal', () => {
  it('sends every key but the escapes, and leaves with ~.', async () => {
    const started = onTerminal(['console', machine.spec.name, '--write']);
    await connected(started);
    await until('ready', () => started.out().includes('~? helps'), started);
    bmcs.line().say('login: ');
    await until('told', () => started.out().includes('login: '), started);
    started.child.stdin?.write('root\r\x03~');
    await until('typed', () => bmcs.line().written.join('') === 'root\r\x03~');
    started.child.stdin?.write('\r~B~T~?');
    await until('helped', () => started.out().includes('~B  send a break'), started);
    await until('broken', () => bmcs.line().breaks === 1 && bmcs.line().steals.length === 2);
    expect([bmcs.line().written.join(''), bmcs.line().steals]).toEqual(['root\r\x03~\r', [false, true]]);
    started.child.stdin?.write('~.');
    const { code, out } = await started.ended;
    expect(code).toBe(0);
    expect(out).not.toMatch(/[^\r]\n/);
  });

  it('only looks unless told otherwise, and Ctrl-C leaves then', async () => {
    const started = onTerminal(['console', machine.spec.name]);
    await until('ready', () => started.out().includes('only looking; ~. leaves'), started);
    await connected(started);
    started.child.stdin?.write('rm\r');
    await until('told', () => started.out().includes('--write is needed'), started);
    expect(bmcs.line().written).toEqual([]);
    started.child.stdin?.write('\x03');
    expect((await started.ended).code).toBe(0);
  });
});

describe('console-log', () => {
  it('prints stored text as plain lines, of a run, or those that hold a text', async () => {
    const { consoleText, runs } = service.store;
    const chunk = (offset: number, text: string) => ({ offset, at: Date.now(), bytes: Buffer.from(text), lost: null });
    await consoleText.append([{ machineId: machine.id, chunks: [chunk(0, 'old\r\n')] }]);
    const { id } = await runs.create({
      machineId: machine.id,
      request: { kind: 'power', verb: 'on' },
      plan: [{ step: 'power', params: {}, deadlineMs: 60_000 }],
      actor: 'test',
    });
    const mark = { offset: 43, at: Date.now(), bytes: Buffer.alloc(0), lost: 'overrun' };
    await consoleText.append([
      { machineId: machine.id, chunks: [chunk(5, '\x1b[31mKernel\x1b[0m up\r\n10%\r100%\r\nlog'), mark] },
    ]);
    await consoleText.append([{ machineId: machine.id, chunks: [chunk(43, 'in: \x07')] }]);
    await runs.requestCancel(id, 'test');
    const log = async (...args: string[]) => (await piped(['console-log', machine.spec.name, ...args]).ended).out;
    expect(await log()).toBe('old\nKernel up\n100%\nlog\n[output is missing here: overrun]\nin: \xef\xbf\xbd\n');
    expect(await log('--run', id)).toMatch(/^Kernel up\n/);
    expect(await log('--search', 'KERNEL')).toMatch(/^\S+Z {2}Kernel up\n$/);
    const values = (await log('--json', '--run', id)).trimEnd().split('\n');
    expect(values.map((value) => JSON.parse(value)).at(-2)).toMatchObject({ offset: 43, lost: 'overrun', runId: id });
    expect((await piped(['console-log', 'nobody']).ended).code).toBe(1);
  });
});
