import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ensurePrograms } from '../tools/debian-packages.ts';
import { median, type Part, type Row } from './measure.ts';
import type { FetchReport } from './tftp-fetch.ts';
import { fetchLoader } from './tftp-loader.ts';
import { BLKSIZE, cpuSeconds, negotiated, pin, type Server, startServers, stopped } from './tftp-peers.ts';

const FILES = { 'big.bin': 20_000_000, 'many.bin': 5_000_000, 'loader.efi': 200_000 };
type Name = keyof typeof FILES;
const ROUNDS = 7;
const LOADER_ROUNDS = 25;
const WINDOWSIZES = [1, 4, 16];
const PROGRAMS = {
  '/usr/bin/atftp': 'atftp',
  '/usr/sbin/dnsmasq': 'dnsmasq-base',
  '/usr/sbin/in.tftpd': 'tftpd-hpa',
  '/usr/bin/ss': 'iproute2',
  '/usr/bin/taskset': 'util-linux',
};

/** Which processors server and clients may use, as taskset has it. */
type Placing = { readonly about: string; readonly server: string; readonly clients: string };
type Order = {
  readonly folder: string;
  readonly name: Name;
  readonly windowsize: number;
  readonly clients: number;
  readonly placing: Placing;
};
/** One round of one server: megabytes a second, and the processor time of the server for a block, microseconds. */
type Timed = { readonly rate: number; readonly blockUs: number; readonly clientProcessors: number };

/**
 * The same file from our server, dnsmasq and tftpd-hpa, each a process of its own, over loopback, by atftp: a client in C that
 * is the same for all and negotiates every option. Servers take turns round by round, so that what else runs on the machine
 * meets all of them, and a ratio is the median of those within a round. A peer that does not know an option serves without
 * it, as it would in a rack.
 *
 * One client waits for one server and the other way round, so its rate is decided by whether the scheduler happens to put
 * both on one processor (a switch between them) or not (a sleeping processor is woken twice a block), which makes up to four
 * times the difference. Both are measured, for everybody alike.
 */
export const tftpPart: Part = {
  name: 'tftp',
  about: 'files by TFTP, 1 and 16 clients, windowsize 1, 4 and 16, and a loader, beside dnsmasq and tftpd-hpa',
  async measure(say) {
    const missing = ensurePrograms(PROGRAMS);
    if (missing.length > 0) throw new Error(`needs ${missing.join(', ')}`);
    if (process.getuid?.() !== 0) throw new Error('the peers need root for port 69');
    const folder = mkdtempSync(join(tmpdir(), 'bootwright-tftp-'));
    const served = join(folder, 'served');
    mkdirSync(served);
    for (const each of [folder, served]) chmodSync(each, 0o755);
    for (const [name, bytes] of Object.entries(FILES))
      writeFileSync(join(served, name), Buffer.alloc(bytes, 'no block is like the one before it; '));
    const placings = placingsHere();
    const servers = await startServers(served);
    try {
      for (const server of servers) {
        say(`${server.name} negotiates ${await negotiated(server, 'big.bin')}`);
        // Services run for months: nobody is measured while it warms up.
        for (let n = 0; n < 2; n++)
          await fetchAll(server, { folder, name: 'many.bin', windowsize: 1, clients: 4, placing: placings.free });
      }
      const rows: Row[] = [];
      for (const windowsize of WINDOWSIZES) {
        for (const placing of placings.single)
          rows.push(...(await compare(servers, { folder, name: 'big.bin', windowsize, clients: 1, placing }, say)));
        const many = { folder, name: 'many.bin', windowsize, clients: 16, placing: placings.free } as const;
        rows.push(...(await compare(servers, many, say)));
      }
      for (const windowsize of [1, 4])
        for (const placing of placings.single) rows.push(...(await compareLoader(servers, windowsize, placing)));
      return rows;
    } finally {
      pin(process.pid, placings.free.clients);
      await Promise.all(servers.map(({ child }) => stopped(child)));
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function placingsHere(): { readonly free: Placing; readonly single: readonly Placing[] } {
  const processors = availableParallelism();
  const all = `0-${processors - 1}`;
  const together = { about: ', on one processor', server: '0', clients: '0' };
  const apart = { about: ', on two processors', server: '0', clients: '1' };
  return {
    free: { about: '', server: all, clients: all },
    single: processors > 1 ? [together, apart] : [together],
  };
}

async function compare(servers: readonly Server[], order: Order, say: (line: string) => void): Promise<Row[]> {
  const timed = new Map<Server, Timed[]>(servers.map((server) => [server, []]));
  for (const { child } of servers) pin(child.pid, order.placing.server);
  await inTurns(servers, ROUNDS, async (server) => {
    timed.get(server)?.push(await fetchAll(server, order));
  });
  const all = (server: Server, what: (one: Timed) => number): number[] => (timed.get(server) ?? []).map(what);
  const [ours, ...peers] = servers;
  if (ours === undefined) return [];
  const work = `windowsize ${order.windowsize}, ${order.clients} client${order.clients === 1 ? '' : 's'}${order.placing.about}`;
  say(`${work}: ${servers.map((server) => describe(server, (what) => median(all(server, what)))).join('; ')}`);
  return peers.flatMap((peer) => {
    const rates = paired(work, 'MB/s', peer.name, all(ours, rateOf), all(peer, rateOf), 'more');
    const cpu = `${work}: server's CPU`;
    // tftpd-hpa serves each client in a process that it never waits for, so their time is counted nowhere.
    if (median(all(peer, blockUsOf)) === 0) return [rates];
    return [rates, paired(cpu, 'µs/block', peer.name, all(ours, blockUsOf), all(peer, blockUsOf), 'less')];
  });
}

/** A loader as firmware fetches it: one request after a pause, by a client in this process, which costs all servers the same. */
async function compareLoader(servers: readonly Server[], windowsize: number, placing: Placing): Promise<Row[]> {
  for (const { child } of servers) pin(child.pid, placing.server);
  pin(process.pid, placing.clients);
  const took = new Map<Server, number[]>(servers.map((server) => [server, []]));
  await inTurns(servers, LOADER_ROUNDS, async (server) => {
    const ms = await fetchLoader(server.address, { name: 'loader.efi', bytes: FILES['loader.efi'], windowsize });
    took.get(server)?.push(ms);
  });
  const [ours, ...peers] = servers;
  if (ours === undefined) return [];
  const work = `a loader of 200 kB, windowsize ${windowsize}${placing.about}`;
  return peers.map((peer) => paired(work, 'ms', peer.name, took.get(ours) ?? [], took.get(peer) ?? [], 'less'));
}

/** Another one begins each round. */
async function inTurns(servers: readonly Server[], rounds: number, work: (server: Server) => Promise<void>) {
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < servers.length; turn++) {
      const server = servers[(round + turn) % servers.length];
      if (server !== undefined) await work(server);
    }
  }
}

const rateOf = (one: Timed): number => one.rate;
const blockUsOf = (one: Timed): number => one.blockUs;

/** What is compared is what was measured within the same round; the values beside are medians, each for itself. */
function paired(
  work: string,
  unit: string,
  peer: string,
  own: readonly number[],
  other: readonly number[],
  better: 'more' | 'less',
): Row {
  const ratios = own.map((value, round) => {
    const theirs = other[round] ?? Number.NaN;
    return better === 'more' ? value / theirs : theirs / value;
  });
  return { work, unit, ours: median(own), peer, peerValue: median(other), ratio: median(ratios) };
}

/** How many processors the clients kept busy: what is left of the machine, the server could have had. */
function describe(server: Server, of: (what: (one: Timed) => number) => number): string {
  const [rate, busy] = [of((one) => one.rate), of((one) => one.clientProcessors)];
  return `${server.name} ${rate.toFixed(0)} MB/s (clients: ${busy.toFixed(2)} of ${availableParallelism()} processors)`;
}

async function fetchAll(server: Server, order: Order): Promise<Timed> {
  const { folder, name, clients } = order;
  const bytes = FILES[name];
  const blocks = Math.floor(bytes / BLKSIZE) + 1;
  const before = cpuSeconds(server.child.pid);
  const report = await runFetch(server.address, order);
  const used = cpuSeconds(server.child.pid) - before;
  if (report.failure !== undefined) throw new Error(`${server.name}: ${report.failure}`);
  for (let n = 0; n < clients; n++) {
    const local = join(folder, `got-${n}`);
    if (statSync(local).size !== bytes) throw new Error(`${server.name}: ${local} is not whole`);
    rmSync(local);
  }
  return {
    rate: (clients * bytes) / 1e6 / report.seconds,
    blockUs: (used * 1e6) / (clients * blocks),
    clientProcessors: report.clientSeconds / report.seconds,
  };
}

async function runFetch(address: string, { folder, name, windowsize, clients, placing }: Order): Promise<FetchReport> {
  const script = join(import.meta.dirname, 'tftp-fetch.ts');
  const args = [script, clients, address, windowsize, BLKSIZE, name, folder].map(String);
  const child = spawn('taskset', ['-c', placing.clients, process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout));
}
