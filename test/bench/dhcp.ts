import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrograms } from '../tools/debian-packages.ts';
import { countSyncs, type DhcpServer, SERVER_ADDRESS, startDhcpServers } from './dhcp-servers.ts';
import { less, median, more, type Part, quantile, type Row } from './measure.ts';
import { type PerfOrder, type PerfReport, runPerfdhcp } from './perfdhcp.ts';

const ROUNDS = 3;
const CLIENTS = 4000;
const SECONDS = 5;
/** What is tried, exchanges a second. */
const RATES = [
  25, 50, 100, 150, 200, 300, 400, 500, 700, 1000, 1300, 1600, 2000, 2500, 3000, 4000, 5000, 6000, 8000, 10_000,
];
const DROPS_ALLOWED = 0.01;
/** Everybody keeps up with this on any disk that is worth the name. */
const WARM_UP_RATE = 150;
const SYNC_EXCHANGES = 100;
const PROGRAMS = {
  '/usr/sbin/perfdhcp': 'kea-admin',
  '/usr/sbin/kea-dhcp4': 'kea-dhcp4-server',
  '/usr/sbin/dnsmasq': 'dnsmasq-base',
  '/usr/bin/ss': 'iproute2',
};
/** On the disk, where /tmp may be memory: leases in memory would make every fsync free. */
const DISK = '/var/tmp';

/**
 * Four-way exchanges of thousands of clients, asked by perfdhcp as a relay would, each server on a wire of its own with its leases
 * on the same disk. Servers take turns round by round; a rate counts as kept when less than 1 % of the exchanges are lost.
 */
export const dhcpPart: Part = {
  name: 'dhcp',
  about: `DHCP exchanges of ${CLIENTS} clients, leases on disk, beside dnsmasq and Kea`,
  async measure(say) {
    const missing = ensurePrograms(PROGRAMS);
    if (missing.length > 0) throw new Error(`needs ${missing.join(', ')}`);
    if (process.getuid?.() !== 0) throw new Error('network namespaces need root');
    mkdirSync(DISK, { recursive: true });
    const folder = mkdtempSync(join(DISK, 'bootwright-dhcp-'));
    try {
      await using servers = await startDhcpServers(folder);
      const [ours, ...peers] = servers.list;
      if (ours === undefined) throw new Error('no server was started');
      // All at once: each has its own wire, and none is measured yet.
      await Promise.all(servers.list.map((server) => warmUp(server, say)));
      await saySyncs(servers.list, folder, say);
      const rates = await sustainedRates(servers.list, say);
      const rows: Row[] = peers.map((peer) =>
        more('exchanges a second, < 1 % lost', '1/s', rates.get(ours) ?? 0, peer.name, rates.get(peer) ?? 0),
      );
      for (const peer of peers) {
        const common = Math.min(rates.get(ours) ?? 0, rates.get(peer) ?? 0) / 2;
        const rate = RATES.findLast((each) => each <= common) ?? common;
        rows.push(...(await compareLatencies([ours, peer], rate, say)));
      }
      return rows;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function ask(server: DhcpServer, order: PerfOrder): Promise<PerfReport> {
  const report = await runPerfdhcp(server.wire.atClients, SERVER_ADDRESS, order);
  server.process.mustLive();
  return report;
}

/** Every client once, so that all begin with as many leases; and these are seen to be on disk. */
async function warmUp(server: DhcpServer, say: (line: string) => void): Promise<void> {
  const { acks } = await ask(server, { rate: WARM_UP_RATE, clients: CLIENTS, exchanges: CLIENTS });
  const leases = server.leasesOnDisk();
  say(`${server.name}: ${acks.received} of ${CLIENTS} clients served at ${WARM_UP_RATE}/s, ${leases} leases on disk`);
  if (leases < acks.received || acks.received < CLIENTS * 0.9)
    throw new Error(`${server.name} has ${leases} leases on disk after ${acks.received} acknowledgements`);
}

/** Says of each server whether a power cut can take leases that it has acknowledged. */
async function saySyncs(servers: readonly DhcpServer[], folder: string, say: (line: string) => void): Promise<void> {
  const [missing] = ensurePrograms({ '/usr/bin/strace': 'strace' });
  if (missing !== undefined) return say(`who syncs leases to disk was not looked at: needs ${missing}`);
  for (const server of servers) {
    let acknowledged = 0;
    const syncs = await countSyncs(server.process.pid, join(folder, `${server.name}.strace`), async () => {
      const { acks } = await ask(server, { rate: 50, clients: CLIENTS, exchanges: SYNC_EXCHANGES });
      acknowledged = acks.received;
    });
    const verdict = syncs === 0 ? 'a power cut takes leases that were acknowledged' : 'leases are synced';
    say(`${server.name}: ${syncs} syncs to disk for ${acknowledged} acknowledgements at 50/s: ${verdict}`);
  }
}

async function sustainedRates(
  servers: readonly DhcpServer[],
  say: (line: string) => void,
): Promise<ReadonlyMap<DhcpServer, number>> {
  const found = new Map<DhcpServer, number[]>(servers.map((server) => [server, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of turns(servers, round)) found.get(server)?.push(await sustainedRate(server));
    const list = servers.map((server) => `${server.name} ${found.get(server)?.at(-1)?.toFixed(0)}/s`);
    say(`round ${round + 1}: ${list.join(', ')}`);
  }
  const medians = new Map([...found].map(([server, rates]) => [server, median(rates)]));
  for (const [{ name }, rate] of medians)
    if (rate === 0) throw new Error(`${name} does not keep up with ${RATES[0]} exchanges a second`);
  return medians;
}

/**
 * Halves the list of rates until the highest one is found that is kept.
 * @returns exchanges that were completed a second at that rate; 0 when not even the lowest was kept
 */
async function sustainedRate(server: DhcpServer): Promise<number> {
  let [low, high, best] = [0, RATES.length - 1, 0];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const { offers, acks } = await ask(server, { rate: RATES[middle] ?? 0, clients: CLIENTS, seconds: SECONDS });
    if (acks.received >= offers.sent * (1 - DROPS_ALLOWED) && offers.sent > 0) {
      best = Math.max(best, acks.received / SECONDS);
      low = middle + 1;
    } else high = middle - 1;
  }
  return best;
}

/** From a REQUEST to its ACK, where the lease is written, at a rate that both keep. */
async function compareLatencies(
  pair: readonly [DhcpServer, DhcpServer],
  rate: number,
  say: (line: string) => void,
): Promise<Row[]> {
  const runs = new Map<DhcpServer, PerfReport[]>(pair.map((server) => [server, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of turns(pair, round)) {
      const report = await ask(server, { rate, clients: CLIENTS, seconds: SECONDS, timestamps: true });
      if (report.acks.latenciesMs.length === 0) throw new Error(`${server.name} answered nothing at ${rate}/s`);
      runs.get(server)?.push(report);
    }
  }
  const of = (server: DhcpServer, half: 'offers' | 'acks', share: number): number =>
    median((runs.get(server) ?? []).map((run) => quantile(run[half].latenciesMs, share)));
  for (const server of pair) {
    const [p50, p99] = [0.5, 0.99].map((share) => of(server, 'offers', share).toFixed(2));
    say(`${server.name} at ${rate}/s: DISCOVER to OFFER p50 ${p50} ms, p99 ${p99} ms`);
  }
  const [ours, peer] = pair;
  return [['p50', 0.5] as const, ['p99', 0.99] as const].map(([name, share]) =>
    less(`REQUEST to ACK ${name} at ${rate}/s`, 'ms', of(ours, 'acks', share), peer.name, of(peer, 'acks', share)),
  );
}

/** Another one begins each round. */
function turns<T>(list: readonly T[], round: number): readonly T[] {
  const first = round % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}
