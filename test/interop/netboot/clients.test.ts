import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loopbackCorner, startNetboot, type TestNetboot } from '../../support/netboot-service.ts';

const corner = loopbackCorner(65);
let netboot: TestNetboot;
let folder: string;
beforeAll(async () => {
  netboot = await startNetboot({ corner, mode: 'full' });
  folder = mkdtempSync(join(tmpdir(), 'bw-clients-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await netboot[Symbol.asyncDispose]();
});

type Outcome = { readonly code: number; readonly output: string };

function run(program: string, args: readonly string[], cwd = folder): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  execFile(program, args, { cwd, timeout: 15_000 }, (error, stdout, stderr) => {
    const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
    resolve({ code, output: `${stdout}${stderr}` });
  });
  return promise;
}

const sameFile = (local: string, served: string): boolean =>
  readFileSync(join(folder, local)).equals(readFileSync(join(netboot.folder, served)));
const LOADERS = ['undionly.kpxe', 'ipxe.efi', 'snponly.efi'];

describe.skipIf(!existsSync('/usr/bin/tftp'))('tftp-hpa', () => {
  const tftp = (...commands: readonly string[]) =>
    run('tftp', ['-m', 'binary', corner.server, String(netboot.bound.tftp.port), '-c', ...commands]);
  it.each(LOADERS)('fetches %s', async (name) => {
    expect((await tftp('get', name, 'hpa')).output).toBe('');
    expect(sameFile('hpa', name)).toBe(true);
  });
  it('is told why not', async () => {
    expect((await tftp('get', '../../etc/passwd', 'hpa-none')).output).toMatch(/Error code 2: that name leaves/);
    expect((await tftp('get', 'none', 'hpa-none')).output).toMatch(/Error code 1: no such file/);
    expect((await tftp('put', 'hpa', 'new')).output).toMatch(/Error code 2: files can only be read/);
  });
});

describe.skipIf(!existsSync('/usr/bin/atftp'))('atftp', () => {
  const atftp = (name: string, ...options: readonly string[]) =>
    run('atftp', [
      ...options.flatMap((option) => ['--option', option]),
      '-g',
      '-r',
      name,
      '-l',
      'atftp',
      corner.server,
      String(netboot.bound.tftp.port),
    ]);
  it.each([
    [],
    ['blksize 1468'],
    ['blksize 8192'],
    ['tsize enable', 'blksize 1024'],
    ['windowsize 4'],
    ['windowsize 16', 'blksize 1468'],
    ['timeout 2', 'tsize enable', 'blksize 1468', 'windowsize 64'],
  ])('fetches with %j %j %j %j', async (...options: string[]) => {
    const { code, output } = await atftp('ipxe.efi', ...options);
    expect(code, output).toBe(0);
    expect(sameFile('atftp', 'ipxe.efi')).toBe(true);
    rmSync(join(folder, 'atftp'));
  });
  it('is told why not', async () => {
    expect((await atftp('../../etc/passwd')).output).toMatch(/that name leaves the served files/);
  });
});

describe('the npm package tftp', () => {
  type NpmTftp = {
    createClient(options: object): { get(remote: string, local: string, done: (error: Error | null) => void): void };
  };
  const npmTftp: NpmTftp = createRequire(import.meta.url)('tftp');
  const get = (remote: string, options: object): Promise<Error | null> => {
    const { promise, resolve } = Promise.withResolvers<Error | null>();
    npmTftp
      .createClient({ host: corner.server, port: netboot.bound.tftp.port, retries: 2, ...options })
      .get(remote, join(folder, 'npm'), resolve);
    return promise;
  };
  it.each([{}, { windowSize: 1, blockSize: 512 }, { windowSize: 16, blockSize: 1468 }])(
    'fetches with %o',
    async (options) => {
      for (const name of LOADERS) {
        expect(await get(name, options)).toBeFalsy();
        expect(sameFile('npm', name)).toBe(true);
      }
    },
  );
  it('is told why not', async () => {
    expect(String(await get('none', {}))).toMatch(/no such file/i);
  });
});

describe.skipIf(!existsSync('/usr/bin/curl'))('curl', () => {
  const curl = (...args: readonly string[]) => run('curl', ['-sS', '--interface', corner.machine(1), ...args]);
  const url = (path: string): string => `http://${corner.server}:${netboot.bound.http.port}${path}`;
  const kernelUrl = (): string => url(`/boot/${netboot.arm(1).token}/kernel`);

  it('fetches every file of an attempt', async () => {
    const { token } = netboot.arm(1);
    for (const [path, name] of [
      ['kernel', 'vmlinuz'],
      ['initrd/0', 'initrd.img'],
      ['initrd/1', 'extra.img'],
    ] as const) {
      expect((await curl('-f', '-o', 'curl', url(`/boot/${token}/${path}`))).code).toBe(0);
      expect(sameFile('curl', name)).toBe(true);
    }
    expect((await curl('-f', url(`/boot/${token}/script.ipxe`))).output).toMatch(/^#!ipxe\n/);
  });
  it('resumes, asks for ranges, and asks for the head', async () => {
    const at = kernelUrl();
    await curl('-o', 'resumed', '-r', '0-99999', at);
    expect((await curl('-f', '-C', '-', '-o', 'resumed', at)).code).toBe(0);
    expect(sameFile('resumed', 'vmlinuz')).toBe(true);
    expect((await curl('-I', at)).output).toMatch(/200 OK[\s\S]*Content-Length: 300007/i);
    const sha256 = createHash('sha256')
      .update(netboot.assets.vmlinuz ?? '')
      .digest('hex');
    expect((await curl('-I', '-H', `If-None-Match: "${sha256}"`, at)).output).toMatch(/304 Not Modified/);
  });
  it('speaks HTTP/1.0', async () => {
    expect((await curl('-0', '-f', '-o', 'old', kernelUrl())).code).toBe(0);
    expect(sameFile('old', 'vmlinuz')).toBe(true);
  });
  it('fetches eight times at once, from memory', async () => {
    const at = kernelUrl();
    const done = await Promise.all(Array.from({ length: 8 }, (_, n) => curl('-f', '-o', `parallel-${n}`, at)));
    expect(done.map(({ code }) => code)).toEqual(Array(8).fill(0));
    for (let n = 0; n < 8; n++) expect(sameFile(`parallel-${n}`, 'vmlinuz')).toBe(true);
  });
  it('is told why not, also where its path leaves', async () => {
    const none = await curl('--path-as-is', url('/loaders/../../../../etc/passwd'));
    expect(none.output).toBe('there is nothing by that name\n');
  });
  it('goes away in the middle, and the next one is served', async () => {
    await curl('-o', 'slow', '--limit-rate', '1k', '--max-time', '0.3', url(`/boot/${netboot.arm(1).token}/initrd/0`));
    expect((await curl('-f', '-o', 'next', kernelUrl())).code).toBe(0);
  });
});
