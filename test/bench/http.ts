import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { HTTP_CLIENTS, HTTP_FILE_BYTES, HTTP_NET, type HttpClientOrder, type HttpClientReport } from './http-work.ts';
import { less, median, more, type Part, quantile } from './measure.ts';
import { nginxCommand } from './nginx.ts';

const ROUNDS = 9;
const WARM_UPS = 10;
/** Bursts of scripts a round. */
const BURSTS = 3;
const FETCHERS = 8;
const NGINX = { address: `127.${HTTP_NET}.0.3`, port: 9680 };

/**
 * A 60 MB initrd for 8 machines at once, and the script of 100 at once: our server, with its tokens, addresses and sightings, beside
 * nginx with sendfile, each a process with the same client process, round by round in turns. nginx serves plain files: it decides
 * nothing, and its script is a file of the same size.
 */
export const httpPart: Part = {
  name: 'http',
  about: `60 MB to ${FETCHERS} clients, and first bytes of a script to ${HTTP_CLIENTS}, beside nginx`,
  async measure(say) {
    const folder = mkdtempSync(join(tmpdir(), 'bw-bench-http-'));
    try {
      await using ours = await startOurs();
      const script = 'x'.repeat(1024);
      writeFileSync(join(folder, 'initrd'), randomBytes(HTTP_FILE_BYTES));
      writeFileSync(join(folder, 'script'), script);
      await using _nginx = await startNginx(folder);
      const from = (index: number): string => `127.${HTTP_NET}.1.${index + 1}`;
      const paths = (count: number, path: (index: number) => string) =>
        Array.from({ length: count }, (_, index) => ({ from: from(index), path: path(index) }));
      const initrds = paths(FETCHERS, (index) => `/boot/${ours.tokens[index]}/initrd/0`);
      const scripts = paths(HTTP_CLIENTS, (index) => `/boot/${ours.tokens[index]}/script.ipxe`);
      const work = {
        ours: { ...ours, initrds, scripts },
        nginx: { ...NGINX, initrds: paths(FETCHERS, () => '/initrd'), scripts: paths(HTTP_CLIENTS, () => '/script') },
      };
      const mbs: Record<'ours' | 'nginx', number[]> = { ours: [], nginx: [] };
      const cpus: Record<'ours' | 'nginx', number[]> = { ours: [], nginx: [] };
      /** Quantiles of each burst; of these the median counts, so that a burst which another program disturbed does not. */
      const firsts: Record<'ours' | 'nginx', { p50: number; p99: number }[]> = { ours: [], nginx: [] };
      // The first round fills both page cache and our memory, and some scripts before have our code compiled as it is after the
      // first boots of a day; neither counts.
      for (const { address, port, scripts } of Object.values(work))
        for (let n = 0; n < WARM_UPS; n++) await runClient({ address, port, requests: scripts, bytes: 0 });
      for (let round = 0; round <= ROUNDS; round++) {
        for (const who of round % 2 === 0 ? (['ours', 'nginx'] as const) : (['nginx', 'ours'] as const)) {
          const { address, port, initrds, scripts } = work[who];
          const big = await runClient({ address, port, requests: initrds, bytes: HTTP_FILE_BYTES });
          if (round === 0) continue;
          mbs[who].push(big.bytes / 1000 / big.totalMs);
          cpus[who].push(big.cpu);
          for (let burst = 0; burst < BURSTS; burst++) {
            const { firstByteMs } = await runClient({ address, port, requests: scripts, bytes: 0 });
            firsts[who].push({ p50: quantile(firstByteMs, 0.5), p99: quantile(firstByteMs, 0.99) });
          }
        }
        if (round > 0)
          say(`round ${round}: ours ${mbs.ours.at(-1)?.toFixed(0)} MB/s, nginx ${mbs.nginx.at(-1)?.toFixed(0)} MB/s`);
      }
      const share = (who: 'ours' | 'nginx'): string => `${who} ${(median(cpus[who]) * 100).toFixed(0)} %`;
      say(`of one processor the client itself took: ${share('ours')}, ${share('nginx')}`);
      const name = `60 MB, ${FETCHERS} clients`;
      return [
        more(name, 'MB/s', median(mbs.ours), 'nginx', median(mbs.nginx)),
        ...(['p50', 'p99'] as const).map((share) => {
          const [own, peer] = [firsts.ours, firsts.nginx].map((bursts) => median(bursts.map((burst) => burst[share])));
          const work = `script, ${HTTP_CLIENTS} clients, first byte ${share}`;
          return less(work, 'ms', own ?? Number.NaN, 'nginx', peer ?? Number.NaN);
        }),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Ours = { readonly address: string; readonly port: number; readonly tokens: readonly string[] };

async function startOurs(): Promise<AsyncDisposable & Ours> {
  const script = join(import.meta.dirname, 'http-server.ts');
  const child = spawn(process.execPath, ['--max-semi-space-size=4', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('READY ')) continue;
    const ours = JSON.parse(line.slice('READY '.length)) as Ours;
    return {
      ...ours,
      async [Symbol.asyncDispose]() {
        child.stdin.end();
        await exited;
      },
    };
  }
  throw new Error('our boot server did not start');
}

async function startNginx(folder: string): Promise<AsyncDisposable> {
  if (spawnSync('nginx', ['-v']).error !== undefined) throw new Error('nginx is not there: install nginx-light');
  const [, ...args] = nginxCommand(folder, NGINX);
  const child = spawn('nginx', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await answering(child);
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function answering(child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect({ host: NGINX.address, port: NGINX.port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    const there = await promise;
    socket.destroy();
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function runClient(order: HttpClientOrder): Promise<HttpClientReport> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'http-client.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(order));
  const report = (await json(child.stdout)) as HttpClientReport;
  if (report.firstByteMs.length !== order.requests.length) throw new Error('not every request was answered');
  return report;
}
