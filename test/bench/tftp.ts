import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { systemUdp } from '../../src/foundation/udp.ts';
import { decodeTftpPacket, describeTftpPacket, encodeTftpPacket } from '../../src/protocols/tftp/packet.ts';
import { ensurePrograms } from '../tools/debian-packages.ts';
import { less, median, more, type Part, type Row } from './measure.ts';
import type { FetchReport } from './tftp-fetch.ts';

const BYTES = 20_000_000;
const BLKSIZE = 1468;
const BLOCKS = Math.floor(BYTES / BLKSIZE) + 1;
const ROUNDS = 3;
const CLIENTS = [1, 16];
const WINDOWSIZES = [1, 4, 16];
const NAME = 'big.bin';
const PROGRAMS = {
  '/usr/bin/atftp': 'atftp',
  '/usr/sbin/dnsmasq': 'dnsmasq-base',
  '/usr/sbin/in.tftpd': 'tftpd-hpa',
  '/usr/bin/ss': 'iproute2',
};

type Server = { readonly name: string; readonly address: string; readonly child: ChildProcess };
/** One round of one server: megabytes a second, and the processor time of the server for a block, microseconds. */
type Timed = { readonly rate: number; readonly blockUs: number; readonly clientProcessors: number };

/**
 * The same file from our server, dnsmasq and tftpd-hpa, each a process of its own, over loopback, by atftp: a client in C that
 * is the same for all and negotiates every option. Servers take turns round by round, so that what else runs on the machine
 * meets all of them. A peer that does not know an option serves without it, as it would in a rack.
 */
export const tftpPart: Part = {
  name: 'tftp',
  about: '20 MB by TFTP, 1 and 16 clients, windowsize 1, 4 and 16, beside dnsmasq and tftpd-hpa',
  async measure(say) {
    const missing = ensurePrograms(PROGRAMS);
    if (missing.length > 0) throw new Error(`needs ${missing.join(', ')}`);
    if (process.getuid?.() !== 0) throw new Error('the peers need root for port 69');
    const folder = mkdtempSync(join(tmpdir(), 'bootwright-tftp-'));
    const served = join(folder, 'served');
    mkdirSync(served);
    for (const each of [folder, served]) chmodSync(each, 0o755);
    writeFileSync(join(served, NAME), Buffer.alloc(BYTES, 'no block is like the one before it; '));
    const servers = await startServers(served);
    try {
      for (const server of servers) {
        say(`${server.name} negotiates ${await negotiated(server)}`);
        // Services run for months: nobody is measured while it warms up.
        await fetchAll(server, { folder, windowsize: 1, clients: 4 });
      }
      const rows: Row[] = [];
      for (const windowsize of WINDOWSIZES)
        for (const clients of CLIENTS) rows.push(...(await compare(servers, { folder, windowsize, clients }, say)));
      return rows;
    } finally {
      await Promise.all(servers.map(({ child }) => stopped(child)));
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Order = { readonly folder: string; readonly windowsize: number; readonly clients: number };

async function compare(servers: readonly Server[], order: Order, say: (line: string) => void): Promise<Row[]> {
  const timed = new Map<Server, Timed[]>(servers.map((server) => [server, []]));
  for (let round = 0; round < ROUNDS; round++) {
    // Another one begins each round.
    for (let turn = 0; turn < servers.length; turn++) {
      const server = servers[(round + turn) % servers.length];
      if (server !== undefined) timed.get(server)?.push(await fetchAll(server, order));
    }
  }
  const of = (server: Server, what: (one: Timed) => number): number => median((timed.get(server) ?? []).map(what));
  const [ours, ...peers] = servers;
  if (ours === undefined) return [];
  const work = `windowsize ${order.windowsize}, ${order.clients} client${order.clients === 1 ? '' : 's'}`;
  say(`${work}: ${servers.map((server) => describe(server, (what) => of(server, what))).join('; ')}`);
  return peers.flatMap((peer) => {
    const rates = more(
      work,
      'MB/s',
      of(ours, (one) => one.rate),
      peer.name,
      of(peer, (one) => one.rate),
    );
    const [own, other] = [of(ours, (one) => one.blockUs), of(peer, (one) => one.blockUs)];
    // tftpd-hpa serves each client in a process that it never waits for, so their time is counted nowhere.
    return other === 0 ? [rates] : [rates, less(`${work}: server's CPU`, 'µs/block', own, peer.name, other)];
  });
}

/** How many processors the clients kept busy: what is left of the machine, the server could have had. */
function describe(server: Server, of: (what: (one: Timed) => number) => number): string {
  const [rate, busy] = [of((one) => one.rate), of((one) => one.clientProcessors)];
  return `${server.name} ${rate.toFixed(0)} MB/s (clients: ${busy.toFixed(2)} of ${availableParallelism()} processors)`;
}

async function fetchAll(server: Server, { folder, windowsize, clients }: Order): Promise<Timed> {
  const before = cpuSeconds(server.child.pid);
  const report = await runFetch(server.address, windowsize, clients, folder);
  const used = cpuSeconds(server.child.pid) - before;
  if (report.failure !== undefined) throw new Error(`${server.name}: ${report.failure}`);
  for (let n = 0; n < clients; n++) {
    const local = join(folder, `got-${n}`);
    if (statSync(local).size !== BYTES) throw new Error(`${server.name}: ${local} is not whole`);
    rmSync(local);
  }
  return {
    rate: (clients * BYTES) / 1e6 / report.seconds,
    blockUs: (used * 1e6) / (clients * BLOCKS),
    clientProcessors: report.clientSeconds / report.seconds,
  };
}

async function runFetch(address: string, windowsize: number, clients: number, folder: string): Promise<FetchReport> {
  const script = join(import.meta.dirname, 'tftp-fetch.ts');
  const args = [script, clients, address, windowsize, BLKSIZE, NAME, folder].map(String);
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await text(child.stdout));
}

async function startServers(served: string): Promise<readonly Server[]> {
  const start = (name: string, address: string, command: string, ...args: readonly string[]): Server => {
    return { name, address, child: spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }) };
  };
  const script = join(import.meta.dirname, 'tftp-server.ts');
  const [own, masq, hpa] = ['127.69.0.1', '127.69.0.2', '127.69.0.3'];
  const ours = start('bootwright', own, process.execPath, script, own, '69', join(served, NAME));
  const dnsmasq = ['-k', '-C', '/dev/null', '-p', '0', '-a', masq, '--bind-interfaces', '--user=root', '--pid-file'];
  const servers = [
    ours,
    start('dnsmasq', masq, 'dnsmasq', ...dnsmasq, '--enable-tftp', `--tftp-root=${served}`),
    start('tftpd-hpa', hpa, 'in.tftpd', '-L', '--address', `${hpa}:69`, '-u', 'root', '-s', served),
  ];
  for (const server of servers) await listens(server);
  return servers;
}

/** Waits until the server's port is bound. */
async function listens({ name, address, child }: Server): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const bound =
      spawnSync('ss', ['-Hlun', 'src', `${address}:69`])
        .stdout.toString()
        .trim() !== '';
    if (bound) return;
    if (child.exitCode !== null) break;
    await delay(50);
  }
  throw new Error(`${name} does not listen on ${address}:69`);
}

/** What a server acknowledges of what is asked for. */
async function negotiated({ name, address }: Server): Promise<string> {
  const options = [
    { name: 'blksize', value: String(BLKSIZE) },
    { name: 'windowsize', value: '16' },
  ];
  const signal = AbortSignal.timeout(5000);
  const { promise, resolve } = Promise.withResolvers<string>();
  await using socket = await systemUdp.bind(
    { address: '127.69.0.9', port: 0 },
    (data, from) => {
      resolve(describeTftpPacket(decodeTftpPacket(data)));
      socket.send(encodeTftpPacket({ kind: 'error', code: 0, message: '' }), from).catch(() => undefined);
    },
    signal,
  );
  signal.addEventListener('abort', () => resolve(`nothing: ${name} is silent`), { once: true });
  await socket.send(encodeTftpPacket({ kind: 'rrq', filename: NAME, mode: 'octet', options }), { address, port: 69 });
  return await promise;
}

/** Processor time of a process and of its children that have ended, seconds. */
function cpuSeconds(pid = 0): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) / 100;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill();
  await closed;
}
