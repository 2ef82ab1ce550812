import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpBoot, type TestHttpBoot } from '../../support/http-boot-service.ts';
import { pattern } from '../../support/netboot-service.ts';

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const kernel = pattern(300_007, 1);
const initrd = pattern(20_000_003, 2);
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

describe.skipIf(!has('curl'))('curl', () => {
  let boot: TestHttpBoot;
  let folder: string;
  let urls: { readonly kernel: string; readonly initrd: string };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bw-curl-'));
    boot = await startHttpBoot({
      net: 91,
      machines: 3,
      files: { kernel, initrd },
      loaders: { 'ipxe.efi': pattern(70_001, 3) },
      http: { maximumTransfers: 1, https: { port: 0, offer: 'never', folder } },
    });
    const base = `${boot.bound.baseUrlAt(boot.bound.address)}/boot/${boot.arm(1)}`;
    urls = { kernel: `${base}/kernel`, initrd: `${base}/initrd/0` };
  });
  afterAll(async () => {
    await boot[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function curlAs(n: number, ...args: readonly string[]) {
    const from = boot.machines[n - 1]?.spec.address ?? '';
    const child = spawn('curl', ['-sS', '--interface', from, '--max-time', '30', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await exited, out, err };
  }
  const curl = (...args: readonly string[]) => curlAs(1, ...args);
  const header = (answer: string, name: string) => new RegExp(`^${name}: (.*)\r$`, 'im').exec(answer)?.[1];
  const target = (): string => join(folder, 'got');

  it('gets a file whole, and the length and tag that HEAD told', async () => {
    const head = (await curl('-I', urls.initrd)).out;
    expect(header(head, 'Content-Length')).toBe(String(initrd.length));
    const got = await curl('-D', '-', '-o', target(), urls.initrd);
    expect(header(got.out, 'ETag')).toBe(header(head, 'ETag'));
    expect(header(got.out, 'Transfer-Encoding')).toBeUndefined();
    expect(header(got.out, 'ETag')).toBe(`"${sha256(initrd)}"`);
    expect(sha256(readFileSync(target()))).toBe(sha256(initrd));
  });

  it('uses one connection for HEAD and GET', async () => {
    const { err } = await curl(
      '-v',
      '-I',
      urls.kernel,
      '--next',
      '-sS',
      '-v',
      '--interface',
      '127.91.1.1',
      '-o',
      target(),
      urls.kernel,
    );
    expect(err).toMatch(/Re-using existing connection/i);
    expect(readFileSync(target()).equals(kernel)).toBe(true);
  });

  it('resumes a download, from the start when the file is another now', async () => {
    writeFileSync(target(), kernel.subarray(0, 100_000));
    const resumed = await curl('-C', '-', '-o', target(), '-w', '%{http_code} %{size_download}', urls.kernel);
    expect(resumed.out).toBe('206 200007');
    expect(readFileSync(target()).equals(kernel)).toBe(true);
    const changed = await curl(
      '-r',
      '5-9',
      '-H',
      'If-Range: "other"',
      '-o',
      target(),
      '-w',
      '%{http_code} %{size_download}',
      urls.kernel,
    );
    expect(changed.out).toBe('200 300007');
  });

  it.each([
    ['0-99', '206 100', (all: Buffer) => all.subarray(0, 100)],
    ['-100', '206 100', (all: Buffer) => all.subarray(-100)],
    ['300000-', '206 7', (all: Buffer) => all.subarray(300_000)],
    ['300007-', '416 0', () => Buffer.alloc(0)],
    ['0-1,5-6', '200 300007', (all: Buffer) => all],
  ] as const)('gets range %s', async (range, told, part) => {
    rmSync(target(), { force: true });
    writeFileSync(target(), '');
    const got = await curl('-r', range, '-o', target(), '-w', '%{http_code} %{size_download}', urls.kernel);
    expect(got.out).toBe(told);
    expect(readFileSync(target()).equals(part(kernel))).toBe(true);
  });

  it('is told that nothing changed', async () => {
    const got = await curl(
      '-H',
      `If-None-Match: "${sha256(kernel)}"`,
      '-w',
      '%{http_code} %{size_download}',
      urls.kernel,
    );
    expect(got.out).toBe('304 0');
  });

  it('speaks HTTP/1.0 and gets types that firmware knows', async () => {
    const loader = `${boot.bound.baseUrlAt(boot.bound.address)}/loaders/ipxe.efi`;
    const got = await curl('--http1.0', '-o', target(), '-w', '%{http_code} %{content_type} %{size_download}', loader);
    expect(got.out).toBe('200 application/efi 70001');
  });

  it('gets nothing of another machine, and nothing with other methods', async () => {
    expect((await curlAs(2, '-o', target(), '-w', '%{http_code}', urls.kernel)).out).toBe('403');
    expect((await curl('-X', 'DELETE', '-w', '%{http_code}', '-o', target(), urls.kernel)).out).toBe('405');
    expect((await curl('-d', 'x', '-w', '%{http_code}', '-o', target(), urls.kernel)).out).toBe('413');
  });

  it('waits as Retry-After says while another machine fetches, and gets its file then', async () => {
    const slow = curl('--limit-rate', '8M', '-o', join(folder, 'slow'), urls.initrd);
    await expect.poll(() => boot.meter.value('netboot_http_admissions', { outcome: 'at-once' })).toBeGreaterThan(0);
    const other = `${boot.bound.baseUrlAt(boot.bound.address)}/boot/${boot.arm(2)}/kernel`;
    const refused = await curlAs(2, '-D', '-', '-o', target(), other);
    expect(refused.out).toMatch(/^HTTP\/1.1 503 /);
    expect(Number(header(refused.out, 'Retry-After'))).toBeGreaterThanOrEqual(1);
    const got = await curlAs(2, '--retry', '9', '-o', target(), '-w', '%{http_code}', other);
    expect(got.out).toBe('200');
    expect(readFileSync(target()).equals(kernel)).toBe(true);
    expect((await slow).code).toBe(0);
  }, 40_000);

  it('trusts our HTTPS by the certificate it fetches over HTTP, also as older iPXE speaks it', async () => {
    const ca = join(folder, 'ca.crt');
    await curl('-o', ca, `${boot.bound.baseUrlAt(boot.bound.address)}/ca.crt`);
    const secure = urls.kernel.replace(/^http:\/\/[^/]+/, `https://${boot.bound.address}:${boot.bound.httpsPort}`);
    // Machine 2 keeps its place for a moment.
    expect((await curl('--retry', '9', '--cacert', ca, '-o', target(), '-w', '%{http_code}', secure)).out).toBe('200');
    expect(readFileSync(target()).equals(kernel)).toBe(true);
    const old = ['--tls-max', '1.2', '--ciphers', 'AES128-SHA256'];
    expect((await curl('--cacert', ca, ...old, '-o', target(), '-w', '%{http_code}', secure)).out).toBe('200');
    expect((await curl('-o', target(), secure)).code).toBe(60);
  });

  it.skipIf(!has('openssl'))('and openssl finds nothing wrong with the certificates', async () => {
    const ca = join(folder, 'boot-ca.crt');
    const shown = spawnSync('openssl', ['x509', '-in', ca, '-noout', '-text'], { encoding: 'utf8' }).stdout;
    expect(shown).toMatch(/CA:TRUE, pathlen:0/);
    expect(shown).toMatch(/sha256WithRSAEncryption/);
    const child = spawn(
      'openssl',
      [
        's_client',
        '-connect',
        `${boot.bound.address}:${boot.bound.httpsPort}`,
        '-CAfile',
        ca,
        '-verify_ip',
        boot.bound.address,
        '-x509_strict',
      ],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    child.stdin.end();
    expect(await text(child.stdout)).toMatch(/Verify return code: 0 \(ok\)/);
  });
});
