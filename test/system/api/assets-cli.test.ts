import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createParseMachineSpec } from '../../../src/config/parse-machine.ts';
import { type ApiService, startApiService, testMachine } from '../../support/api-service.ts';
import { bootJson } from '../../support/boot-json.ts';

const COMMAND = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'bootwright.ts');
const folder = mkdtempSync(join(tmpdir(), 'bootwright-assets-cli-'));
const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

let service: ApiService;
let url: string;
beforeAll(async () => {
  service = await startApiService({ assets: { graceMs: 0 } });
  url = await service.listen();
  writeFileSync(join(folder, 'token'), service.tokens.admin, { mode: 0o600 });
  await service.store.machines.declare(createParseMachineSpec({ commands: false })(testMachine('m1')), 'api', 'test');
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function run(args: readonly string[], at = url): Promise<Ended> {
  const env = { PATH: '/usr/bin:/bin', HOME: folder, BOOTWRIGHT_URL: at, BOOTWRIGHT_TOKEN_FILE: join(folder, 'token') };
  const child = spawn(process.execPath, [COMMAND, 'assets', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

/** Between command and service: cuts the first connections after so many bytes. */
async function cuttingProxy(cuts: number, afterBytes: number) {
  const { port, hostname } = new URL(url);
  const sockets = new Set<Socket>();
  let left = cuts;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    let passed = 0;
    near.on('data', (chunk) => {
      passed += chunk.length;
      far.write(chunk);
      if (passed > afterBytes && left > 0) {
        left -= 1;
        near.destroy();
        far.end();
      }
    });
    far.on('data', (chunk) => near.write(chunk));
    far.on('close', () => near.destroy());
    near.on('close', () => far.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return {
    url: `http://127.0.0.1:${address.port}`,
    cutsLeft: () => left,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('bootwright assets', () => {
  it('uploads with progress, lists, pins, and removes', { timeout: 30_000 }, async () => {
    const bytes = randomBytes(9_000_000);
    writeFileSync(join(folder, 'vmlinuz'), bytes);
    const sha256 = sha256Of(bytes);
    const uploaded = await run(['upload', join(folder, 'vmlinuz'), '--name', 'm1/kernel']);
    expect(uploaded).toMatchObject({ code: 0, out: `${sha256}  m1/kernel\n` });
    expect(uploaded.err).toContain('100 % of 9000000 bytes');
    expect((await run(['upload', join(folder, 'vmlinuz')])).out, 'known already').toBe(
      `${sha256}  m1/kernel, vmlinuz\n`,
    );
    expect((await run(['pin', sha256])).out).toBe(`asset ${sha256} pinned\n`);
    expect((await run(['list'])).out).toMatch(new RegExp(`${sha256}  9000000  m1/kernel, vmlinuz  pinned`));
    expect(await run(['remove', sha256])).toMatchObject({ code: 1, err: expect.stringContaining('is needed: pinned') });
    expect((await run(['unpin', sha256])).code).toBe(0);
    expect((await run(['gc'])).out).toContain(`removed ${sha256}`);
    expect(await run(['list', '--json'])).toMatchObject({ code: 0, out: '[]\n' });
  });

  it('goes on by itself when the connection is lost', { timeout: 30_000 }, async () => {
    const bytes = randomBytes(10_000_000);
    writeFileSync(join(folder, 'initrd'), bytes);
    await using proxy = await cuttingProxy(2, 3_000_000);
    const uploaded = await run(['upload', join(folder, 'initrd')], proxy.url);
    expect(uploaded).toMatchObject({ code: 0, out: `${sha256Of(bytes)}  initrd\n` });
    expect(proxy.cutsLeft()).toBe(0);
    expect(uploaded.err).toContain('trying again');
  });

  it('imports a system of a folder, and nothing that lies elsewhere', { timeout: 30_000 }, async () => {
    const system = join(folder, 'system');
    mkdirSync(system);
    const files = { kernel: join(system, 'bzImage'), initrd: join(system, 'initrd') };
    writeFileSync(files.kernel, randomBytes(1000));
    writeFileSync(files.initrd, randomBytes(2000));
    writeFileSync(join(system, 'boot.json'), bootJson({ toplevel: system, ...files }));
    expect(await run(['import', 'm1', '--folder', system])).toMatchObject({
      code: 0,
      out: `${system} can be netbooted\n`,
    });
    expect((await run(['list'])).out).toContain('m1/initrd');
    rmSync(files.initrd);
    symlinkSync(join(folder, 'token'), files.initrd);
    expect(await run(['import', 'm1', '--folder', system])).toMatchObject({
      code: 1,
      err: expect.stringContaining('is neither in the Nix store nor below'),
    });
  });

  it.each([
    ['a file that is not there', ['upload', '/nowhere'], 2, 'cannot be read'],
    ['a folder', ['upload', '/tmp'], 2, 'is not a file'],
    ['an empty file', ['upload', '/dev/null'], 2, 'is not a file'],
    ['what is no SHA-256', ['remove', '../x'], 2, 'is not a SHA-256'],
    ['a machine that is not there', ['import', 'nobody'], 1, 'nobody'],
    ['a machine that does not answer', ['import', 'm1'], 1, 'nobody answers'],
  ])('says what is wrong with %s', async (_what, args, code, text) => {
    expect(await run(args)).toMatchObject({ code, err: expect.stringContaining(text) });
  });
});
