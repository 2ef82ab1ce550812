import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { systemThread } from '../../../src/foundation/thread.ts';
import { systemUdp, type UdpPeer } from '../../../src/foundation/udp.ts';
import { createTftpServer } from '../../../src/netboot/tftp-server.ts';
import { startLossyRelay } from '../../support/lossy-relay.ts';
import { pattern } from '../../support/netboot-service.ts';
import { observeThreads, type RealThreads, startTftpThreads } from '../../support/tftp-threads.ts';

const SERVER = '127.66.0.1';
const FILES = new Map(
  [
    ['empty', 0],
    ['one', 1],
    ['exact', 1468 * 8],
    ['loader.efi', 60_001],
  ].map(([name, size]) => [String(name), { name: String(name), data: pattern(Number(size), Number(size) + 1) }]),
);

const stop = new AbortController();
let folder: string;
const servers: Promise<void>[] = [];
/** Addresses by how they are served: a port each, one port, and each behind a network that loses 5 %. */
const at: Record<string, UdpPeer> = {};
const relays: AsyncDisposable[] = [];
let byThreads: RealThreads | undefined;

async function serve(name: string, ways: { readonly singlePort?: boolean; readonly threads?: number }): Promise<void> {
  const threads = observeThreads(systemThread);
  const server = createTftpServer(
    {
      udp: systemUdp,
      startThread: threads.startThread,
      clock: systemClock,
      log: silentLog,
      meter: createMeter(),
      files: FILES,
      peers: { machineAt: async () => undefined, belongsTo: async () => false },
      sightings: { saw: () => undefined, settled: async () => undefined, close: async () => undefined },
    },
    { address: SERVER, port: 0, leastRetransmitMs: 20, retransmitMs: 200, ...ways },
  );
  servers.push(server.run(stop.signal));
  at[name] = await server.ready;
  if (ways.threads !== 0 && !ways.singlePort) {
    await startTftpThreads(at[name], 'loader.efi', threads);
    byThreads = threads;
  }
  const relay = await startLossyRelay(at[name], { address: '127.66.0.2', loss: 0.05, seed: 20 }, stop.signal);
  relays.push(relay);
  at[`${name}, 5 % lost`] = relay.local;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bw-tftp-'));
  await serve('a port each', { threads: 0 });
  await serve('one port', { singlePort: true });
  await serve('threads', { threads: 2 });
});
afterAll(async () => {
  for (const relay of relays) await relay[Symbol.asyncDispose]();
  stop.abort();
  await Promise.all(servers);
  rmSync(folder, { recursive: true });
});

type Outcome = { readonly code: number; readonly output: string };

function run(program: string, args: readonly string[]): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  execFile(program, args, { cwd: folder, timeout: 55_000 }, (error, stdout, stderr) => {
    const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
    resolve({ code, output: `${stdout}${stderr}` });
  });
  return promise;
}

/** Fetches into a file of the test's folder, and compares. */
async function expectSame(name: string, fetch: (local: string) => Promise<Outcome>): Promise<void> {
  const local = `got-${name}`;
  const { code, output } = await fetch(local);
  expect(code, output).toBe(0);
  expect(readFileSync(join(folder, local)).equals(FILES.get(name)?.data ?? Buffer.alloc(0)), output).toBe(true);
  rmSync(join(folder, local));
}

const NETWORKS = ['a port each', 'one port', 'threads'].flatMap((way) => [way, `${way}, 5 % lost`]);
const server = (network: string): UdpPeer => at[network] ?? { address: '', port: 0 };
const NAMES = [...FILES.keys()];

/** Every mix of the four options that a client may ask for (RFC 2348, 2349, 7440), and block and window sizes out of the way. */
const MIXES: readonly (readonly string[])[] = [
  ...['blksize 1468', 'tsize', 'windowsize 4', 'timeout 1'].reduce<readonly (readonly string[])[]>(
    (mixes, option) => mixes.flatMap((mix) => [mix, [...mix, option]]),
    [[]],
  ),
  ['blksize 128', 'tsize'],
  ['tsize', 'blksize 8192'],
  ['windowsize 16', 'blksize 1428', 'tsize'],
  ['timeout 1', 'tsize', 'blksize 1468', 'windowsize 64'],
];

describe.each(NETWORKS)('over %s', { timeout: 60_000 }, (network) => {
  const lossy = network.includes('lost');
  describe.skipIf(!existsSync('/usr/bin/atftp'))('atftp', () => {
    it.each(MIXES)('fetches with %j %j %j %j', async (...options: readonly string[]) => {
      const { address, port } = server(network);
      const flags = options.flatMap((option) => ['--option', option]);
      const fetch = async (name: string, local: string, tries: number): Promise<Outcome> => {
        const args = ['--tftp-timeout', '1', ...flags, '-g', '-r', name, '-l', local, address, String(port)];
        const outcome = await run('atftp', args);
        // atftp 0.8.0 gives up when the OACK comes again, as it must when its acknowledgement was lost or comes late.
        const own = outcome.output.includes('unexpected OACK');
        return own && tries > 1 ? fetch(name, local, tries - 1) : outcome;
      };
      // Who asks for a time-out has it, a whole second at each loss, and small blocks are many.
      const slow = lossy && options.includes('timeout 1') && !options.some((option) => option.startsWith('blksize'));
      const names = slow ? NAMES.filter((name) => name !== 'loader.efi') : NAMES;
      for (const name of names) await expectSame(name, (local) => fetch(name, local, 5));
    });
  });

  describe.skipIf(!existsSync('/usr/bin/curl'))('curl', () => {
    it.each([[], ['--tftp-no-options'], ['--tftp-blksize', '1468'], ['--tftp-blksize', '65464']])(
      'fetches with %j %j',
      async (...flags: string[]) => {
        const { address, port } = server(network);
        // curl 7.88 has no peer name to tell after an empty file with options, whoever serves it (dnsmasq, tftpd-hpa).
        // It asks for a time-out of a third of the time it has, in whole seconds, which each loss then costs.
        const names = lossy ? ['one', 'exact'] : ['one', 'exact', 'loader.efi'];
        for (const name of names)
          await expectSame(name, (local) =>
            run('curl', [
              '-sS',
              '-m',
              '5',
              '--retry',
              '8',
              '--retry-delay',
              '1',
              ...flags,
              '-o',
              local,
              `tftp://${address}:${port}/${name}`,
            ]),
          );
      },
    );
  });

  describe.skipIf(!existsSync('/usr/bin/tftp'))('tftp-hpa', () => {
    it.each(['binary', 'ascii'])('fetches in mode %s', async (mode) => {
      const { address, port } = server(network);
      for (const name of NAMES) {
        // In mode ascii the bytes are the same again once it has taken CR LF and CR NUL back.
        await expectSame(name, (local) => run('tftp', ['-m', mode, address, String(port), '-c', 'get', name, local]));
      }
    });
  });

  describe.skipIf(!existsSync('/usr/bin/busybox'))('busybox', () => {
    it.each([[], ['-b', '1468'], ['-b', '8192']])('fetches with %j %j', async (...flags: string[]) => {
      const { address, port } = server(network);
      for (const name of NAMES)
        await expectSame(name, (local) =>
          run('busybox', ['tftp', '-g', ...flags, '-r', name, '-l', local, address, String(port)]),
        );
    });
  });

  describe('the npm package tftp', () => {
    type NpmTftp = {
      createClient(options: object): { get(remote: string, local: string, done: (error: Error | null) => void): void };
    };
    const npmTftp: NpmTftp = createRequire(import.meta.url)('tftp');
    // tftp 0.1.2 hands out the blocks of a window in the order they came in (reader.js tests `_windowsSize`), so that a
    // window that is sent again spoils its file, whoever serves it.
    const mixes = lossy
      ? [{ windowSize: 1, blockSize: 1468 }]
      : [{ windowSize: 1, blockSize: 512 }, {}, { windowSize: 16, blockSize: 1468 }];
    it.each(mixes)('fetches with %o', async (options) => {
      const { address, port } = server(network);
      for (const name of ['one', 'exact', 'loader.efi']) {
        const fetch = async (local: string, tries: number): Promise<Outcome> => {
          const { promise, resolve } = Promise.withResolvers<Outcome>();
          npmTftp
            .createClient({ host: address, port, retries: 8, timeout: 1000, ...options })
            .get(name, join(folder, local), (error) => resolve({ code: error ? 1 : 0, output: String(error) }));
          const outcome = await promise;
          // It too gives up at a second OACK.
          const own = outcome.output.includes('Illegal TFTP operation');
          return own && tries > 1 ? fetch(local, tries - 1) : outcome;
        };
        await expectSame(name, (local) => fetch(local, lossy ? 5 : 1));
      }
    });
  });
});

it('had threads serve what was asked of them', () => {
  expect(byThreads?.opened).toBeGreaterThan(20);
});
